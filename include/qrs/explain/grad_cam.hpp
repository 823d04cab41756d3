// Grad-CAM and Grad-CAM++: where on the image the last activations speak for a class.
//
//   Tensor<float> map = grad_cam(net, image, target);        image (1, H, W, C) -> map (h, w), no value below 0
//
// With A (h, w, K) the last feature map, S the score (logit) of the class, g = dS / dA, and sums over pixels i, j and a, b:
//
//   Grad-CAM     L = relu(sum_k alpha_k A_k),   alpha_k = 1 / (h w) sum_ij g_ijk
//   Grad-CAM++   L = relu(sum_k w_k A_k),       w_k = sum_ij a_ijk relu(g_ijk),
//                a_ijk = g_ijk^2 / (2 g_ijk^2 + g_ijk^3 sum_ab A_abk),   0 where g is 0
//
// Grad-CAM++ differentiates Y = exp(S): its derivatives are exp(S) g, exp(S) g^2, exp(S) g^3, so that exp(S) cancels in a, and
// in w it is one positive factor of the whole map, which is left out: it says nothing about places, and overflows.
// The head stands right behind A, so the tape runs from A to S alone. Where the head is an average and a linear layer,
// g is the same at every pixel: alpha_k = w_ck / (h w), and Grad-CAM is CAM.
// Sources: Selvaraju et al., Grad-CAM, ICCV 2017, equations 1 and 2; Chattopadhay et al., Grad-CAM++, WACV 2018, equations
// 10 and 19.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../models/model.hpp"
#include "../ops/slice.hpp"

namespace qrs::explain {

namespace detail {

/// While it lives, a network's parameters ask for no gradient: an explanation must not touch those of a training step.
template <class T>
class WithoutParameterGradients {
 public:
  explicit WithoutParameterGradients(const nn::Module<T>& net) {
    for (const auto& p : net.parameters()) {
      if (p.variable.requires_grad()) frozen_.push_back(p.variable);
    }
    for (const Var<T>& v : frozen_) v.set_requires_grad(false);
  }
  ~WithoutParameterGradients() {
    for (const Var<T>& v : frozen_) v.set_requires_grad(true);
  }
  WithoutParameterGradients(const WithoutParameterGradients&) = delete;
  WithoutParameterGradients& operator=(const WithoutParameterGradients&) = delete;

 private:
  std::vector<Var<T>> frozen_;
};

/// Throws unless `image` is one image, `target` a class of the network, and the network evaluates.
template <class T>
void check_explained(const char* op, const models::Model<T>& net, const Tensor<T>& image, std::int64_t target) {
  QRS_CHECK(image.rank() == 4 && image.dim(0) == 1, "[", op, "] expected one image (1, H, W, C), got ", image.shape());
  QRS_CHECK(target >= 0 && target < net.classes(), "[", op, "] expected a class below ", net.classes(), ", got ",
            target);
  QRS_CHECK(!net.training(), "[", op, "] expected a network in evaluation mode, got one in training: call eval()");
}

/// The weights of Grad-CAM for the channels of A (P pixels, K).
template <class T>
std::vector<double> channel_weights(const Tensor<T>& gradient) {
  std::vector<double> alpha(static_cast<std::size_t>(gradient.channels()), 0.0);
  for (std::int64_t p = 0; p < gradient.rows(); ++p) {
    for (std::size_t k = 0; k < alpha.size(); ++k) {
      alpha[k] += static_cast<double>(gradient.data()[p * gradient.pitch() + static_cast<std::int64_t>(k)]);
    }
  }
  for (double& value : alpha) value /= static_cast<double>(gradient.rows());
  return alpha;
}

/// Those of Grad-CAM++.
template <class T>
std::vector<double> channel_weights_plus_plus(const Tensor<T>& activations, const Tensor<T>& gradient) {
  std::vector<double> weights(static_cast<std::size_t>(gradient.channels()), 0.0);
  for (std::int64_t k = 0; k < gradient.channels(); ++k) {
    double sum = 0.0;  // of A over the pixels
    for (std::int64_t p = 0; p < activations.rows(); ++p) {
      sum += static_cast<double>(activations.data()[p * activations.pitch() + k]);
    }
    double& weight = weights[static_cast<std::size_t>(k)];
    for (std::int64_t p = 0; p < gradient.rows(); ++p) {
      const auto g = static_cast<double>(gradient.data()[p * gradient.pitch() + k]);
      const double below = 2.0 + g * sum;  // g^2 cancels
      if (g > 0.0 && below != 0.0) weight += g / below;
    }
  }
  return weights;
}

/// relu(sum_k weight_k A_k) of (1, h, w, K): (h, w).
template <class T>
Tensor<T> weighted_map(const Tensor<T>& activations, const std::vector<double>& weights) {
  Tensor<T> map({activations.dim(1), activations.dim(2)});  // (h, w)
  for (std::int64_t p = 0; p < activations.rows(); ++p) {
    double sum = 0.0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      sum +=
          weights[k] * static_cast<double>(activations.data()[p * activations.pitch() + static_cast<std::int64_t>(k)]);
    }
    map.data()[p] = static_cast<T>(std::max(sum, 0.0));
  }
  return map;
}

/// A and dS / dA.
template <class T>
std::pair<Tensor<T>, Tensor<T>> last_map_and_gradient(models::Model<T>& net, const Tensor<T>& image,
                                                      std::int64_t target) {
  const WithoutParameterGradients<T> frozen(net);
  const NoRecording<T> off;
  const Var<T> map = Var<T>::parameter(net.feature_map(image).value().as_contiguous());
  Tape<T> tape;
  Var<T> score;
  {
    const Recording<T> on(tape);
    score = slice_channels(net.classify(net.pool(map)), target, 1);
  }
  tape.backward(score);
  return {net.on_image(map.value()), net.on_image(map.grad())};
}

}  // namespace detail

/// Grad-CAM for class `target` of one image (1, H, W, C): (h, w) of the last feature map. Throws where the network is in
/// training mode or the class is none of its own.
template <class T>
Tensor<T> grad_cam(models::Model<T>& net, const Tensor<T>& image, std::int64_t target) {
  detail::check_explained("grad_cam", net, image, target);
  const auto [activations, gradient] = detail::last_map_and_gradient(net, image, target);
  return detail::weighted_map(activations, detail::channel_weights(gradient));
}

/// Grad-CAM++, likewise.
template <class T>
Tensor<T> grad_cam_plus_plus(models::Model<T>& net, const Tensor<T>& image, std::int64_t target) {
  detail::check_explained("grad_cam_plus_plus", net, image, target);
  const auto [activations, gradient] = detail::last_map_and_gradient(net, image, target);
  return detail::weighted_map(activations, detail::channel_weights_plus_plus(activations, gradient));
}

}  // namespace qrs::explain
