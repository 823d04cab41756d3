// The unpickler alone.
#include "../../include/qrs/io/torch_objects.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    qrs::io::ByteReader in(bytes, qrs::fuzz::file_name, "pickle");
    qrs::io::read_pickle(in);
  });
}
