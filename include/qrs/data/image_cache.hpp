// An ImageDataset as a .safetensors file: what `qrs preprocess` writes, and the cache that saves decoding twice.
//
//   images  uint8 [N, H, W]      labels  int64 [N]
//   metadata: files, classes, hashes (JSON arrays), preprocessing (preprocessing.hpp), decoder, key
//
// The key is the SHA-256 of every path, label and content hash and of all settings: a cache of other files or made otherwise
// is never taken for the wanted one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "../core/sha256.hpp"
#include "../io/json_list.hpp"
#include "../io/safetensors.hpp"
#include "../io/state_dict.hpp"
#include "preprocessing.hpp"
#include "read_images.hpp"

namespace qrs::data {

/// A dataset read from a file, and how it was made.
struct CachedImages {
  ImageDataset data;
  std::optional<image::PreprocessOptions> preprocessing;  // none: the file does not say
  std::string decoder;                                    // of JPEG; empty: the file does not say
  std::string key;
};

namespace detail {

inline const std::string& cache_text(const io::StateDict& dict, const std::string& key, std::string_view file) {
  const auto found = dict.metadata.find(key);
  QRS_CHECK(found != dict.metadata.end(), "[images] ", file, ": expected metadata '", key,
            "', got none: `qrs preprocess` writes such a file");
  return found->second;
}

}  // namespace detail

/// Reads what write_image_cache wrote, or any .safetensors file with these entries; hashes, preprocessing, decoder and key
/// may be missing. Throws where entries do not fit each other.
inline CachedImages read_image_cache(const std::string& path) {
  const io::StateDict dict = io::read_safetensors(path);
  CachedImages out;
  const io::Entry& images = dict.at("images");
  const io::Entry& labels = dict.at("labels");
  QRS_CHECK(images.dtype == io::DType::u8 && images.shape.size() == 3 && images.shape[0] > 0 && images.shape[1] > 0 &&
                images.shape[2] > 0,
            "[images] ", path, ": expected images of uint8 [N, H, W], got ", io::name(images.dtype), " ",
            std::span(images.shape));
  const std::int64_t count = images.shape[0];
  QRS_CHECK(labels.shape.size() == 1 && labels.shape[0] == count, "[images] ", path, ": expected labels [", count,
            "], got ", std::span(labels.shape));
  out.data.images = images.to<std::uint8_t>();
  const Tensor<std::int64_t> codes = labels.to<std::int64_t>();
  out.data.labels.assign(codes.data(), codes.data() + count);
  const auto list = [&](const char* key) {
    return io::parse_json_list(detail::cache_text(dict, key, path), text("metadata '", key, "' of ", path));
  };
  out.data.files = list("files");
  out.data.class_names = list("classes");
  const auto optional_text = [&](const char* key) {
    const auto found = dict.metadata.find(key);
    return found == dict.metadata.end() ? std::string() : found->second;
  };
  if (dict.metadata.contains("hashes")) out.data.hashes = list("hashes");
  const auto check_length = [&](const char* what, std::size_t got) {
    QRS_CHECK(static_cast<std::int64_t>(got) == count, "[images] ", path, ": expected ", count, " ", what, ", got ",
              got);
  };
  check_length("files", out.data.files.size());
  if (out.data.hashes.empty()) {  // without the files' own, the pixels tell equal images
    const auto size = static_cast<std::size_t>(images.shape[1] * images.shape[2]);
    for (std::int64_t i = 0; i < count; ++i) {
      out.data.hashes.push_back(sha256(std::span(images.bytes).subspan(static_cast<std::size_t>(i) * size, size)));
    }
  }
  check_length("hashes", out.data.hashes.size());
  for (const std::int64_t label : out.data.labels) {
    QRS_CHECK(label >= 0 && label < out.data.classes(), "[images] ", path, ": expected labels from 0 to ",
              out.data.classes() - 1, ", got ", label);
  }
  if (const std::string text = optional_text("preprocessing"); !text.empty()) {
    out.preprocessing = parse_preprocessing(text, qrs::text("metadata 'preprocessing' of ", path));
  }
  out.decoder = optional_text("decoder");
  out.key = optional_text("key");
  return out;
}

inline void write_image_cache(const std::string& path, const CachedImages& cached) {
  io::StateDict dict;
  const ImageDataset& data = cached.data;
  dict.add("images", data.images);
  Tensor<std::int64_t> labels({data.size()});  // (N)
  std::copy(data.labels.begin(), data.labels.end(), labels.data());
  dict.add("labels", labels);
  dict.metadata = {{"files", io::json_list(data.files)},
                   {"classes", io::json_list(data.class_names)},
                   {"hashes", io::json_list(data.hashes)},
                   {"decoder", cached.decoder},
                   {"key", cached.key}};
  if (cached.preprocessing) dict.metadata["preprocessing"] = preprocessing_json(*cached.preprocessing);
  io::write_safetensors(path, dict);
}

/// Which dataset this is: the SHA-256 of the files' paths, labels and hashes and of the settings.
inline std::string dataset_key(const ImageList& list, std::span<const std::string> hashes,
                               const ReadImagesOptions& options) {
  Sha256 key;
  const auto add = [&key](std::string_view part) {
    key.update(part.data(), part.size());
    key.update("\n", 1);
  };
  add(preprocessing_json(options.pipeline));
  add(options.decoder.name);
  for (const std::string& name : list.class_names) add(name);
  for (std::size_t i = 0; i < list.entries.size(); ++i) {
    add(list.entries[i].path);
    add(text(list.entries[i].label, " ", hashes[i]));
  }
  return key.hex();
}

/// read_images, saved under `cache` and taken from there where it holds the same files and settings. An empty name: no cache. A
/// cache that cannot be read is made again.
inline CachedImages read_images_cached(const ImageList& list, const ReadImagesOptions& options,
                                       const std::string& cache, std::vector<std::string>& skipped) {
  CachedImages out;
  out.preprocessing = options.pipeline;
  out.decoder = options.decoder.name;
  std::error_code ignored;
  if (!cache.empty() && std::filesystem::exists(cache, ignored)) {
    ReadImagesOptions hashing = options;
    hashing.progress = nullptr;
    const std::string key = dataset_key(list, hash_images(list, hashing), options);
    try {
      CachedImages found = read_image_cache(cache);
      if (found.key == key) return found;
    } catch (const Error&) {
      // made again below
    }
  }
  ReadImages read = read_images(list, options);
  skipped = std::move(read.skipped);
  out.data = std::move(read.data);
  if (!cache.empty() && skipped.empty()) {
    out.key = dataset_key(list, out.data.hashes, options);
    write_image_cache(cache, out);
  }
  return out;
}

}  // namespace qrs::data
