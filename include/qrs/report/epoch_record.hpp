// One epoch of a training, as drawings and reports read it.
#pragma once

#include <cstdint>

namespace qrs::report {

struct EpochRecord {
  std::int64_t epoch = 0;  // from 1
  double learning_rate = 0.0;
  double train_loss = 0.0;
  double train_accuracy = 0.0;
  double validation_loss = 0.0;
  double validation_accuracy = 0.0;
};

}  // namespace qrs::report
