// The readers of picture files, with stb_image behind them.
#include "../../include/qrs/image/decode.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    qrs::image::decode(bytes, qrs::fuzz::file_name, {.most_pixels = std::int64_t{1} << 22});
  });
}
