// Letters as strokes of a pen.
//
//   write_text({x, baseline}, 18.0, "25mm/s", [&](PenPoint from, PenPoint to) { layer.stroke(from, to, 2.0); });
//
// A glyph is a text: pairs of a digit (x) and a letter (y: d the baseline, j the height of small letters, m that of
// capitals, below d what descends), a blank between strokes. "0d3m6d 1g5g" is an A.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "../core/error.hpp"

namespace qrs::image {

struct PenPoint {
  double x = 0.0;
  double y = 0.0;
};

/// The sign of a heart.
inline constexpr char heart_sign = '\x03';

/// The strokes of a character, empty for a blank; nothing where it has no glyph.
inline std::optional<std::string_view> find_glyph(char c) {
  static constexpr std::string_view digits[] = {
      "2d1e0g0j1l2m3m4l5j5g4e3d2d",  "1k3m3d 1d5d", "0k1l2m3m4l5k5j0d5d",
      "0l1m4m5l5j4i2i 4i5h5e4d1d0e", "4d4m0g5g",    "5m1m0i1j3j5h5f4e3d1d0e",
      "5l4m2m1l0i0f1d4d5e5g4i1i0g",  "0m5m2d",      "1i0j0l1m4m5l5j4i1i0h0e1d4d5e5h4i",
      "0e1d3d4e5h5k4m1m0l0j1h4h5j"};
  static constexpr std::string_view capitals[] = {"0d3m6d 1g5g",
                                                  "0d0m4m5l5j4i0i 4i5h5e4d0d",
                                                  "6k5l4m2m1l0j0g1e2d4d5e6f",
                                                  "0d0m3m5l6j6g5e3d0d",
                                                  "5d0d0m5m 0i4i",
                                                  "0d0m5m 0i4i",
                                                  "6k5l4m2m1l0j0g1e2d4d5e6f6h4h",
                                                  "0d0m 6d6m 0i6i",
                                                  "1d1m 0d2d 0m2m",
                                                  "0f1e2d3d4e4m",
                                                  "0d0m 5m0h 2i5d",
                                                  "0m0d5d",
                                                  "0d0m3g6m6d",
                                                  "0d0m6d6m",
                                                  "2d1e0g0j1l2m4m5l6j6g5e4d2d",
                                                  "0d0m4m5l5j4h0h",
                                                  "2d1e0g0j1l2m4m5l6j6g5e4d2d 4f6d",
                                                  "0d0m4m5l5j4h0h 3h6d",
                                                  "5l4m1m0l0j1i4h5g5e4d1d0e",
                                                  "0m6m 3m3d",
                                                  "0m0f1e2d4d5e6f6m",
                                                  "0m3d6m",
                                                  "0m2d4k6d8m",
                                                  "0d6m 0m6d",
                                                  "0m3i6m 3i3d",
                                                  "0m6m0d6d"};
  static constexpr std::string_view small[] = {"4j4d 4h3i2j1i0h0f1e2d3e4f",
                                               "0m0d 0h1i2j3i4h4f3e2d1e0f",
                                               "4h3i2j1i0h0f1e2d3e4f",
                                               "4m4d 4h3i2j1i0h0f1e2d3e4f",
                                               "0g4g4h3i2j1i0h0f1e2d3d4e",
                                               "3m2m1k1d 0j3j",
                                               "4j4b3a1a0b 4h3i2j1i0h0f1e2d3e4f",
                                               "0m0d 0h2j3j4h4d",
                                               "0j0d 0l0l",
                                               "1j1b0a 1l1l",
                                               "0m0d 4j0f 1g4d",
                                               "0m0d",
                                               "0j0d 0h1j2j3h3d 3h4j5j6h6d",
                                               "0j0d 0h2j3j4h4d",
                                               "2j1i0h0f1e2d3e4f4h3i2j",
                                               "0j0a 0h1i2j3i4h4f3e2d1e0f",
                                               "4j4a 4h3i2j1i0h0f1e2d3e4f",
                                               "0j0d 0h1i2j3j",
                                               "4i3j1j0i1h3g4f3d1d0e",
                                               "1m1e2d3d 0j3j",
                                               "0j0f1d2d4f 4j4d",
                                               "0j2d4j",
                                               "0j1d3i5d6j",
                                               "0d4j 0j4d",
                                               "0j2d 4j2d1a0a",
                                               "0j4j0d4d"};
  if (c >= '0' && c <= '9') return digits[c - '0'];
  if (c >= 'A' && c <= 'Z') return capitals[c - 'A'];
  if (c >= 'a' && c <= 'z') return small[c - 'a'];
  switch (c) {
    case ' ':
      return "";
    case '.':
      return "0d0d";
    case ':':
      return "0d0d 0i0i";
    case ',':
      return "1d0b";
    case '/':
      return "0c4n";
    case '-':
      return "0h4h";
    case '+':
      return "0h4h 2f2j";
    case '*':
      return "0h4l 0l4h 2g2m";
    case '~':
      return "0h1i2i3h4h5i";
    case '!':
      return "0d0d 0f0m";
    case '"':
      return "0k0m 2k2m";
    case '%':
      return "0d6m 1j0k0l1m2l2k1j 5d4e4f5g6f6e5d";
    case '\'':
      return "0k0m";
    case '(':
      return "2n1l0j0f1d2b";
    case ')':
      return "0n1l2j2f1d0b";
    case ';':
      return "1d0b 1i1i";
    case '<':
      return "4k0h4e";
    case '=':
      return "0g4g 0i4i";
    case '>':
      return "0k4h0e";
    case '?':
      return "0k1m3m4l4k2h2g 2d2d";
    case '_':
      return "0c5c";
    case '|':
      return "0b0n";
    case heart_sign:
      return "3d0i0k1l2l3k4l5l6k6i3d 3e1i1k 3e2j2k 3e3j 3e4j4k 3e5i5k";
    default:
      return std::nullopt;
  }
}

/// The strokes of a character; empty for a blank. Throws for a character without a glyph.
inline std::string_view glyph_of(char c) {
  const std::optional<std::string_view> glyph = find_glyph(c);
  if (glyph) return *glyph;
  fail("[stroke_font] expected a letter, a digit or one of \" .:,;/-+*~!?\"'%()<=>_|\", got character code ",
       static_cast<int>(static_cast<unsigned char>(c)));
}

namespace detail {

inline constexpr double glyph_gap = 3.0;    // between characters, in glyph units
inline constexpr double blank_width = 3.5;  // of a blank, without the gap
inline constexpr double capital_units = 9.0;

/// Width of a glyph in its units.
inline double glyph_width(std::string_view glyph) {
  int widest = 0;
  for (std::size_t i = 0; i + 1 < glyph.size(); i += glyph[i] == ' ' ? 1 : 2) {
    if (glyph[i] != ' ') widest = std::max(widest, glyph[i] - '0');
  }
  return glyph.empty() ? blank_width : widest;
}

}  // namespace detail

/// Calls stroke(from, to) for each stroke of a glyph that begins at `start` on its baseline, with capitals of this height.
/// Returns where the next character begins.
template <class Stroke>
double write_glyph(PenPoint start, double capital_height, std::string_view glyph, const Stroke& stroke) {
  const double unit = capital_height / detail::capital_units;
  PenPoint last;
  bool down = false;
  for (std::size_t i = 0; i < glyph.size();) {
    if (glyph[i] == ' ') {
      down = false;
      ++i;
      continue;
    }
    const PenPoint next{start.x + unit * (glyph[i] - '0'), start.y - unit * (glyph[i + 1] - 'd')};
    if (down) stroke(last, next);
    last = next;
    down = true;
    i += 2;
  }
  return start.x + unit * (detail::glyph_width(glyph) + detail::glyph_gap);
}

/// The same for a text. Returns where it ends. Throws as glyph_of.
template <class Stroke>
double write_text(PenPoint start, double capital_height, std::string_view text, const Stroke& stroke) {
  for (const char c : text) start.x = write_glyph(start, capital_height, glyph_of(c), stroke);
  return start.x;
}

}  // namespace qrs::image
