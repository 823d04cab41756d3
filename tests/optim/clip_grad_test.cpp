// Clipped gradients against PyTorch, and the same bits for any number of threads.
#include "qrs/optim/clip_grad.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/tensor/compare.hpp"
#include "schedules_json.hpp"

namespace clip_grad_test {

namespace {

using qrs::Tensor;
using qrs::Var;
using qrs::optim::clip_grad_norm_;
using qrs::optim::clip_grad_value_;
using qrs::tests::error_message;
using qrs::tests::golden_number;
using qrs::tests::golden_row;
template <class T>
using Parameters = std::vector<std::pair<std::string, Var<T>>>;

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Parameters<T> with_gradients(const nlohmann::json& gradients) {
  Parameters<T> out;
  for (const auto& g : gradients) {
    const auto size = static_cast<std::int64_t>(g.size());
    out.emplace_back("p" + std::to_string(out.size()), Var<T>::parameter(Tensor<T>::zeros({size})));
    out.back().second.slot()->add(golden_row<T>(g));
  }
  out.emplace_back("without", Var<T>::parameter(Tensor<T>::zeros({3})));
  return out;
}

/// Clips as the case of this name does; the norm, or 0 where values are clipped.
template <class T>
double clip(const std::string& name, const Parameters<T>& parameters) {
  if (name.starts_with("value")) {
    clip_grad_value_<T>(parameters, 0.75);
    return 0.0;
  }
  if (name == "norm_below") return clip_grad_norm_<T>(parameters, 100.0);
  if (name == "norm_of_one") return clip_grad_norm_<T>(parameters, 0.5, {.norm_type = 1.0});
  if (name == "norm_of_three") return clip_grad_norm_<T>(parameters, 0.5, {.norm_type = 3.0});
  if (name == "norm_largest") return clip_grad_norm_<T>(parameters, 0.5, {.norm_type = infinity});
  if (name == "norm_largest_nan") return clip_grad_norm_<T>(parameters, 1.0, {.norm_type = infinity});
  return clip_grad_norm_<T>(parameters, 1.0);
}

}  // namespace

TEST_CASE_TEMPLATE("gradients are clipped as PyTorch clips them", T, double, float) {
  const qrs::Tolerance within = sizeof(T) == 8 ? qrs::Tolerance{.absolute = 1e-15, .relative = 1e-14}
                                               : qrs::Tolerance{.absolute = 1e-7, .relative = 1e-6};
  int checked = 0;
  for (const auto& item : qrs::tests::schedules_json().at("clip").items()) {
    const std::string& name = item.key();
    const auto& c = item.value();
    CAPTURE(name);
    const auto parameters = with_gradients<T>(c.at("before"));
    const double norm = clip<T>(name, parameters);
    if (!c.at("norm").is_null()) {
      CHECK(qrs::element_error(norm, golden_number(c.at("norm"))) <= (sizeof(T) == 8 ? 1e-14 : 1e-5));
    }
    for (std::size_t i = 0; i < c.at("after").size(); ++i) {
      CHECK(qrs::mismatch(parameters[i].second.grad(), golden_row<T>(c.at("after")[i]), within) == "");
    }
    CHECK(parameters.back().second.grad().empty());
    ++checked;
  }
  CHECK(checked == 11);
}

TEST_CASE("norm and gradients have the same bits for any number of threads") {
  const auto run = [](int threads, double norm_type) {
    const qrs::ThreadLimit limit(threads);
    Parameters<float> parameters;
    std::vector<float> out;
    for (const std::int64_t size : {1, 7, 16383, 16384, 16385, 100001}) {
      Tensor<float> g({size});
      const qrs::NamedValues unit("g" + std::to_string(size));
      for (std::int64_t i = 0; i < size; ++i) g.data()[i] = static_cast<float>(2 * unit(i) - 1);
      parameters.emplace_back(std::to_string(size), Var<float>::parameter(Tensor<float>::zeros({size})));
      parameters.back().second.slot()->add(g);
    }
    const double norm = clip_grad_norm_<float>(parameters, 0.25, {.norm_type = norm_type});
    for (const auto& [name, p] : parameters) out.insert(out.end(), p.grad().data(), p.grad().data() + p.grad().size());
    return std::pair(norm, out);
  };
  for (const double norm_type : {2.0, 1.0, 2.5, infinity}) {
    const auto one = run(1, norm_type);
    CHECK(one.first > 0.9);
    for (const int threads : {2, 3, 7}) CHECK(run(threads, norm_type) == one);
  }
}

TEST_CASE("many small values are not lost beside a large one") {
  // 2^24 + 1 is no float: a sum in the gradients' type would stay at 2^24.
  Parameters<float> parameters{{"p", Var<float>::parameter(Tensor<float>::zeros({40000}))}};
  Tensor<float> g = Tensor<float>::full({40000}, 1.0F);
  g.data()[0] = 4096.0F;
  parameters[0].second.slot()->add(g);
  CHECK(clip_grad_norm_<float>(parameters, infinity) == std::sqrt(4096.0 * 4096.0 + 39999.0));
}

TEST_CASE("gradients that are not finite end it where that is asked for, and no gradient is no norm") {
  const auto parameters = with_gradients<float>(nlohmann::json{{1.0, "nan"}});
  CHECK(error_message([&] { clip_grad_norm_<float>(parameters, 1.0, {.error_if_nonfinite = true}); }) ==
        "[clip_grad_norm] expected finite gradients, got norm nan");
  CHECK(parameters[0].second.grad().data()[0] == 1.0F);
  CHECK(clip_grad_norm_<float>(with_gradients<float>(nlohmann::json::array()), 1.0) == 0.0);
  CHECK(error_message([&] { clip_grad_norm_<float>(parameters, -1.0); }) ==
        "[clip_grad_norm] expected max_norm >= 0, got -1");
  CHECK(error_message([&] { clip_grad_norm_<float>(parameters, 1.0, {.norm_type = 0.0}); }) ==
        "[clip_grad_norm] expected norm_type > 0, got 0");
  CHECK(error_message([&] { clip_grad_value_<float>(parameters, -1.0); }) ==
        "[clip_grad_value] expected clip_value >= 0, got -1");
}

}  // namespace clip_grad_test
