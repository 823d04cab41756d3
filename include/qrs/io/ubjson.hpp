// UBJSON, the binary form of JSON in which XGBoost saves models: read into the same value as JSON text.
//
//   nlohmann::json model = parse_ubjson(bytes, "model.ubj");
//
// Numbers are big-endian; a list may name the type and the count of its values once (`[$d#L...`). Memory is bounded by the
// file: a value takes at least one byte of it. Source: ubjson.org, draft 12; https://xgboost.readthedocs.io, Model IO.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "byte_reader.hpp"

namespace qrs::io {

/// Deepest nesting of lists and objects that is read; XGBoost's models have 8.
inline constexpr int max_ubjson_nesting = 32;

/// Whether bytes begin as an object of UBJSON: a brace, and the length of its first key.
inline bool reads_as_ubjson(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  return text.size() > 2 && text[0] == '{' && std::string_view("LlIiU#$").find(text[1]) != std::string_view::npos;
}

namespace detail {

class UbjsonReader {
 public:
  using Json = nlohmann::json;

  UbjsonReader(Bytes bytes, std::string_view file) : in_(bytes, file, "ubjson") {}

  Json document() {
    Json out = value(marker("a value"), 0);
    if (in_.left() > 0) in_.error("expected the end of the file after the value, got ", in_.left(), " bytes more");
    return out;
  }

 private:
  /// The next type, no-ops left out.
  char marker(std::string_view what) {
    char out = 'N';
    while (out == 'N') out = static_cast<char>(in_.number<std::uint8_t>(what));
    return out;
  }
  bool next_is(char wanted) {
    if (in_.left() == 0 || !in_.follows(std::string_view(&wanted, 1))) return false;
    in_.take(1, "a type");
    return true;
  }

  template <class V>
  V big_endian(std::string_view what) {
    V bits = in_.number<V>(what);
    V out = 0;
    for (std::size_t i = 0; i < sizeof(V); ++i, bits = static_cast<V>(bits >> 4 >> 4)) {
      out = static_cast<V>(static_cast<V>(out << 4 << 4) | (bits & 0xFF));
    }
    return out;
  }

  static bool is_integer(char type) { return std::string_view("iUIlL").find(type) != std::string_view::npos; }
  std::int64_t integer(char type, std::string_view what) {
    switch (type) {
      case 'i':
        return static_cast<std::int8_t>(in_.number<std::uint8_t>(what));
      case 'U':
        return in_.number<std::uint8_t>(what);
      case 'I':
        return static_cast<std::int16_t>(big_endian<std::uint16_t>(what));
      case 'l':
        return static_cast<std::int32_t>(big_endian<std::uint32_t>(what));
      case 'L':
        return static_cast<std::int64_t>(big_endian<std::uint64_t>(what));
      default:
        in_.error("expected an integer type (i, U, I, l, L) of ", what, ", got '", shown(std::string_view(&type, 1)),
                  "'");
    }
  }
  /// A length or a count, at most the bytes that are left.
  std::uint64_t size(std::string_view what) {
    const std::int64_t out = integer(marker(what), what);
    if (out < 0 || static_cast<std::uint64_t>(out) > in_.left()) {
      in_.error("expected ", what, " of at most the ", in_.left(), " bytes left, got ", out);
    }
    return static_cast<std::uint64_t>(out);
  }
  std::string text(std::string_view what) {
    const std::uint64_t length = size(what);
    return std::string(as_text(in_.take(length, what)));
  }

  Json value(char type, int depth) {
    if (is_integer(type)) return integer(type, "an integer");
    switch (type) {
      case 'Z':
        return nullptr;
      case 'T':
        return true;
      case 'F':
        return false;
      case 'd':
        return std::bit_cast<float>(big_endian<std::uint32_t>("a float"));
      case 'D':
        return std::bit_cast<double>(big_endian<std::uint64_t>("a double"));
      case 'C':
        return std::string(1, static_cast<char>(in_.number<std::uint8_t>("a character")));
      case 'S':
        return text("the length of a text");
      case '[':
      case '{':
        if (depth >= max_ubjson_nesting) in_.error("expected nesting up to ", max_ubjson_nesting, ", got more");
        return type == '[' ? list(depth + 1) : object(depth + 1);
      default:
        in_.error("expected a type of UBJSON, got '", shown(std::string_view(&type, 1)), "'");
    }
  }

  /// What a container says of its contents: their type ('\0': each names its own), and their count (-1: up to the end mark).
  struct Contents {
    char type = '\0';
    std::int64_t count = -1;
  };
  Contents contents() {
    Contents out;
    if (next_is('$')) {
      out.type = static_cast<char>(in_.number<std::uint8_t>("the type of a container"));
      const bool takes_bytes = std::string_view("iUIlLdDCS[{").find(out.type) != std::string_view::npos;
      if (!takes_bytes) {
        in_.error("expected a type whose values take bytes for a container, got '",
                  shown(std::string_view(&out.type, 1)), "'");
      }
      if (!in_.follows("#")) in_.error("expected the count of a container after its type, got none");
    }
    if (next_is('#')) out.count = static_cast<std::int64_t>(size("the count of a container"));
    return out;
  }

  Json list(int depth) {
    const Contents what = contents();
    Json out = Json::array();
    for (std::int64_t i = 0; what.count < 0 ? !next_is(']') : i < what.count; ++i) {
      out.push_back(value(what.type != '\0' ? what.type : marker("a value of a list"), depth));
    }
    return out;
  }
  Json object(int depth) {
    const Contents what = contents();
    Json out = Json::object();
    for (std::int64_t i = 0; what.count < 0 ? !next_is('}') : i < what.count; ++i) {
      std::string key = text("the length of a key");
      if (out.contains(key)) in_.error("expected each key once in an object, got '", shown(key), "' twice");
      out[key] = value(what.type != '\0' ? what.type : marker("a value of an object"), depth);
    }
    return out;
  }

  ByteReader in_;
};

}  // namespace detail

/// Reads the bytes of a file; `file` is its name in messages.
inline nlohmann::json parse_ubjson(Bytes bytes, std::string_view file) {
  return detail::UbjsonReader(bytes, file).document();
}

}  // namespace qrs::io
