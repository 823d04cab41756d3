#include "image_cases.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "qrs/image/image.hpp"
#include "qrs/image/resize.hpp"
#include "qrs/image/transform.hpp"

namespace qrs::parity {

namespace {

using image::Image;

/// The side of the paper's images.
constexpr std::int64_t paper_size = 224;

Image image_of(const ReferenceFile& file, const std::string& name) {
  const io::Entry& entry = file.tensors().at(name);
  const bool grey = entry.shape.size() == 2;
  QRS_CHECK(entry.dtype == io::DType::u8 && (grey || entry.shape.size() == 3),
            "[parity] expected bytes of two or three axes in ", name, ", got ", io::name(entry.dtype), " of ",
            std::span(entry.shape));
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(entry.bytes.data());
  return Image(entry.shape[0], entry.shape[1], grey ? 1 : entry.shape[2], std::span(bytes, entry.bytes.size()));
}

/// The share of the bytes that differ; 1 where the sizes do.
double share_different(const Image& got, const Image& reference) {
  if (got.height() != reference.height() || got.width() != reference.width() ||
      got.channels() != reference.channels()) {
    return 1.0;
  }
  std::size_t different = 0;
  for (std::size_t i = 0; i < got.pixels().size(); ++i) different += got.pixels()[i] != reference.pixels()[i] ? 1 : 0;
  return static_cast<double>(different) / static_cast<double>(got.pixels().size());
}

struct Size {
  std::int64_t height;
  std::int64_t width;
  image::PassOrder order;
};

/// The order of the passes of the Pillow that made the file: its metadata `source` reads "Pillow 9.4.0".
image::PassOrder order_of(const ReferenceFile& file) {
  constexpr std::string_view maker = "Pillow ";
  const auto source = file.tensors().metadata.find("source");
  if (source == file.tensors().metadata.end() || !source->second.starts_with(maker)) return {};
  const std::string version = source->second.substr(maker.size());
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= 13 ? image::PassOrder::pillow_13 : image::PassOrder::rows_first;
}

/// The filter after `prefix`, if the quantity is one of a resize.
std::optional<image::Filter> filter_after(std::string_view prefix, std::string_view quantity) {
  if (!quantity.starts_with(prefix)) return std::nullopt;
  for (const std::string_view known : image::filter_names) {
    if (quantity.substr(prefix.size()) == known) return image::filter_named(known);
  }
  return std::nullopt;
}

/// What the quantity's name says to do with the image.
Image make(const Image& rgb, const std::string& quantity, const Size& size) {
  if (quantity == "gray") return image::to_grey(rgb);
  if (quantity == "equalize_gray") return image::equalize(image::to_grey(rgb));
  if (quantity == "equalize_rgb") return image::equalize(rgb);
  if (quantity == "paper") return image::preprocess(rgb, {.size = paper_size, .resize = {.order = size.order}});
  if (quantity == "paper_gray_first")
    return image::preprocess(rgb, {.size = paper_size, .resize = {.order = size.order}, .grey_first = true});
  if (const auto filter = filter_after("gray_", quantity)) {
    return image::resize(image::to_grey(rgb), size.height, size.width, {.filter = *filter, .order = size.order});
  }
  if (const auto filter = filter_after("rgb_", quantity))
    return image::resize(rgb, size.height, size.width, {.filter = *filter, .order = size.order});
  throw NotKnown(text("nothing is known to do with an image that is called '", quantity, "'"));
}

std::int64_t extent_of(const ReferenceFile& file, const nlohmann::json& entry, const char* key) {
  const bool known = entry.contains(key) && entry[key].is_number_integer();
  QRS_CHECK(known, "[parity] ", file.stem(), ": expected an integer ", key, " in ", entry.dump().substr(0, 60));
  return entry[key];
}

}  // namespace

bool is_image_file(const ReferenceFile& file) {
  if (!file.has("cases")) return false;
  const nlohmann::json cases = file.metadata("cases");
  if (!cases.is_array() || cases.empty()) return false;
  for (const nlohmann::json& entry : cases) {
    if (!entry.is_object() || entry.contains("op") || !entry.contains("out_height")) return false;
  }
  return true;
}

void run_image_file(Report& report, const ReferenceFile& file) {
  const image::PassOrder order = order_of(file);
  for (const nlohmann::json& entry : file.metadata("cases")) {
    const std::string name = file.case_name(entry);
    if (!file.wants(name)) continue;
    run_case(report, name, [&](CaseRows& rows) {
      const Image rgb = image_of(file, name + "/rgb");
      const Size size{extent_of(file, entry, "out_height"), extent_of(file, entry, "out_width"), order};
      for (const auto& [tensor, reference] : file.tensors()) {
        if (!tensor.starts_with(name + "/") || tensor == name + "/rgb") continue;
        const std::string quantity = tensor.substr(name.size() + 1);
        rows.add(quantity, share_different(make(rgb, quantity, size), image_of(file, tensor)), 0.0);
      }
    });
  }
  for (const io::StateDict::Named& named : file.tensors()) {
    const std::string& tensor = named.name;
    if (!tensor.starts_with("equalize_") || !tensor.ends_with("/in")) continue;
    const std::string name = tensor.substr(0, tensor.size() - 3);
    if (!file.wants(name)) continue;
    run_case(report, name, [&](CaseRows& rows) {
      const Image got = image::equalize(image_of(file, tensor));
      rows.add("out", share_different(got, image_of(file, name + "/out")), 0.0);
    });
  }
}

}  // namespace qrs::parity
