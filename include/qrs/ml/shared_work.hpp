// Work that several fits on the same rows have in common, done once: in a search, the candidates of a fold share the
// fitted transformers of a pipeline that have equal parameters.
//
//   const auto gram = work->get<Matrix<float>>("gram", [&] { return compute(x); });      // std::shared_ptr<const Matrix<float>>
//
// A key must name everything the value depends on, apart from the rows themselves: one SharedWork belongs to one set of
// rows. The first caller of a key computes, callers of the same key wait for it, callers of other keys do not.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace qrs::ml {

class SharedWork {
 public:
  template <class V, class Make>
  std::shared_ptr<const V> get(const std::string& key, const Make& make) {
    Slot* slot = nullptr;
    {
      const std::lock_guard lock(mutex_);
      slot = &slots_[key];
    }
    const std::lock_guard lock(slot->mutex);
    if (slot->failure) std::rethrow_exception(slot->failure);
    if (!slot->value) {
      try {
        slot->value = std::make_shared<const V>(make());
      } catch (...) {
        slot->failure = std::current_exception();
        throw;
      }
    }
    return std::static_pointer_cast<const V>(slot->value);
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const void> value;
    std::exception_ptr failure;
  };

  std::mutex mutex_;
  std::map<std::string, Slot> slots_;  // references stay valid while others are added
};

}  // namespace qrs::ml
