// After training: a picture or an array of pixels in, probabilities out.
//
//   NetworkFile file = load_network("best.safetensors");               network_file.hpp
//   nn::fold_batch_norm(*file.net);                                    once, where speed matters
//   const std::vector<double> p = probabilities_of(file, read_page("a.jpg", file.info));
//   for (const Ranked& r : top_k(p, 3)) ...                            file.info.class_names[r.label], r.probability
//
//   x = v / 255 of the page resized, grey and equalised as file.info says, the same in every channel    (1, H, W, C)
//   p = softmax(logits / temperature), temperature 1 where the file has none
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../data/read_images.hpp"
#include "../metrics/temperature.hpp"
#include "network_file.hpp"

namespace qrs::infer {

/// The decoded picture of a file, within so many bytes of memory. Throws as data::decode_page.
inline image::Image read_page(const std::string& path, const NetworkInfo& info,
                              const image::JpegDecoder& decoder = image::jpeg_stb(),
                              std::uint64_t most_bytes = image::picture_memory) {
  return data::decode_page(io::read_file(path, data::max_picture_bytes), path, info.preprocessing.size, decoder,
                           most_bytes);
}

/// The preprocessed page as a batch of one: (1, size, size, in_channels).
inline Tensor<float> to_input(const image::Image& page, const NetworkInfo& info) {
  const image::Image grey = image::preprocess(page, info.preprocessing);
  Tensor<float> out({1, grey.height(), grey.width(), info.in_channels});  // (1, H, W, C)
  image::to_input<float>(grey, info.in_channels, out.values());
  return out;
}

/// The same from pixels that lie row by row in memory, 1 (grey) or 3 (RGB) bytes each.
inline Tensor<float> to_input(std::span<const std::uint8_t> pixels, std::int64_t height, std::int64_t width,
                              std::int64_t channels, const NetworkInfo& info) {
  QRS_CHECK(height >= 1 && width >= 1 && (channels == 1 || channels == 3) &&
                pixels.size() / static_cast<std::size_t>(channels) / static_cast<std::size_t>(height) ==
                    static_cast<std::size_t>(width) &&
                pixels.size() % static_cast<std::size_t>(channels * height) == 0,
            "[to_input] expected height x width x 1 or 3 values, got ", pixels.size(), " values for ", height, " x ",
            width, " x ", channels);
  return to_input(image::Image(height, width, channels, pixels), info);
}

/// The probabilities of the classes from their scores, in their order. Throws where a score is not finite.
inline std::vector<double> probabilities(std::span<const float> logits, const NetworkInfo& info) {
  const std::vector<double> z(logits.begin(), logits.end());
  for (std::size_t c = 0; c < z.size(); ++c) {
    QRS_CHECK(std::isfinite(z[c]), "[network] expected finite scores of the classes, got ", z[c], " for class ", c,
              ": the weights of this ", info.model, " are damaged, or its input holds no numbers");
  }
  std::vector<double> out(z.size());
  metrics::tempered_softmax(z, info.temperature.value_or(1.0), out);
  return out;
}

/// The probabilities of the classes of one input (1, H, W, in_channels).
inline std::vector<double> probabilities_of(NetworkFile& file, const Tensor<float>& input) {
  const NoRecording<float> off;
  return probabilities(file.net->forward(input).value().as_contiguous().values(), file.info);
}

/// The same for a picture.
inline std::vector<double> probabilities_of(NetworkFile& file, const image::Image& page) {
  return probabilities_of(file, to_input(page, file.info));
}

struct Ranked {
  std::int64_t label = 0;
  double probability = 0.0;
};

/// The k most probable classes, or all where there are fewer; the first of equals first.
inline std::vector<Ranked> top_k(std::span<const double> probabilities, std::int64_t k) {
  QRS_CHECK(k >= 1, "[top_k] expected k of at least 1, got ", k);
  QRS_CHECK(std::none_of(probabilities.begin(), probabilities.end(), [](double p) { return std::isnan(p); }),
            "[top_k] expected numbers as probabilities, got nan");
  std::vector<Ranked> out;
  for (const double p : probabilities) out.push_back({static_cast<std::int64_t>(out.size()), p});
  std::stable_sort(out.begin(), out.end(),
                   [](const Ranked& a, const Ranked& b) { return a.probability > b.probability; });
  out.resize(static_cast<std::size_t>(std::min(k, static_cast<std::int64_t>(out.size()))));
  return out;
}

}  // namespace qrs::infer
