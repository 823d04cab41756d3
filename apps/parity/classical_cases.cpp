#include "classical_cases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qrs::parity {

void run_classical_file(Report& report, const ReferenceFile& file) {
  run_split_cases(report, file);
  run_preprocessing_cases(report, file);
  run_svc_cases(report, file);
  run_forest_cases(report, file);
  run_boosting_cases(report, file);
  run_metrics_cases(report, file);
}

double relative_error(std::span<const double> got, std::span<const double> reference) {
  if (got.size() != reference.size()) return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!std::isfinite(got[i])) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(got[i] - reference[i]));
    largest = std::max(largest, std::abs(reference[i]));
  }
  return largest > 0.0 ? worst / largest : worst;
}

}  // namespace qrs::parity
