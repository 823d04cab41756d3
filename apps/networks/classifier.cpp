// read_page, to_input, probabilities, classify.
#include "classifier.hpp"

#include <algorithm>
#include <span>

#include "../decoders/jpeg_decoder.hpp"
#include "qrs/core/argmax.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/data/read_images.hpp"
#include "qrs/io/file.hpp"
#include "qrs/metrics/temperature.hpp"

namespace qrs::networks {

image::Image read_page(const std::string& path, const NetworkInfo& info) {
  return data::decode_page(io::read_file(path, data::max_picture_bytes), path, info.preprocessing.size, jpeg_decoder());
}

Tensor<float> to_input(const image::Image& page, const NetworkInfo& info) {
  const Tensor<float> grey = image::to_tensor(image::paper_pipeline(page, info.preprocessing));  // (size, size, 1)
  Tensor<float> out({1, grey.dim(0), grey.dim(1), info.in_channels});                            // (1, H, W, C)
  for (std::int64_t p = 0; p < grey.size(); ++p) {
    std::fill_n(out.data() + p * info.in_channels, info.in_channels, grey.data()[p]);
  }
  return out;
}

std::vector<double> probabilities(std::span<const float> logits, const NetworkInfo& info) {
  const std::vector<double> z(logits.begin(), logits.end());
  std::vector<double> out(z.size());
  metrics::tempered_softmax(z, info.temperature.value_or(1.0), out);
  return out;
}

namespace {

/// One file as it comes to the network, and the seconds that took.
struct Read {
  Tensor<float> input;  // empty where the file could not be read
  double decode = 0.0;
  double preprocess = 0.0;
};

/// Reads a file; a failure goes into `result.error`.
Read read_input(Classified& result, const NetworkInfo& info) {
  Read read;
  try {
    const Timer timer;
    const image::Image page = read_page(result.file, info);
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

}  // namespace

std::vector<Classified> classify(NetworkFile& file, const std::vector<std::string>& files, Stages& stages,
                                 const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  constexpr std::int64_t read_ahead = 8;  // files whose inputs are held at once
  const auto total = static_cast<std::int64_t>(files.size());
  std::vector<Classified> out;
  for (const std::string& name : files) out.push_back({.file = name, .error = {}, .probabilities = {}});
  stages = {};
  std::int64_t seen = 0;
  const Timer whole;
  for (std::int64_t first = 0; first < total; first += read_ahead) {
    std::vector<Read> reads(static_cast<std::size_t>(std::min(read_ahead, total - first)));
    parallel_for(static_cast<std::int64_t>(reads.size()), [&](std::int64_t n) {
      reads[static_cast<std::size_t>(n)] = read_input(out[static_cast<std::size_t>(first + n)], file.info);
    });
    for (std::size_t n = 0; n < reads.size(); ++n) {
      const Read& read = reads[n];
      if (!read.input.empty()) {
        const Timer timer;
        Classified& result = out[static_cast<std::size_t>(first) + n];
        result.probabilities = probabilities(file.net->forward(read.input).value().as_contiguous().values(), file.info);
        result.predicted = argmax(result.probabilities);
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

}  // namespace qrs::networks
