// The extents of a tensor: up to five, 64-bit, outermost first. Images are (N, H, W, C), channels last.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "../core/error.hpp"

namespace qrs {

class Shape {
 public:
  static constexpr int max_rank = 5;

  /// Rank 0: one value.
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  /// Throws for a negative extent, more than five, and where the extents other than 0 have a product of 2^63 or more.
  explicit Shape(std::span<const std::int64_t> extents) {
    QRS_CHECK(extents.size() <= max_rank, "[shape] expected at most ", max_rank, " extents, got ", extents.size());
    for (const std::int64_t extent : extents) {
      QRS_CHECK(extent >= 0, "[shape] expected extents >= 0, got ", extents);
      extents_[static_cast<std::size_t>(rank_++)] = extent;
    }
    std::int64_t product = 1;
    bool none = false;
    for (const std::int64_t extent : extents) {
      none = none || extent == 0;
      QRS_CHECK(extent == 0 || !__builtin_mul_overflow(product, extent, &product),
                "[shape] expected fewer than 2^63 elements, got ", extents);
    }
    size_ = none ? 0 : product;
  }

  int rank() const { return rank_; }
  /// Number of elements.
  std::int64_t size() const { return size_; }
  /// Extent of an axis; negative axes count from the end.
  std::int64_t operator[](int axis) const {
    const int at = axis < 0 ? axis + rank_ : axis;
    QRS_CHECK(at >= 0 && at < rank_, "[shape] expected an axis of ", text(), ", got axis ", axis);
    return extents_[static_cast<std::size_t>(at)];
  }
  std::span<const std::int64_t> extents() const { return {extents_.data(), static_cast<std::size_t>(rank_)}; }
  /// The last extent: channels of an image, columns of a matrix; 1 for rank 0.
  std::int64_t channels() const { return rank_ == 0 ? 1 : extents_[static_cast<std::size_t>(rank_ - 1)]; }
  /// Product of all extents but the last: pixels of a batch, rows of a matrix.
  std::int64_t rows() const {
    std::int64_t product = 1;
    for (int axis = 0; axis + 1 < rank_; ++axis) product *= extents_[static_cast<std::size_t>(axis)];
    return product;
  }
  /// The same shape with another last extent.
  Shape with_channels(std::int64_t channels) const {
    QRS_CHECK(rank_ > 0, "[shape] expected at least one axis, got ()");
    Shape out = *this;
    out.extents_[static_cast<std::size_t>(rank_ - 1)] = channels;
    return Shape(out.extents());
  }

  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rank_); ++i) {
      if (extents_[i] != other.extents_[i]) return false;
    }
    return true;
  }

  /// "(16, 56, 56, 64)"
  std::string text() const { return qrs::text(extents()); }

 private:
  std::array<std::int64_t, max_rank> extents_{};
  std::int64_t size_ = 1;
  int rank_ = 0;
};

}  // namespace qrs
