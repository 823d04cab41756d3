// What a model file says of the table that the model was fitted on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qrs::ml {

struct TableNotes {
  std::vector<std::string> columns;  // their names, where it had any
  std::int64_t first_index = 1;      // of LIBSVM's text: 0 where it counts features from 0
};

}  // namespace qrs::ml
