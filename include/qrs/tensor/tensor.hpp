// Tensor<T>: a dense array on a device, channels last.
//
// A tensor is a handle, like a span: copying it shares the data, clone() copies the data. It is contiguous, or a channel
// range of a contiguous tensor: then a row (a pixel) holds `channels` values and the next row starts `pitch` values later.
// That is all the layout there is: a dense block allocates its full width once, and every layer writes its own channels.
#pragma once

#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/parallel.hpp"
#include "dispatch.hpp"
#include "shape.hpp"
#include "storage.hpp"

namespace qrs {

template <class T>
class Tensor {
 public:
  using value_type = T;

  /// No tensor at all: empty() is true.
  Tensor() = default;

  /// Uninitialised memory of this shape. Throws where there is no room for it.
  explicit Tensor(const Shape& shape, Device device = Device::cpu)
      : storage_(std::make_shared<Storage>(bytes_of(shape), device)),
        data_(static_cast<T*>(storage_->data())),
        shape_(shape),
        pitch_(shape.channels()) {}

  static Tensor full(const Shape& shape, T value, Device device = Device::cpu) {
    Tensor out(shape, device);
    out.fill(value);
    return out;
  }
  static Tensor zeros(const Shape& shape, Device device = Device::cpu) { return full(shape, T(0), device); }

  /// Values in row-major order, copied.
  static Tensor from(const Shape& shape, std::span<const T> values) {
    QRS_CHECK(static_cast<std::int64_t>(values.size()) == shape.size(), "[tensor] expected ", shape.size(),
              " values for shape ", shape, ", got ", values.size());
    Tensor out(shape);
    if (!values.empty()) std::memcpy(out.data_, values.data(), values.size_bytes());
    return out;
  }
  static Tensor from(const Shape& shape, std::initializer_list<T> values) {
    return from(shape, std::span<const T>(values.begin(), values.size()));
  }

  bool empty() const { return storage_ == nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  std::int64_t dim(int axis) const { return shape_[axis]; }
  std::int64_t size() const { return shape_.size(); }
  std::int64_t rows() const { return shape_.rows(); }
  std::int64_t channels() const { return shape_.channels(); }
  /// Distance between the starts of two neighbouring rows, in values.
  std::int64_t pitch() const { return pitch_; }
  bool contiguous() const { return pitch_ == shape_.channels() || shape_.rows() <= 1; }
  Device device() const { return storage_ ? storage_->device() : Device::cpu; }
  /// True where no other tensor shares the memory.
  bool unique() const { return storage_.use_count() == 1; }

  /// The first value. A const tensor is a const handle, not const data, as with a span.
  T* data() const { return data_; }
  /// All values of a contiguous tensor on the CPU.
  std::span<T> values() const {
    check_present("values");
    QRS_CHECK(contiguous() && device() == Device::cpu, "[tensor] expected a contiguous tensor on cpu, got pitch ",
              pitch_, " for ", shape_, " on ", name(device()));
    return {data_, static_cast<std::size_t>(size())};
  }
  /// Element by its indices; checked.
  T& operator()(std::initializer_list<std::int64_t> index) const {
    check_present("tensor");
    QRS_CHECK(static_cast<int>(index.size()) == rank(), "[tensor] expected ", rank(), " indices, got ", index.size());
    std::int64_t row = 0;
    std::int64_t last = 0;
    int axis = 0;
    for (const std::int64_t i : index) {
      QRS_CHECK(i >= 0 && i < shape_[axis], "[tensor] expected an index inside ", shape_, ", got ", i, " on axis ",
                axis);
      if (axis + 1 < rank()) {
        row = row * shape_[axis] + i;
      } else {
        last = i;
      }
      ++axis;
    }
    return data_[row * pitch_ + last];
  }
  /// The only value of a tensor of one element, fetched from its device.
  T item() const {
    check_present("item");
    QRS_CHECK(size() == 1, "[item] expected one element, got shape ", shape_);
    return device() == Device::cpu ? *data_ : to(Device::cpu).data_[0];
  }

  /// The same data under another shape of equal size. Of a channel range only the outer axes may change.
  Tensor reshape(const Shape& shape) const {
    QRS_CHECK(shape.size() == size(), "[reshape] expected ", size(), " elements, got shape ", shape);
    QRS_CHECK(contiguous() || shape.channels() == channels(), "[reshape] expected a contiguous tensor, got pitch ",
              pitch_, " for ", shape_);
    Tensor out = *this;
    out.shape_ = shape;
    if (contiguous()) out.pitch_ = shape.channels();
    return out;
  }
  /// View of channels [begin, begin + count).
  Tensor channel_range(std::int64_t begin, std::int64_t count) const {
    check_present("channel_range");
    QRS_CHECK(inside(begin, count, channels()), "[channel_range] expected a range inside ", channels(),
              " channels, got ", count, " from ", begin);
    Tensor out = *this;
    out.data_ += begin;
    out.shape_ = shape_.with_channels(count);
    return out;
  }
  /// View of rows [begin, begin + count) along the first axis: a part of a batch.
  Tensor batch_range(std::int64_t begin, std::int64_t count) const {
    check_present("batch_range");
    QRS_CHECK(rank() > 1 && inside(begin, count, dim(0)), "[batch_range] expected a range inside shape ", shape_,
              ", got ", count, " from ", begin);
    std::vector<std::int64_t> extents(shape_.extents().begin(), shape_.extents().end());
    extents[0] = count;
    Tensor out = *this;
    if (begin > 0) out.data_ += begin * (rows() / dim(0)) * pitch_;
    out.shape_ = Shape(extents);
    return out;
  }

  void fill(T value) const {
    check_present("fill");
    if (size() == 0) return;
    if (device() == Device::cuda) {
      full(shape_, value).copy_into(*this);
      return;
    }
    for_rows([&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) std::fill_n(data_ + r * pitch_, channels(), value);
    });
  }

  /// Copies the values into a tensor of the same shape, on any device.
  void copy_into(const Tensor& target) const {
    check_present("copy");
    target.check_present("copy");
    QRS_CHECK(target.shape_ == shape_, "[copy] expected shape ", shape_, ", got ", target.shape_);
    if (size() == 0) return;
    if (device() == Device::cpu && target.device() == Device::cpu) {
      for_rows([&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
          std::memcpy(target.data_ + r * target.pitch_, data_ + r * pitch_,
                      static_cast<std::size_t>(channels()) * sizeof(T));
        }
      });
      return;
    }
#if defined(QRS_WITH_CUDA)
    const kernels::CopyParams copy{.rows = rows(),
                                   .row_bytes = channels() * static_cast<std::int64_t>(sizeof(T)),
                                   .source_pitch = pitch_ * static_cast<std::int64_t>(sizeof(T)),
                                   .target_pitch = target.pitch_ * static_cast<std::int64_t>(sizeof(T))};
    kernels::device_copy(copy, target.data_, target.device(), data_, device());
#endif
  }

  /// Own contiguous memory with the same values.
  Tensor clone() const {
    check_present("clone");
    Tensor out(shape_, device());
    copy_into(out);
    return out;
  }
  /// This tensor where it is contiguous, else a contiguous copy.
  Tensor as_contiguous() const { return contiguous() ? *this : clone(); }
  /// This tensor where it already lives there, else a copy on that device.
  Tensor to(Device device) const {
    if (device == this->device()) return *this;
    Tensor out(shape_, device);
    copy_into(out);
    return out;
  }
  /// The values in another type (CPU only).
  template <class U>
  Tensor<U> cast() const {
    check_present("cast");
    QRS_CHECK(device() == Device::cpu, "[cast] expected a tensor on cpu, got one on ", name(device()));
    Tensor<U> out(shape_);
    if (size() == 0) return out;
    for (std::int64_t r = 0; r < rows(); ++r) {
      for (std::int64_t c = 0; c < channels(); ++c) {
        out.data()[r * channels() + c] = static_cast<U>(data_[r * pitch_ + c]);
      }
    }
    return out;
  }

 private:
  /// An empty handle has the shape of one value, so that checks of shapes let it pass.
  void check_present(const char* op) const {
    QRS_CHECK(storage_ != nullptr, "[", op, "] expected a tensor, got an empty handle: Tensor() holds none");
  }
  static std::size_t bytes_of(const Shape& shape) {
    std::int64_t bytes = 0;
    QRS_CHECK(!__builtin_mul_overflow(shape.size(), static_cast<std::int64_t>(sizeof(T)), &bytes),
              "[tensor] expected fewer than 2^63 bytes, got shape ", shape, " of values of ", sizeof(T), " bytes");
    return static_cast<std::size_t>(bytes);
  }
  static bool inside(std::int64_t begin, std::int64_t count, std::int64_t all) {
    return begin >= 0 && count >= 0 && count <= all && begin <= all - count;
  }
  /// Chunks of rows of about 64 Ki values.
  template <class Body>
  void for_rows(const Body& body) const {
    const std::int64_t grain = std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, channels()));
    parallel_chunks(rows(), grain, body);
  }

  std::shared_ptr<Storage> storage_;
  T* data_ = nullptr;
  Shape shape_{};
  std::int64_t pitch_ = 1;
};

}  // namespace qrs
