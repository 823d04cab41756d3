// How images were prepared, as a text that files keep and read back: a JSON object with one entry a setting.
//
//   {"size":224,"filter":"bicubic","order":"rows_first","grey_first":false,"equalize":true}
//
// `order`, that of the resize's passes, is "rows_first" (Pillow up to 12) or "pillow_13"; where it is missing, rows_first, which
// was the only one when files did not state it. A setting that is not known here is an Error: to leave a step out in silence would give
// other pixels.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "../image/transform.hpp"
#include "../io/byte_reader.hpp"

namespace qrs::data {

/// Largest side of prepared images.
inline constexpr std::int64_t largest_prepared_side = 4096;

inline std::string preprocessing_json(const image::PreprocessOptions& o) {
  const bool rows_first = o.resize.order == image::PassOrder::rows_first;
  return nlohmann::ordered_json{{"size", o.size},
                                {"filter", image::name(o.resize.filter)},
                                {"order", rows_first ? "rows_first" : "pillow_13"},
                                {"grey_first", o.grey_first},
                                {"equalize", o.equalize}}
      .dump();
}

/// The settings in such a text; `where` names it in messages.
inline image::PreprocessOptions parse_preprocessing(std::string_view text, std::string_view where) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  QRS_CHECK(json.is_object(), "[preprocessing] expected a JSON object in ", where, ", got '", io::shown(text), "'");
  image::PreprocessOptions out;
  out.resize.order = image::PassOrder::rows_first;
  std::set<std::string> missing = {"size", "filter", "grey_first", "equalize"};
  for (const auto& entry : json.items()) {
    const std::string& key = entry.key();
    const nlohmann::ordered_json& value = entry.value();
    missing.erase(key);
    const auto expect = [&](bool holds, std::string_view expected) {
      QRS_CHECK(holds, "[preprocessing] expected '", io::shown(key), "' in ", where, " as ", expected, ", got ",
                io::shown(value.dump()));
    };
    if (key == "size") {
      expect(value.is_number_integer() && value >= 1 && value <= largest_prepared_side,
             qrs::text("1 to ", largest_prepared_side));
      out.size = value.get<std::int64_t>();
    } else if (key == "filter") {
      bool known = false;
      for (const std::string_view name : image::filter_names) known = known || value == std::string(name);
      expect(known, "nearest, box, bilinear, hamming, bicubic or lanczos");
      out.resize.filter = image::filter_named(value.get<std::string>());
    } else if (key == "order") {
      expect(value == "rows_first" || value == "pillow_13", "rows_first or pillow_13");
      out.resize.order = value == "rows_first" ? image::PassOrder::rows_first : image::PassOrder::pillow_13;
    } else {
      expect(key == "grey_first" || key == "equalize", "size, filter, order, grey_first or equalize");
      expect(value.is_boolean(), "true or false");
      (key == "equalize" ? out.equalize : out.grey_first) = value.get<bool>();
    }
  }
  QRS_CHECK(missing.empty(), "[preprocessing] expected '", missing.empty() ? "" : *missing.begin(), "' in ", where,
            ", got ", io::shown(text));
  return out;
}

/// The settings for people: "resize to 224 x 224 (bicubic, Pillow 13), grey, equalize".
inline std::string preprocessing_words(const image::PreprocessOptions& o) {
  const std::string resize = qrs::text("resize to ", o.size, " x ", o.size, " (", image::name(o.resize.filter),
                                       o.resize.order == image::PassOrder::pillow_13 ? ", Pillow 13)" : ", Pillow 12)");
  return (o.grey_first ? "grey, " + resize : resize + ", grey") + (o.equalize ? ", equalize" : "");
}

}  // namespace qrs::data
