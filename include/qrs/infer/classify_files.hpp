// Many picture files through one network; the broken ones are reported beside the others.
//
//   Stages seconds;
//   for (const Classified& c : classify(file, {"a.jpg", "b.png"}, seconds)) ...      c.error, c.probabilities, c.predicted
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/timer.hpp"
#include "classifier.hpp"

namespace qrs::infer {

/// What became of one file.
struct Classified {
  std::string file;
  std::string error;                  // empty: none, and the fields below hold
  std::vector<double> probabilities;  // in the order of the classes
  std::int64_t predicted = 0;         // index of the greatest, the first of equals
};

/// Mean seconds for an image by what they went on. Of reading: seconds of one core.
struct Stages {
  double decode = 0.0;
  double preprocess = 0.0;
  double network = 0.0;
  double total = 0.0;  // by the clock on the wall
};

namespace detail {

/// One file as it comes to the network, and the seconds that took.
struct Read {
  Tensor<float> input;  // empty where the file could not be read
  double decode = 0.0;
  double preprocess = 0.0;
};

/// Reads a file; a failure goes into `result.error`.
inline Read read_input(Classified& result, const NetworkInfo& info, const image::JpegDecoder& decoder,
                       std::uint64_t most_bytes) {
  Read read;
  try {
    const Timer timer;
    const image::Image page = read_page(result.file, info, decoder, most_bytes);
    read.decode = timer.seconds();
    read.input = to_input(page, info);
    read.preprocess = timer.seconds() - read.decode;
  } catch (const Error& error) {
    result.error = error.what();
  } catch (const std::exception& error) {  // no memory for what the header rightly claims
    result.error = text("[image] ", result.file, ": expected to read it, got: ", error.what());
  }
  return read;
}

}  // namespace detail

/// Reads the files, a core each and a few ahead, and gives them to the network one by one with all cores: at 224 x 224 a batch
/// is no faster, and so an image's bits cannot depend on its company. In the order of the files. A file that cannot be read
/// has its error; the others are not touched by it. Call nn::fold_batch_norm on file.net first.
inline std::vector<Classified> classify(NetworkFile& file, const std::vector<std::string>& files, Stages& stages,
                                        const image::JpegDecoder& decoder = image::jpeg_stb(),
                                        const std::function<void(std::int64_t done, std::int64_t total)>& progress = {},
                                        std::uint64_t most_bytes = image::picture_memory) {
  constexpr std::int64_t read_ahead = 8;  // files whose inputs are held at once
  const auto total = static_cast<std::int64_t>(files.size());
  std::vector<Classified> out;
  for (const std::string& name : files) out.push_back({.file = name, .error = {}, .probabilities = {}});
  stages = {};
  std::int64_t seen = 0;
  const Timer whole;
  for (std::int64_t first = 0; first < total; first += read_ahead) {
    std::vector<detail::Read> reads(static_cast<std::size_t>(std::min(read_ahead, total - first)));
    parallel_for(static_cast<std::int64_t>(reads.size()), [&](std::int64_t n) {
      reads[static_cast<std::size_t>(n)] =
          detail::read_input(out[static_cast<std::size_t>(first + n)], file.info, decoder, most_bytes);
    });
    for (std::size_t n = 0; n < reads.size(); ++n) {
      const detail::Read& read = reads[n];
      if (!read.input.empty()) {
        const Timer timer;
        Classified& result = out[static_cast<std::size_t>(first) + n];
        result.probabilities = probabilities_of(file, read.input);
        result.predicted = top_k(result.probabilities, 1).front().label;
        stages.network += timer.seconds();
        stages.decode += read.decode;
        stages.preprocess += read.preprocess;
        ++seen;
      }
      if (progress) progress(first + static_cast<std::int64_t>(n) + 1, total);
    }
  }
  stages.total = whole.seconds();
  if (seen > 0) {
    for (double* seconds : {&stages.decode, &stages.preprocess, &stages.network, &stages.total}) {
      *seconds /= static_cast<double>(seen);
    }
  }
  return out;
}

}  // namespace qrs::infer
