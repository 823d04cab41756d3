// The one place where an operation chooses its device.
//
//   on_device(x.device(), [&] { kernels::relu_cpu(...); }, [&] { kernels::relu_cuda(...); });
//
// Without CUDA the second lambda is never called, so the symbols it names are never needed at link time.
#pragma once

#include "../core/device.hpp"
#include "../core/error.hpp"

namespace qrs {

template <class Cpu, class Cuda>
void on_device(Device device, const Cpu& cpu, [[maybe_unused]] const Cuda& cuda) {
  if (device == Device::cpu) {
    cpu();
    return;
  }
#if defined(QRS_WITH_CUDA)
  cuda();
#else
  fail("[device] expected a build with CUDA (QRS_CUDA=ON), got one for the CPU alone");
#endif
}

/// Thrown where an operation has no kernel for the device of its inputs: who has a choice may compute it on the CPU.
class NoKernel : public Error {
 public:
  using Error::Error;
};

/// For operations whose CUDA kernel does not exist yet: the message names the operation.
template <class Cpu>
void on_cpu_only(const char* operation, Device device, const Cpu& cpu) {
  if (device != Device::cpu) {
    throw NoKernel(text("[", operation, "] expected a tensor on cpu (no CUDA kernel yet), got one on ", name(device)));
  }
  cpu();
}

}  // namespace qrs
