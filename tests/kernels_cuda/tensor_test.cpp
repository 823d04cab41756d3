// The seam through Tensor, operations and the tape: the same code on Device::cuda gives what it gives on the CPU.
#include <doctest/doctest.h>
#include <qrs/ops/activation.hpp>
#include <qrs/ops/add.hpp>
#include <qrs/ops/conv2d.hpp>
#include <qrs/ops/linear.hpp>
#include <qrs/ops/mul.hpp>
#include <qrs/ops/pool2d.hpp>
#include <qrs/ops/sum.hpp>

#include <cstdint>
#include <vector>

#include "device_values.hpp"

namespace {

using qrs::Device;
using qrs::Shape;
using qrs::Tensor;
using qrs::Var;
using qrs::testing::random_values;

template <class T>
Tensor<T> random_tensor(const Shape& shape, std::uint64_t seed) {
  const auto values = random_values<T>(shape.size(), -1, 1, seed);
  return Tensor<T>::from(shape, std::span<const T>(values));
}

template <class T>
std::vector<T> host_values(const Tensor<T>& tensor) {
  const Tensor<T> host = tensor.to(Device::cpu);
  return {host.values().begin(), host.values().end()};
}

/// A residual block with a gate, a pooled head and a loss; returns the loss and every gradient.
template <class T>
std::vector<std::vector<T>> step_of_a_small_network(Device device) {
  const auto parameter = [&](const Shape& shape, std::uint64_t seed) {
    return Var<T>::parameter(random_tensor<T>(shape, seed).to(device));
  };
  const std::vector<Var<T>> leaves{parameter({2, 6, 5, 4}, 1), parameter({3, 3, 4, 8}, 2), parameter({8}, 3),
                                   parameter({3, 3, 8, 8}, 4), parameter({3, 8}, 5),       parameter({3}, 6)};
  qrs::Tape<T> tape;
  const qrs::Recording<T> on(tape);
  const Var<T> stem = qrs::silu(qrs::conv2d(leaves[0], leaves[1], leaves[2], {.stride = 2, .padding = 1}));
  const Var<T> block = qrs::relu(qrs::add(qrs::conv2d(stem, leaves[3], {.padding = 1}), stem));
  const Var<T> gated = qrs::mul(block, qrs::sigmoid(stem));
  const Var<T> loss = qrs::mean(qrs::gelu(qrs::linear(qrs::global_average_pool(gated), leaves[4], leaves[5])));
  tape.backward(loss);
  std::vector<std::vector<T>> results{host_values(loss.value())};
  for (const Var<T>& leaf : leaves) results.push_back(host_values(leaf.grad()));
  return results;
}

}  // namespace

TEST_CASE("a tensor travels to the device and back, whole and by channel range") {
  const Tensor<float> host = random_tensor<float>({3, 2, 5, 8}, 1);
  const Tensor<float> device = host.to(Device::cuda);
  CHECK(device.device() == Device::cuda);
  CHECK(host_values(device) == host_values(host));
  CHECK(host_values(device.clone()) == host_values(host));

  const Tensor<float> range = device.channel_range(2, 3);
  CHECK(host_values(range) == host_values(host.channel_range(2, 3).clone()));
  Tensor<float>::full({3, 2, 5, 3}, 7.0f).copy_into(range);
  Tensor<float> expected = host.clone();
  expected.channel_range(2, 3).fill(7.0f);
  CHECK(host_values(device) == host_values(expected));

  device.fill(-1.0f);
  CHECK(host_values(device) == std::vector<float>(240, -1.0f));
  CHECK(Tensor<double>::full({1}, 2.5, Device::cuda).item() == 2.5);
}

TEST_CASE_TEMPLATE("a step of a small network on the device equals the step on the CPU", T, float, double) {
  const auto cpu = step_of_a_small_network<T>(Device::cpu);
  const auto cuda = step_of_a_small_network<T>(Device::cuda);
  const auto again = step_of_a_small_network<T>(Device::cuda);
  REQUIRE(cuda.size() == cpu.size());
  for (std::size_t i = 0; i < cpu.size(); ++i) {
    CAPTURE(i);
    CHECK(qrs::difference(cuda[i], cpu[i]).relative() <= (sizeof(T) == 4 ? 5e-6 : 1e-13));
    CHECK(cuda[i] == again[i]);  // the same bits
  }
}

TEST_CASE("operands on two devices are named") {
  const Var<float> host(random_tensor<float>({2, 3}, 1));
  const Var<float> device(random_tensor<float>({2, 3}, 1).to(Device::cuda));
  CHECK_THROWS_WITH_AS(qrs::add(host, device), "[add] expected b on cpu, got one on cuda", qrs::Error);
}
