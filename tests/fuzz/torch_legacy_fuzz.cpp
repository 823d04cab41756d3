// Torch checkpoints in the legacy stream.
#include "../../include/qrs/io/torch_checkpoint.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    const qrs::io::TorchFile torch = qrs::io::open_torch_legacy(bytes, qrs::fuzz::file_name);
    qrs::io::read_contents(torch, bytes.size(), qrs::fuzz::file_name, qrs::io::TorchScope::everything);
    qrs::io::read_contents(torch, bytes.size(), qrs::fuzz::file_name, qrs::io::TorchScope::state_dict);
  });
}
