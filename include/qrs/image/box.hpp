// A rectangle on an image, in pixels.
#pragma once

namespace qrs::image {

/// Half open: [left, right) x [top, bottom).
struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;

  double width() const { return right - left; }
  double height() const { return bottom - top; }
  bool contains(double x, double y) const { return x >= left && x < right && y >= top && y < bottom; }
  /// The same rectangle of an image resized by these factors.
  Box scaled(double x, double y) const { return {left * x, top * y, right * x, bottom * y}; }
};

}  // namespace qrs::image
