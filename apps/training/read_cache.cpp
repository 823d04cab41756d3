#include "read_cache.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "qrs/io/safetensors.hpp"

namespace qrs::training {

namespace {

std::vector<std::string> texts(const io::StateDict& dict, const char* key, const std::string& path) {
  const auto found = dict.metadata.find(key);
  QRS_CHECK(found != dict.metadata.end(), "[cache] ", path, ": expected '", key, "' in the metadata, got none");
  const auto json = nlohmann::json::parse(found->second, nullptr, false);
  QRS_CHECK(json.is_array(), "[cache] ", path, ": expected a JSON list as '", key, "', got '",
            found->second.substr(0, 80), "'");
  std::vector<std::string> out;
  for (const auto& value : json) {
    QRS_CHECK(value.is_string(), "[cache] ", path, ": expected texts in '", key, "', got ", value.dump().substr(0, 80));
    out.push_back(value.get<std::string>());
  }
  return out;
}

}  // namespace

CachedImages read_cache(const std::string& path) {
  const io::StateDict dict = io::read_safetensors(path);
  const io::Entry& images = dict.at("images");
  const io::Entry& labels = dict.at("labels");
  QRS_CHECK(images.dtype == io::DType::u8 && images.shape.size() == 3 && images.size() > 0, "[cache] ", path,
            ": expected images (N, H, W) of uint8, got ", io::name(images.dtype), " ", std::span(images.shape));
  QRS_CHECK(labels.dtype == io::DType::i64 && labels.shape.size() == 1, "[cache] ", path,
            ": expected labels (N) of int64, got ", io::name(labels.dtype), " ", std::span(labels.shape));
  CachedImages out;
  const Tensor<std::int64_t> codes = labels.to<std::int64_t>();
  out.data = {.images = images.to<std::uint8_t>(),
              .labels = {codes.values().begin(), codes.values().end()},
              .class_names = texts(dict, "classes", path),
              .files = texts(dict, "files", path),
              .hashes = texts(dict, "hashes", path)};
  const data::ImageDataset& data = out.data;
  const std::int64_t count = data.images.dim(0);
  const auto check = [&](const char* what, std::int64_t got) {
    QRS_CHECK(got == count, "[cache] ", path, ": expected ", count, " ", what, ", one an image, got ", got);
  };
  check("labels", data.size());
  check("files", static_cast<std::int64_t>(data.files.size()));
  check("hashes", static_cast<std::int64_t>(data.hashes.size()));
  for (const std::int64_t label : data.labels) {
    QRS_CHECK(label >= 0 && label < data.classes(), "[cache] ", path, ": expected labels in [0, ", data.classes(),
              "), got ", label);
  }
  if (const auto said = dict.metadata.find("preprocessing"); said != dict.metadata.end()) {
    out.preprocessing = said->second;
  }
  return out;
}

}  // namespace qrs::training
