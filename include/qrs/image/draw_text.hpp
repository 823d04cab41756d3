// Text on an image: letters of straight strokes with round ends, smooth at any size.
//
//   draw_text(image, "aVR 12 %", {.x = 20, .y = 30, .height = 12});       (x, y): the top left of the first capital
//
// A glyph is strokes over a grid on which a capital is 6 units high and 4 wide, small letters 4 high, and descenders reach 2
// below the line. A pixel takes the colour by how much of it lies within half the pen's width of a stroke, estimated from
// the distance of its centre. Printable ASCII is drawn, except for a few signs, which like all other bytes become a box.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "image.hpp"

namespace qrs::image {

/// Red, green, blue. Grey images take the red.
using Colour = std::array<std::uint8_t, 3>;

struct TextStyle {
  double x = 0.0;  // left of the first letter, in pixels
  double y = 0.0;  // top of a capital
  double height = 12.0;
  double pen = 1.7;  // width of a stroke, in pixels
  Colour colour = {30, 30, 30};
};

namespace detail {

/// A point is two digits, x then y (0 the top of a capital, 6 the line, 8 the lowest); a blank lifts the pen. A
/// stroke of one point twice is a dot.
inline constexpr std::string_view glyph_strokes(char c) {
  switch (c) {
      // clang-format off
    case ' ': return "";
    case '!': return "0004 0606";
    case '"': return "0001 2021";
    case '%': return "1001122110 3425364534 4006";
    case '\'': return "0001";
    case '(': return "10020517";
    case ')': return "00121507";
    case '+': return "0444 2226";
    case ',': return "1607";
    case '-': return "0333";
    case '.': return "0606";
    case '/': return "4006";
    case '0': return "100105162635312010";
    case '1': return "011016";
    case '2': return "01103041420646";
    case '3': return "0110304142334445361605 1333";
    case '4': return "36300444";
    case '5': return "400002324345361605";
    case '6': return "413010010516364544331304";
    case '7': return "004016";
    case '8': return "100102133342413010 1304051636454433";
    case '9': return "051636454130100102133342";
    case ':': return "0303 0606";
    case ';': return "1313 1607";
    case '<': return "410345";
    case '=': return "0242 0444";
    case '>': return "014305";
    case '?': return "01103041422324 2626";
    case 'A': return "062046 1434";
    case 'B': return "06003041423303 3344453606";
    case 'C': return "4130100105163645";
    case 'D': return "06003041453606";
    case 'E': return "40000646 0333";
    case 'F': return "400006 0333";
    case 'G': return "41301001051636454323";
    case 'H': return "0006 4046 0343";
    case 'I': return "0006";
    case 'J': return "3035261605";
    case 'K': return "0006 4004 1346";
    case 'L': return "000646";
    case 'M': return "0600234046";
    case 'N': return "06004640";
    case 'O': return "100105163645413010";
    case 'P': return "06003041423303";
    case 'Q': return "100105163645413010 2446";
    case 'R': return "06003041423303 2346";
    case 'S': return "413010010213334445361605";
    case 'T': return "0040 2026";
    case 'U': return "000516364540";
    case 'V': return "002640";
    case 'W': return "0016223640";
    case 'X': return "0046 4006";
    case 'Y': return "002340 2326";
    case 'Z': return "00400646";
    case '_': return "0747";
    case 'a': return "4246 4332120305163645";
    case 'b': return "0006 0312324345361605";
    case 'c': return "4332120305163645";
    case 'd': return "4046 4332120305163645";
    case 'e': return "04444332120305163645";
    case 'f': return "30201116 0232";
    case 'g': return "4247381807 4332120305163645";
    case 'h': return "0006 0312324346";
    case 'i': return "0206 0000";
    case 'j': return "121708 1010";
    case 'k': return "0006 3205 1436";
    case 'l': return "0006";
    case 'm': return "0206 03122326 23324346";
    case 'n': return "0206 0312324346";
    case 'o': return "120305163645433212";
    case 'p': return "0208 0312324345361605";
    case 'q': return "4248 4332120305163645";
    case 'r': return "0206 031232";
    case 's': return "43321203143445361605";
    case 't': return "10152636 0232";
    case 'u': return "0205163645 4246";
    case 'v': return "022642";
    case 'w': return "0216233642";
    case 'x': return "0246 4206";
    case 'y': return "0226 4218";
    case 'z': return "02420646";
    case '|': return "0007";
    default: return "0040460600";
      // clang-format on
  }
}

/// From the left of a glyph to the left of the next, in units.
inline double glyph_advance(char c) {
  constexpr double gap = 2.0;
  if (c == ' ') return 3.0;
  const std::string_view strokes = glyph_strokes(c);
  int widest = 0;
  for (std::size_t i = 0; i < strokes.size(); i += strokes[i] == ' ' ? 1 : 2) {
    if (strokes[i] != ' ') widest = std::max(widest, strokes[i] - '0');
  }
  return widest + gap;
}

inline double distance_to_segment(double x, double y, double ax, double ay, double bx, double by) {
  const double dx = bx - ax;
  const double dy = by - ay;
  const double length = dx * dx + dy * dy;
  const double along = length > 0.0 ? std::clamp(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(x - ax - along * dx, y - ay - along * dy);
}

/// The distance of (x, y), in units of the glyph, to its nearest stroke.
inline double distance_to_glyph(std::string_view strokes, double x, double y) {
  double nearest = 1e9;
  for (std::size_t i = 0; i + 3 < strokes.size();) {
    if (strokes[i] == ' ' || strokes[i + 2] == ' ') {  // at a pen lift, or at the last point before one
      i += strokes[i] == ' ' ? 1 : 2;
      continue;
    }
    nearest = std::min(nearest, distance_to_segment(x, y, strokes[i] - '0', strokes[i + 1] - '0', strokes[i + 2] - '0',
                                                    strokes[i + 3] - '0'));
    i += 2;
  }
  return nearest;
}

}  // namespace detail

/// Mixes a colour into the pixel (x, y) with weight `share` in [0, 1]; a pixel outside the image is none.
inline void mix_pixel(Image& image, std::int64_t x, std::int64_t y, const Colour& colour, double share) {
  if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) return;
  std::uint8_t* pixel = image.row(y) + x * image.channels();
  for (std::int64_t c = 0; c < image.channels(); ++c) {
    const double mixed = pixel[c] + share * (colour[static_cast<std::size_t>(c)] - pixel[c]);
    pixel[c] = static_cast<std::uint8_t>(mixed + 0.5);
  }
}

/// How many pixels a text of this height is wide.
inline double text_width(std::string_view text, double height) {
  double units = 0.0;
  for (const char c : text) units += detail::glyph_advance(c);
  return units * height / 6.0;
}

/// Draws one line of text; what falls outside the image is cut off.
inline void draw_text(Image& image, std::string_view text, const TextStyle& style) {
  QRS_CHECK(style.height > 0.0 && style.pen > 0.0, "[draw_text] expected a height and a pen above 0, got ",
            style.height, " and ", style.pen);
  const double unit = style.height / 6.0;
  const double reach = 0.5 * style.pen + 0.5;
  double left = style.x;
  for (const char c : text) {
    const std::string_view strokes = detail::glyph_strokes(c);
    const double right = left + detail::glyph_advance(c) * unit;
    const auto first_y = static_cast<std::int64_t>(std::floor(style.y - reach));
    const auto last_y = static_cast<std::int64_t>(std::ceil(style.y + 8.0 * unit + reach));
    for (std::int64_t y = first_y; y <= last_y && !strokes.empty(); ++y) {
      for (auto x = static_cast<std::int64_t>(std::floor(left - reach)); x <= right; ++x) {
        const double distance = unit * detail::distance_to_glyph(strokes, (static_cast<double>(x) + 0.5 - left) / unit,
                                                                 (static_cast<double>(y) + 0.5 - style.y) / unit);
        const double share = std::clamp(reach - distance, 0.0, 1.0);
        if (share > 0.0) mix_pixel(image, x, y, style.colour, share);
      }
    }
    left = right;
  }
}

}  // namespace qrs::image
