// The files of an ImageList as one ImageDataset: read, hashed, decoded and preprocessed on all cores.
//
//   const ReadImages read = qrs::data::read_images(list, {.decoder = qrs::image::jpeg_turbo()});
//
// A file that cannot be read stops the work with an Error that names it; with skip_bad it is left out and listed. The same
// bits for any number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/sha256.hpp"
#include "../image/decode.hpp"
#include "../image/transform.hpp"
#include "../io/file.hpp"
#include "image_dataset.hpp"
#include "image_folder.hpp"

namespace qrs::data {

/// Largest picture file that is read: 256 MiB.
inline constexpr std::uint64_t max_picture_bytes = std::uint64_t{256} << 20;

struct ReadImagesOptions {
  image::PreprocessOptions pipeline = {};
  image::JpegDecoder decoder = image::jpeg_stb();
  bool skip_bad = false;
  std::uint64_t most_bytes = image::picture_memory;  // of memory to read one picture; what takes more cannot be read
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};  // one call at a time, from any thread
};

struct ReadImages {
  ImageDataset data;
  std::vector<std::string> skipped;  // "path: message" of each file left out
};

/// The least height and width of a page that the network sees as `size` x `size`: a quarter. Below that its input would be made up.
constexpr std::int64_t least_page_side(std::int64_t size) { return (size + 3) / 4; }

/// Decodes the picture of a page. Throws where it is broken, no picture, or smaller than least_page_side(size); `path` names it.
inline image::Image decode_page(image::FileBytes bytes, const std::string& path, std::int64_t size,
                                const image::JpegDecoder& decoder, std::uint64_t most_bytes = image::picture_memory) {
  image::Image page = image::decode(bytes, path, {.jpeg = decoder, .most_bytes = most_bytes}).image;
  const std::int64_t least = least_page_side(size);
  QRS_CHECK(page.height() >= least && page.width() >= least, "[image] ", path, ": expected a page of at least ", least,
            " x ", least, " pixels (the network sees ", size, " x ", size, "), got ", page.height(), " x ",
            page.width());
  return page;
}

/// Everything of one file: its hash and what the network sees.
struct PreparedImage {
  std::string sha256;
  image::Image pixels;
};

/// Reads, hashes, decodes and preprocesses one file. Throws as decode_page.
inline PreparedImage prepare_image(const std::string& path, const ReadImagesOptions& options) {
  const std::vector<std::byte> bytes = io::read_file(path, max_picture_bytes);
  PreparedImage out;
  out.sha256 = sha256(bytes);
  out.pixels = image::preprocess(decode_page(bytes, path, options.pipeline.size, options.decoder, options.most_bytes),
                                 options.pipeline);
  return out;
}

namespace detail {

/// Turns each file into what `prepare` makes of it, on all cores, then calls take(i, result) for those that could be read, in
/// order. Returns the complaints about the others; throws the first of them unless skip_bad.
template <class Result, class Prepare>
std::vector<std::optional<Result>> prepare_all(const ImageList& list, const ReadImagesOptions& options,
                                               std::vector<std::string>& skipped, const Prepare& prepare) {
  const auto count = static_cast<std::int64_t>(list.entries.size());
  std::vector<std::optional<Result>> results(list.entries.size());
  std::vector<std::string> complaints(list.entries.size());
  std::mutex mutex;
  std::int64_t done = 0;
  std::atomic<bool> stop{false};
  parallel_for(count, [&](std::int64_t i) {
    if (stop.load(std::memory_order_relaxed)) return;
    const auto at = static_cast<std::size_t>(i);
    try {
      results[at] = prepare(picture_path(list, list.entries[at]));
    } catch (const Error& error) {
      complaints[at] = error.what();
    } catch (const std::bad_alloc&) {
      complaints[at] = text("[image] ", picture_path(list, list.entries[at]), ": expected memory to read it, got none");
    }
    if (!complaints[at].empty()) {
      if (!options.skip_bad) stop.store(true, std::memory_order_relaxed);
    }
    const std::lock_guard lock(mutex);
    if (options.progress) options.progress(++done, count);
  });
  for (const std::string& complaint : complaints) {
    if (complaint.empty()) continue;
    QRS_CHECK(options.skip_bad, complaint, " (--skip-bad leaves such files out)");
    skipped.push_back(complaint);
  }
  return results;
}

}  // namespace detail

/// The images of a list. Throws where one cannot be read, unless skip_bad; where a class loses all its images; where none is left.
inline ReadImages read_images(const ImageList& list, const ReadImagesOptions& options = {}) {
  ReadImages out;
  const auto prepared = detail::prepare_all<PreparedImage>(
      list, options, out.skipped, [&](const std::string& path) { return prepare_image(path, options); });
  std::vector<std::int64_t> per_class(list.class_names.size());
  std::int64_t count = 0;
  for (const auto& one : prepared) count += one ? 1 : 0;
  const std::int64_t side = options.pipeline.size;
  ImageDataset& data = out.data;
  data.class_names = list.class_names;
  data.images = Tensor<std::uint8_t>({count, side, side});  // (N, H, W)
  std::uint8_t* to = data.images.data();
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (!prepared[i]) continue;
    to = std::copy(prepared[i]->pixels.pixels().begin(), prepared[i]->pixels.pixels().end(), to);
    data.labels.push_back(list.entries[i].label);
    data.files.push_back(list.entries[i].path);
    data.hashes.push_back(prepared[i]->sha256);
    ++per_class[static_cast<std::size_t>(list.entries[i].label)];
  }
  for (std::size_t c = 0; c < per_class.size(); ++c) {
    QRS_CHECK(per_class[c] > 0, "[images] expected a readable image of each class, got none of ", list.class_names[c],
              "; the first: ", out.skipped.empty() ? std::string("none") : out.skipped.front());
  }
  return out;
}

/// The SHA-256 of each file alone, in the order of the list: the key of a cache. Throws where a file cannot be read, unless
/// skip_bad: its hash is then empty.
inline std::vector<std::string> hash_images(const ImageList& list, const ReadImagesOptions& options = {}) {
  std::vector<std::string> skipped;
  const auto hashes = detail::prepare_all<std::string>(
      list, options, skipped, [](const std::string& path) { return sha256(io::read_file(path, max_picture_bytes)); });
  std::vector<std::string> out;
  for (const auto& hash : hashes) out.push_back(hash.value_or(""));
  return out;
}

}  // namespace qrs::data
