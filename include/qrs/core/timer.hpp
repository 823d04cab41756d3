// Seconds since a Timer was made, by the steady clock.
#pragma once

#include <chrono>

namespace qrs {

class Timer {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace qrs
