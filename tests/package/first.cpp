// One of two translation units that include everything: a function that is not inline would be defined twice.
#include <qrs/qrs.hpp>

qrs::Tensor<float> ones();  // second.cpp

int main() {
  const qrs::Tensor<float> two = ones();
  qrs::parallel_for(two.size(), [&](std::int64_t i) { two.data()[i] += 1; });
  for (const float value : two.values()) {
    if (value != 2) return 1;
  }
  return 0;
}
