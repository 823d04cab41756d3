// What every operation asks of its inputs before a kernel sees them.
#pragma once

#include "../autograd/tape.hpp"

namespace qrs::detail {

/// There is a tensor, and it holds at least one value: an empty batch is a mistake upstream.
template <class T>
void check_input(const char* op, const Var<T>& x) {
  QRS_CHECK(!x.value().empty(), "[", op, "] expected a tensor, got an empty Var");
  QRS_CHECK(x.value().size() > 0, "[", op, "] expected at least one value, got shape ", x.shape());
}

/// check_input, and the rank; `axes` names it: "(N, H, W, C)".
template <class T>
void check_rank(const char* op, const Var<T>& x, int rank, const char* axes) {
  QRS_CHECK(!x.value().empty(), "[", op, "] expected a tensor ", axes, ", got an empty Var");
  QRS_CHECK(x.value().rank() == rank, "[", op, "] expected a tensor ", axes, ", got shape ", x.shape());
  QRS_CHECK(x.value().size() > 0, "[", op, "] expected at least one value, got shape ", x.shape());
}

template <class T>
void check_same_device(const char* op, const Var<T>& a, const Var<T>& b) {
  QRS_CHECK(a.device() == b.device(), "[", op, "] expected one device, got ", name(a.device()), " and ",
            name(b.device()));
}

}  // namespace qrs::detail
