// y = softmax(q k^T / sqrt(D)) v for each head: scaled dot-product attention.
//
// Shapes: q, y (N, S_q, H D), k, v (N, S_k, H D), H heads of D columns each. Equal to torch's scaled_dot_product_attention
// of every head. Kept for backward: q, k, v and one log-sum-exp per query and head; the weights are computed again.
// Sources: Vaswani et al. 2017, section 3.2; the recomputation, Dao et al. 2022, section 3.1.
#pragma once

#include <cmath>

#include "check.hpp"

namespace qrs {

struct AttentionOptions {
  std::int64_t heads = 1;
};

namespace detail {

template <class T>
void check_attention(const Var<T>& q, const Var<T>& k, const Var<T>& v, const AttentionOptions& o) {
  check_rank("attention", q, 3, "(N, S, E)", "q");
  check_rank("attention", k, 3, "(N, S, E)", "k");
  check_rank("attention", v, 3, "(N, S, E)", "v");
  const std::int64_t width = q.dim(2);
  QRS_CHECK(o.heads > 0 && width % o.heads == 0, "[attention] expected heads that divide ", width, " columns, got ",
            o.heads);
  QRS_CHECK(k.dim(0) == q.dim(0) && k.dim(2) == width, "[attention] expected k of shape (", q.dim(0), ", S, ", width,
            "), got ", k.shape());
  QRS_CHECK(v.shape() == k.shape(), "[attention] expected v of shape ", k.shape(), ", got ", v.shape());
  check_same_device("attention", q, k, "k");
  check_same_device("attention", q, v, "v");
}

}  // namespace detail

/// Attention of q to k, whose values are v; see the head of this file.
template <class T>
Var<T> attention(const Var<T>& q, const Var<T>& k, const Var<T>& v, const AttentionOptions& o = {}) {
  detail::check_attention(q, k, v, o);
  const std::int64_t head_dim = q.dim(2) / o.heads;
  const Tensor<T> y(q.shape(), q.device());                        // (N, S_q, E)
  const Tensor<T> lse({q.dim(0), o.heads, q.dim(1)}, q.device());  // (N, H, S_q)
  const kernels::AttentionParams p{.batch = q.dim(0),
                                   .heads = o.heads,
                                   .queries = q.dim(1),
                                   .keys = k.dim(1),
                                   .head_dim = head_dim,
                                   .q_pitch = q.value().pitch(),
                                   .k_pitch = k.value().pitch(),
                                   .v_pitch = v.value().pitch(),
                                   .y_pitch = y.pitch(),
                                   .scale = 1.0 / std::sqrt(static_cast<double>(head_dim))};
  on_cpu_only("attention", y.device(), [&] {
    kernels::attention_forward_cpu(p, q.value().data(), k.value().data(), v.value().data(), y.data(), lse.data());
  });
  Tape<T>* tape = listening(q, k, v);
  if (tape == nullptr) return y;
  return tape->record(y, [p, lse, q_kept = q.keep(), k_kept = k.keep(), v_kept = v.keep(), dq = q.slot(), dk = k.slot(),
                          dv = v.slot()](const Tensor<T>& dy) {
    const Tensor<T> qv = q_kept.tensor();
    const Tensor<T> kv = k_kept.tensor();
    const Tensor<T> vv = v_kept.tensor();
    kernels::AttentionParams back = p;
    back.q_pitch = qv.pitch();
    back.k_pitch = kv.pitch();
    back.v_pitch = vv.pitch();
    back.y_pitch = dy.pitch();
    // One gradient at a time where two inputs are one value: then the second adds to the first.
    const auto same = [](const auto& a, const auto& b) { return a && a == b; };
    const bool apart = !same(dq, dk) && !same(dk, dv) && !same(dq, dv);
    const auto pass = [&](bool to_q, bool to_k, bool to_v) {
      kernels::AttentionGradients<T> to;
      const auto aim = [](const std::shared_ptr<GradSlot<T>>& slot, T*& data, std::int64_t& pitch, bool& accumulate) {
        if (!slot) return;
        const auto target = slot->target();
        data = target.tensor.data();
        pitch = target.tensor.pitch();
        accumulate = target.accumulate;
      };
      if (to_q) aim(dq, to.dq, to.dq_pitch, to.accumulate_dq);
      if (to_k) aim(dk, to.dk, to.dk_pitch, to.accumulate_dk);
      if (to_v) aim(dv, to.dv, to.dv_pitch, to.accumulate_dv);
      kernels::attention_backward_cpu(back, qv.data(), kv.data(), vv.data(), lse.data(), dy.data(), to);
    };
    if (apart) {
      pass(true, true, true);
    } else {
      pass(true, false, false);
      pass(false, true, false);
      pass(false, false, true);
    }
  });
}

}  // namespace qrs
