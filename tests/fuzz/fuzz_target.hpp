// What all fuzz targets share: a reader may read the bytes or refuse them with qrs::Error that names the file. Anything
// else, a crash, another exception, a leak or a large allocation, is a finding.
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/npy_fuzz.cpp -o npy_fuzz
//   ./npy_fuzz -max_total_time=60 -rss_limit_mb=2048 CORPUS_FOLDER tests/golden/io
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "../../include/qrs/core/error.hpp"
#include "../../include/qrs/io/byte_reader.hpp"

namespace qrs::fuzz {

inline constexpr std::string_view file_name = "fuzzed.bin";

/// Runs `read` on the input; returns what libFuzzer wants.
template <class Read>
int try_reader(const std::uint8_t* data, std::size_t size, const Read& read) {
  try {
    read(io::Bytes(reinterpret_cast<const std::byte*>(data), size));
  } catch (const Error& error) {
    const std::string_view message = error.what();
    const auto says = [&](std::string_view part) { return message.find(part) != std::string_view::npos; };
    if (!says(file_name) || !(says("byte ") || says("line "))) std::abort();
  }
  return 0;
}

}  // namespace qrs::fuzz
