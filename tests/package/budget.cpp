// Inference with one network and nothing else: what an embedder compiles. budget.sh measures the build of this file.
#include <qrs/models/densenet.hpp>

int main(int argc, char**) {
  qrs::Rng rng(0);
  auto net = qrs::models::densenet121<float>({.classes = 4, .in_channels = 1});
  const qrs::Tensor<float> image = qrs::Tensor<float>::full({1, 64, 64, 1}, static_cast<float>(argc));  // (N, H, W, C)
  return net(image).shape()[1] == 4 ? 0 : 1;
}
