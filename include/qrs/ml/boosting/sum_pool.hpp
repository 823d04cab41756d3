// Storage for the packed sums of nodes, used again as soon as they are given back; so many at most.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "../../core/array.hpp"
#include "histogram.hpp"

namespace qrs::ml::boosting {

class SumPool {
 public:
  /// `size` pairs each. Leaf-wise growth would keep the sums of every leaf: 256 MB of them are enough, or 16.
  explicit SumPool(std::int64_t size)
      : size_(size), most_(std::max<std::int64_t>(16, (std::int64_t{256} << 20) / (16 * size))) {}

  /// Null where all are in use.
  std::unique_ptr<SumPair[]> take() {
    if (!free_.empty()) {
      std::unique_ptr<SumPair[]> out = std::move(free_.back());
      free_.pop_back();
      return out;
    }
    if (made_ >= most_) return nullptr;
    ++made_;
    return std::unique_ptr<SumPair[]>(new SumPair[static_cast<std::size_t>(size_)]);
  }
  void give_back(std::unique_ptr<SumPair[]>& sums) {
    if (sums != nullptr) free_.push_back(std::move(sums));
  }

 private:
  std::int64_t size_;
  std::int64_t most_;
  std::int64_t made_ = 0;
  Array<std::unique_ptr<SumPair[]>> free_;
};

}  // namespace qrs::ml::boosting
