// A network against its reference file: evaluation, one training step, six steps of Adam.
//
// Weights and images are not stored: both sides make them by name (docs/parity.md). The network has no random layer.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../models/instances.hpp"
#include "files.hpp"
#include "layout.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/nn/state.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/optim/adam.hpp"

namespace qrs::parity {

namespace {

/// Relative to the largest reference value, but for gradient_norms (relative to each norm, the median). PyTorch's own
/// float32 shows, over several seeds and both memory formats: 7e-7, 2e-5, 6e-4, 2e-2, 3e-6 and 1e-3.
struct ModelTolerances {
  double eval;
  double train;
  double gradient_norms;
  double gradient;
  double first_loss;
  double losses;

  template <class T>
  static ModelTolerances of() {
    if constexpr (sizeof(T) == sizeof(float)) {
      return {
          .eval = 5e-6, .train = 5e-5, .gradient_norms = 5e-4, .gradient = 5e-2, .first_loss = 1e-5, .losses = 5e-2};
    } else {
      return {
          .eval = 1e-9, .train = 1e-9, .gradient_norms = 1e-8, .gradient = 1e-8, .first_loss = 1e-6, .losses = 1e-6};
    }
  }
};

/// Values of the file's seed under a name.
NamedValues values_of(const ReferenceFile& file, const std::string& name) {
  return NamedValues(text(file.metadata_as<std::int64_t>("seed"), ":", name));
}

/// Weights near what a network has before training, so that no activation dies or explodes: kernels and matrices uniform
/// with variance 1 / fan_in, norms near the identity.
io::StateDict make_weights(const ReferenceFile& file) {
  io::StateDict out;
  for (const auto& [name, extents] : file.metadata_as<std::map<std::string, std::vector<std::int64_t>>>("state_dict")) {
    if (name.ends_with("num_batches_tracked")) {
      out.add(name, Tensor<std::int64_t>::zeros({}));
      continue;
    }
    Tensor<double> w{Shape(std::span<const std::int64_t>(extents))};
    const bool vector = w.rank() == 1;
    const double fan_in = vector ? 1.0 : static_cast<double>(w.size() / w.dim(0));
    const NamedValues unit = values_of(file, file.stem() + "/" + name);
    for (std::int64_t i = 0; i < w.size(); ++i) {
      const double u = unit(i);
      double& value = w.data()[i];
      if (name.ends_with("running_var")) {
        value = 0.5 + u;
      } else if (name.ends_with("running_mean")) {
        value = 0.2 * (u - 0.5);
      } else if (vector && name.ends_with("weight")) {
        value = 0.75 + 0.5 * u;
      } else if (vector) {
        value = 0.2 * (u - 0.5);
      } else {
        value = (2.0 * u - 1.0) * std::sqrt(3.0 / fan_in);
      }
    }
    out.add(name, w);
  }
  return out;
}

/// Images of the file's seed, channels last.
template <class T>
Tensor<T> make_images(const ReferenceFile& file, const std::string& name, const std::vector<std::int64_t>& nchw) {
  QRS_CHECK(nchw.size() == 4, "[parity] expected images of four axes in '", file.stem(), "', got ", nchw.size());
  Tensor<T> x{Shape(std::span<const std::int64_t>(nchw))};
  const NamedValues unit = values_of(file, name);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(unit(i));
  return from_reference(x, Layout::image);
}

/// "224_1" of logits_224_1: side and number of the images.
std::vector<std::int64_t> numbers_of(const std::string& text) {
  std::vector<std::int64_t> out(1, 0);
  for (const char c : text) {
    if (c == '_') {
      out.push_back(0);
    } else if (c >= '0' && c <= '9' && out.back() < 100000) {
      out.back() = out.back() * 10 + (c - '0');
    } else {
      return {};
    }
  }
  return out;
}

/// The network of a file and its comparisons, one function for each case.
template <class T>
class ModelCases {
 public:
  explicit ModelCases(const ReferenceFile& file)
      : file_(file),
        stored_(file.tensors()),
        weights_(make_weights(file)),
        input_(file.metadata_as<std::vector<std::int64_t>>("input")),
        images_(make_images<T>(file, "input", input_)),
        targets_(Shape{input_[0]}),
        net_(models::create<T>(file.stem(), {.classes = file.metadata_as<std::int64_t>("num_classes"),
                                             .in_channels = input_[1],
                                             .image_size = input_[2],
                                             .dropout = 0.0,
                                             .stochastic_depth = 0.0})) {
    for (std::int64_t i = 0; i < targets_.size(); ++i) targets_.data()[i] = i % net_->classes();
    load();
  }

  void eval(CaseRows& rows) {
    net_->eval();
    const Var<T> features = net_->features(images_);
    compare(rows, "eval/features", features.value(), tolerances_.eval);
    compare(rows, "eval/logits", net_->classify(features).value(), tolerances_.eval);
    const std::string prefix = "eval/logits_";
    for (const std::string& name : stored_.names()) {
      if (!name.starts_with(prefix)) continue;
      const auto numbers = numbers_of(name.substr(prefix.size()));
      if (numbers.size() != 2) continue;
      const std::string side = std::to_string(numbers[0]);
      const auto x = make_images<T>(file_, "input" + side, {numbers[1], input_[1], numbers[0], numbers[0]});
      compare(rows, name, net_->forward(x).value(), tolerances_.eval);
    }
  }

  void train(CaseRows& rows) {
    Tensor<T> logits;
    const Tensor<T> loss = step(&logits);
    compare(rows, "train/logits", logits, tolerances_.train);
    compare(rows, "train/loss", loss, tolerances_.train);
    if (stored_.contains("train/grad_norms")) {
      rows.add("grad_norms (median)", median_error_of_norms(), tolerances_.gradient_norms);
    }
    if (!gradients_are_of_last_step()) compare_gradients(rows, "");
    const std::string prefix = "train/after/";
    const auto buffers = net_->named_buffers();
    for (const std::string& name : stored_.names()) {
      if (!name.starts_with(prefix)) continue;
      const auto is_it = [&](const auto& buffer) { return buffer.first == name.substr(prefix.size()); };
      const auto found = std::find_if(buffers.begin(), buffers.end(), is_it);
      QRS_CHECK(found != buffers.end(), "[parity] expected a buffer of ", file_.stem(), ", got '", name, "'");
      compare(rows, name, found->second, tolerances_.train);
    }
  }

  void adam(CaseRows& rows) {
    const auto expected = stored_.at("adam/losses").template to<double>();
    const std::int64_t steps = expected.size();
    optim::Adam<T> adam(net_->named_parameters(), {.lr = 1e-3});
    Tensor<double> losses(expected.shape());
    for (std::int64_t i = 0; i < steps; ++i) {
      losses.data()[i] = static_cast<double>(step(nullptr).item());
      adam.step();
    }
    // The first loss by itself; then all, relative to the largest as every quantity is. Later losses are small, and steps
    // of Adam multiply any rounding: relative to each of them two float32 builds of PyTorch differ by up to 0.2.
    rows.add(
        "loss of step 1",
        difference(losses.reshape({1, steps}).channel_range(0, 1), expected.reshape({1, steps}).channel_range(0, 1)),
        tolerances_.first_loss);
    rows.add("losses", difference(losses, expected), tolerances_.losses);
    // After several steps float has lost a gradient's digits (PyTorch's too); double has not.
    if (sizeof(T) == sizeof(double) && gradients_are_of_last_step()) compare_gradients(rows, " (last step)");
  }

 private:
  void load() { nn::load(*net_, weights_); }

  /// One forward and backward in training mode from zeroed gradients; the loss, and the logits where wanted.
  Tensor<T> step(Tensor<T>* logits) {
    net_->train();
    net_->zero_grad();
    Tape<T> tape;
    Var<T> loss;
    {
      const Recording<T> on(tape);
      const Var<T> y = net_->forward(images_);
      if (logits != nullptr) *logits = y.value();
      loss = cross_entropy(y, targets_);
    }
    tape.backward(loss);
    return loss.value();
  }

  void compare(CaseRows& rows, const std::string& name, const Tensor<T>& got, double tolerance) {
    if (!stored_.contains(name)) return;
    const auto expected = stored_.at(name).template to<double>();
    rows.add(name.substr(name.find('/') + 1), difference(got, expected), tolerance);
  }

  /// The gradient of a parameter as the files hold it; zeros where none arrived.
  Tensor<T> gradient(const typename nn::Module<T>::Parameter& p) const {
    const Tensor<T> grad = p.variable.grad().empty() ? Tensor<T>::zeros(p.variable.shape()) : p.variable.grad();
    return to_reference(grad, p.layout == nn::Layout::convolution ? Layout::kernel : Layout::plain);
  }

  static double norm(std::span<const T> values) {
    double sum = 0.0;
    for (const T value : values) sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum);
  }

  /// Norms are listed in the order of the parameters. A reference of zero counts by its absolute error.
  double median_error_of_norms() const {
    const auto expected = stored_.at("train/grad_norms").template to<double>();
    const auto parameters = net_->parameters();
    QRS_CHECK(expected.size() == static_cast<std::int64_t>(parameters.size()), "[parity] expected ", parameters.size(),
              " gradient norms of ", file_.stem(), ", got ", expected.size());
    std::vector<double> errors;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const double reference = expected.data()[i];
      const double error = element_error(norm(gradient(parameters[i]).values()), reference);
      errors.push_back(reference > 0.0 ? error / reference : error);
    }
    std::sort(errors.begin(), errors.end());
    if (std::isinf(errors.back())) return errors.back();  // a NaN is no outlier that a median may pass over
    const std::size_t half = errors.size() / 2;
    return errors.size() % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
  }

  /// Files written with torch before 2.0 hold, under train/grad/, the gradients of the last Adam step: zero_grad cleared
  /// the memory that the writer had kept a view of. The norms, which are right, tell.
  bool gradients_are_of_last_step() const {
    if (!stored_.contains("train/grad_norms")) return false;
    const auto norms = stored_.at("train/grad_norms").template to<double>();
    const auto parameters = net_->parameters();
    for (std::size_t i = 0; i < parameters.size() && static_cast<std::int64_t>(i) < norms.size(); ++i) {
      const io::Entry* entry = stored_.find("train/grad/" + parameters[i].name);
      if (entry == nullptr || entry->size() != parameters[i].variable.value().size()) continue;
      const auto gradient = entry->template to<double>();
      double sum = 0.0;
      for (const double value : gradient.values()) sum += value * value;
      if (std::fabs(std::sqrt(sum) - norms.data()[i]) > 1e-6 * norms.data()[i]) return true;
    }
    return false;
  }

  /// Stored gradients hold the first values of a parameter, in the files' layout.
  void compare_gradients(CaseRows& rows, const std::string& suffix) const {
    for (const auto& p : net_->parameters()) {
      const std::string name = "train/grad/" + p.name;
      if (!stored_.contains(name)) continue;
      const auto expected = stored_.at(name).template to<double>();
      const Tensor<T> got = gradient(p);
      QRS_CHECK(expected.size() <= got.size(), "[parity] expected at most ", got.size(), " values of ", name, ", got ",
                expected.size());
      const auto first = got.values().subspan(0, static_cast<std::size_t>(expected.size()));
      rows.add("grad/" + p.name + suffix, difference(Tensor<T>::from(expected.shape(), first), expected),
               tolerances_.gradient);
    }
  }

  const ReferenceFile& file_;
  const io::StateDict& stored_;
  io::StateDict weights_;
  std::vector<std::int64_t> input_;
  Tensor<T> images_;
  Tensor<std::int64_t> targets_;
  std::unique_ptr<models::Model<T>> net_;
  ModelTolerances tolerances_ = ModelTolerances::of<T>();
};

}  // namespace

template <class T>
void run_model_file(Report& report, const ReferenceFile& file) {
  const auto run_group = [&](const std::string& group, void (ModelCases<T>::*compare)(CaseRows&)) {
    const std::string name = file.stem() + "/" + group;
    if (!file.wants(name)) return;
    const auto& names = file.tensors().names();
    const auto of_group = [&](const std::string& tensor) { return tensor.starts_with(group + "/"); };
    if (std::none_of(names.begin(), names.end(), of_group)) return;
    run_case(report, name, [&](CaseRows& rows) {
      if (!models::known<T>(file.stem())) throw NotKnown(text("model '", file.stem(), "' is not known"));
      if (file.device() != Device::cpu) throw NotKnown("networks run on the cpu");
      ModelCases<T> cases(file);  // from the same start each time
      (cases.*compare)(rows);
    });
  };
  run_group("eval", &ModelCases<T>::eval);
  run_group("train", &ModelCases<T>::train);
  run_group("adam", &ModelCases<T>::adam);
}

template void run_model_file<float>(Report&, const ReferenceFile&);
template void run_model_file<double>(Report&, const ReferenceFile&);

}  // namespace qrs::parity
