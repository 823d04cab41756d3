// read_page, to_input, probabilities, classify.
#include "classifier.hpp"

#include <algorithm>
#include <span>

#include "../decoders/jpeg_decoder.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/image/decode.hpp"
#include "qrs/io/file.hpp"
#include "qrs/metrics/temperature.hpp"

namespace qrs::networks {

image::Image read_page(const std::string& path, const NetworkInfo& info) {
  image::Image page = image::decode(io::read_file(path), path, {.jpeg = jpeg_decoder()}).image;
  const std::int64_t size = info.preprocessing.size;
  const std::int64_t least = (size + 3) / 4;
  QRS_CHECK(page.height() >= least && page.width() >= least, "[image] ", path, ": expected a page of at least ", least,
            " x ", least, " pixels (the network sees ", size, " x ", size, "), got ", page.height(), " x ",
            page.width());
  return page;
}

void place_input(const image::Image& page, const NetworkInfo& info, const Tensor<float>& batch, std::int64_t n) {
  const image::Image grey = image::paper_pipeline(page, info.preprocessing);
  const Tensor<float> to = batch.batch_range(n, 1);  // (1, size, size, in_channels)
  const Tensor<float> pixels = image::to_tensor(grey);
  for (std::int64_t p = 0; p < pixels.size(); ++p) {
    std::fill_n(to.data() + p * to.pitch(), to.channels(), pixels.data()[p]);
  }
}

Tensor<float> to_input(const image::Image& page, const NetworkInfo& info) {
  Tensor<float> out({1, info.preprocessing.size, info.preprocessing.size, info.in_channels});  // (1, H, W, C)
  place_input(page, info, out, 0);
  return out;
}

std::vector<double> probabilities(std::span<const float> logits, const NetworkInfo& info) {
  const std::vector<double> z(logits.begin(), logits.end());
  std::vector<double> out(z.size());
  metrics::tempered_softmax(z, info.temperature.value_or(1.0), out);
  return out;
}

namespace {

/// Seconds of reading one file, and whether its place in the batch holds a page.
struct Read {
  double decode = 0.0;
  double preprocess = 0.0;
  bool ok = false;
};

/// Reads a file into the `n`-th place of the batch; a failure goes into `result.error`.
Read read_into(Classified& result, const NetworkInfo& info, const Tensor<float>& batch, std::int64_t n) {
  Read read;
  try {
    const Timer timer;
    const image::Image page = read_page(result.file, info);
    read.decode = timer.seconds();
    place_input(page, info, batch, n);
    read.preprocess = timer.seconds() - read.decode;
    read.ok = true;
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
  const NetworkInfo& info = file.info;
  const std::int64_t size = info.preprocessing.size;
  const auto total = static_cast<std::int64_t>(files.size());
  std::vector<Classified> out;
  for (const std::string& name : files) out.push_back({.file = name, .error = {}, .probabilities = {}});
  stages = {};
  std::int64_t seen = 0;
  const Timer whole;
  for (std::int64_t first = 0; first < total; first += classify_batch) {
    const std::int64_t count = std::min(classify_batch, total - first);
    const Tensor<float> read({count, size, size, info.in_channels});  // (N, H, W, C)
    std::vector<Read> reads(static_cast<std::size_t>(count));
    parallel_for(count, [&](std::int64_t n) {
      reads[static_cast<std::size_t>(n)] = read_into(out[static_cast<std::size_t>(first + n)], info, read, n);
    });
    // The pages that could be read, moved together.
    std::vector<std::size_t> pages;
    for (std::int64_t n = 0; n < count; ++n) {
      const Read& r = reads[static_cast<std::size_t>(n)];
      if (!r.ok) continue;
      const auto place = static_cast<std::int64_t>(pages.size());
      if (place != n) read.batch_range(n, 1).copy_into(read.batch_range(place, 1));
      stages.decode += r.decode;
      stages.preprocess += r.preprocess;
      pages.push_back(static_cast<std::size_t>(first + n));
    }
    if (!pages.empty()) {
      const Timer timer;
      const Tensor<float> logits =
          file.net->forward(read.batch_range(0, static_cast<std::int64_t>(pages.size()))).value().as_contiguous();
      stages.network += timer.seconds();
      for (std::size_t i = 0; i < pages.size(); ++i) {
        const auto classes = static_cast<std::size_t>(logits.channels());
        Classified& result = out[pages[i]];
        result.probabilities = probabilities(logits.values().subspan(i * classes, classes), info);
        const auto greatest = std::max_element(result.probabilities.begin(), result.probabilities.end());
        result.predicted = greatest - result.probabilities.begin();
      }
    }
    seen += static_cast<std::int64_t>(pages.size());
    if (progress) progress(first + count, total);
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
