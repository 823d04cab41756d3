// The reader of CSV.
#include "../../include/qrs/io/csv.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size,
                               [](qrs::io::Bytes bytes) { qrs::io::parse_csv(bytes, qrs::fuzz::file_name); });
}
