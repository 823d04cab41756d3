// Lists of texts as JSON arrays: how the metadata of a .safetensors file, which knows texts alone, holds several.
//
//   dict.metadata["files"] = json_list(files);            files = parse_json_list(dict.metadata.at("files"), "files")
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"

namespace qrs::io {

inline bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

/// The texts as a JSON array. Throws where one is not UTF-8.
inline std::string json_list(std::span<const std::string> texts) {
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& one : texts) list.push_back(one);
  try {
    return list.dump();
  } catch (const nlohmann::json::exception&) {
    fail("[json] expected names in UTF-8, got others; rename those files");
  }
}

/// The texts of a JSON array; `what` names it in messages.
inline std::vector<std::string> parse_json_list(std::string_view text, std::string_view what) {
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  QRS_CHECK(list.is_array(), "[json] expected a list of texts in ", what, ", got '", shown(text.substr(0, 40)), "'");
  std::vector<std::string> out;
  for (const nlohmann::json& entry : list) {
    QRS_CHECK(entry.is_string(), "[json] expected texts in ", what, ", got ", entry.type_name(), " as entry ",
              out.size());
    out.push_back(entry.get<std::string>());
  }
  return out;
}

}  // namespace qrs::io
