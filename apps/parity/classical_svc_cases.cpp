// <set>/svc_<i>: support vector machines on the standardised training rows of a data set, in float64 as the peer's; and
// <set>/grid: a search over C and gamma.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/data/k_fold.hpp"
#include "qrs/ml/scaler.hpp"
#include "qrs/ml/search.hpp"
#include "qrs/ml/svm/svc.hpp"

namespace qrs::parity {

namespace {

/// Where both stop: a violation of 1e-5. Decision values of two runs that differ in their last steps differ by some of it.
constexpr double decision_tolerance = 1e-4;
/// A vector whose coefficient is all but 0 may be one in one run and none in the other.
constexpr double support_tolerance = 1.0;
constexpr double mean_tolerance = 1e-12;

/// The rows of one data set, standardised by the mean and the deviation of the training rows.
TrainTest<double> standardised(const ReferenceFile& file, const std::string& set) {
  TrainTest<double> data = train_test_of<double>(file, set);
  ml::StandardScaler<double> scaler;
  scaler.fit(data.train);
  data.train = scaler.transform(data.train);
  data.test = scaler.transform(data.test);
  return data;
}

ml::ParamValue param_of(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return ml::parse_param(value.get<std::string>());
  if (value.is_null()) return {};
  throw NotKnown(text("parameter value ", value.dump().substr(0, 40)));
}

ml::Svc<double> machine_of(const nlohmann::json& entry) {
  ml::Svc<double> out;
  for (const auto& [key, value] : entry.items()) {
    if (key == "case") continue;
    try {
      out.set(key, param_of(value));
    } catch (const NotKnown&) {
      throw;
    } catch (const Error& error) {
      throw NotKnown(error.what());
    }
  }
  return out;
}

void compare_machine(CaseRows& rows, const ReferenceFile& file, const TrainTest<double>& data, ml::Svc<double> svc) {
  const std::string prefix = rows.name() + "/";
  svc.fit(data.train, data.y_train);
  rows.add("decision_ovo",
           difference(svc.decision_ovo(data.test).values(), values_of<double>(file, prefix + "decision_ovo")),
           decision_tolerance);
  rows.add("decision_ovr",
           difference(svc.decision_ovr(data.test).values(), values_of<double>(file, prefix + "decision_ovr")),
           decision_tolerance);
  rows.add("predict", share_different(svc.predict(data.test), values_of<std::int64_t>(file, prefix + "predict")), 0.0);
  const auto counts = values_of<std::int64_t>(file, prefix + "n_support");
  QRS_CHECK(counts.size() == svc.n_support().size(), "[parity] expected support counts of ", svc.n_support().size(),
            " classes, got ", counts.size());
  rows.add("n_support", difference(svc.n_support(), counts).max_error, support_tolerance);
}

/// The grid of the reference, in scikit-learn's order: C first, gamma fastest.
void compare_grid(CaseRows& rows, const ReferenceFile& file, const TrainTest<double>& data, const std::string& set) {
  const ml::ParamGrid grid{{"C", {0.1, 1, 10}}, {"gamma", {"scale", 0.01, 0.1}}};
  ml::SearchOptions options;
  options.refit = false;
  const auto found = ml::grid_search(ml::Svc<double>(), grid, data.train, data.y_train, options);
  std::vector<double> means;
  for (const ml::CandidateResult& candidate : found.candidates) means.push_back(candidate.mean_score);
  rows.add("mean_test_score", difference(means, values_of<double>(file, set + "/grid/mean_test_score")),
           mean_tolerance);
  double different = 0.0;
  const nlohmann::json wanted_best = file.metadata(set + "/grid/best");
  for (const auto& [name, value] : wanted_best.items()) {
    const auto best = found.best_params.find(name);
    const ml::ParamValue wanted = param_of(value);
    const bool same = best != found.best_params.end() &&
                      (wanted.is_number() && best->second.is_number() ? wanted.as_number() == best->second.as_number()
                                                                      : wanted == best->second);
    different += same ? 0.0 : 1.0;
  }
  rows.add("best", different, 0.0);
}

}  // namespace

void run_svc_cases(Report& report, const ReferenceFile& file) {
  std::map<std::string, TrainTest<double>> prepared;
  const auto data_of = [&](const std::string& set) -> const TrainTest<double>& {
    auto found = prepared.find(set);
    if (found == prepared.end()) found = prepared.emplace(set, standardised(file, set)).first;
    return found->second;
  };
  if (file.has("svc_cases")) {
    for (const nlohmann::json& entry : file.metadata("svc_cases")) {
      const std::string name = file.case_name(entry);
      if (!file.wants(name)) continue;
      run_case(report, name, [&](CaseRows& rows) {
        compare_machine(rows, file, data_of(name.substr(0, name.find('/'))), machine_of(entry));
      });
    }
  }
  for (const std::string& set : data_sets(file)) {
    const std::string name = set + "/grid";
    if (!file.wants(name) || !file.tensors().contains(name + "/mean_test_score")) continue;
    run_case(report, name, [&](CaseRows& rows) { compare_grid(rows, file, data_of(set), set); });
  }
}

}  // namespace qrs::parity
