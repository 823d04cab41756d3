// Parameters by name: what a search sets, a command line writes and a model file keeps.
//
//   svc.set("C", 10.0);   svc.set("gamma", "scale");   svc.set("class_weight", parse_param("balanced"));
//
// An estimator keeps its parameters in a plain struct and shows each field once, in visit_params; reading, setting,
// listing and storing all go through that one list.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../core/error.hpp"

namespace qrs::ml {

struct ClassWeight;

/// A parameter's value: none, a truth value, an integer, a number, or a word.
class ParamValue {
 public:
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

  ParamValue() = default;
  // Implicit on purpose: {{"C", 10.0}, {"kernel", "rbf"}}.
  ParamValue(bool value) : value_(value) {}                      // NOLINT(google-explicit-constructor)
  ParamValue(int value) : value_(std::int64_t{value}) {}         // NOLINT(google-explicit-constructor)
  ParamValue(std::int64_t value) : value_(value) {}              // NOLINT(google-explicit-constructor)
  ParamValue(double value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  ParamValue(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  ParamValue(std::string value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)

  bool is_none() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  /// An integer or a floating-point number.
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_word() const { return std::holds_alternative<std::string>(value_); }
  bool is_word(std::string_view word) const { return is_word() && std::get<std::string>(value_) == word; }

  bool as_bool() const { return std::get<bool>(value_); }
  std::int64_t as_integer() const { return std::get<std::int64_t>(value_); }
  double as_number() const {
    return is_integer() ? static_cast<double>(std::get<std::int64_t>(value_)) : std::get<double>(value_);
  }
  const std::string& as_word() const { return std::get<std::string>(value_); }

  /// As parse_param reads it: none, true, 10, 0.1, scale. Numbers keep every digit they need to come back the same;
  /// a floating-point number always shows a point or an exponent.
  std::string text() const {
    if (is_none()) return "none";
    if (is_bool()) return as_bool() ? "true" : "false";
    if (is_integer()) return std::to_string(as_integer());
    if (is_word()) return as_word();
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, as_number());
    std::string out(digits, end.ptr);
    if (out.find_first_of(".en") == std::string::npos) out += ".0";
    return out;
  }

  bool operator==(const ParamValue&) const = default;

 private:
  Value value_;
};

/// The value that a text means: "none", "null" and "" are none; "true" and "false"; integers; numbers; anything else is a
/// word. Python's None, True and False are read too.
inline ParamValue parse_param(std::string_view text) {
  if (text.empty() || text == "none" || text == "None" || text == "null") return {};
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  const char* begin = text.data();
  const char* end = begin + text.size();
  std::int64_t integer = 0;
  if (const auto done = std::from_chars(begin, end, integer); done.ec == std::errc() && done.ptr == end) return integer;
  double number = 0.0;
  if (const auto done = std::from_chars(begin, end, number); done.ec == std::errc() && done.ptr == end) return number;
  return std::string(text);
}

/// Sees every parameter of an estimator: its name and its field. The field may be changed.
class ParamVisitor {
 public:
  virtual ~ParamVisitor() = default;
  virtual void operator()(std::string_view name, bool& field) = 0;
  virtual void operator()(std::string_view name, std::int64_t& field) = 0;
  virtual void operator()(std::string_view name, double& field) = 0;
  virtual void operator()(std::string_view name, std::string& field) = 0;
  virtual void operator()(std::string_view name, std::optional<std::int64_t>& field) = 0;
  virtual void operator()(std::string_view name, std::optional<double>& field) = 0;
  /// For parameters of several kinds (gamma: "scale", "auto" or a number); the estimator checks the value when it fits.
  virtual void operator()(std::string_view name, ParamValue& field) = 0;
  virtual void operator()(std::string_view name, ClassWeight& field) = 0;
};

}  // namespace qrs::ml
