#include "classical_cases.hpp"

namespace qrs::parity {

void run_classical_file(Report& report, const ReferenceFile& file) {
  run_split_cases(report, file);
  run_preprocessing_cases(report, file);
  run_svc_cases(report, file);
  run_forest_cases(report, file);
  run_boosting_cases(report, file);
  run_metrics_cases(report, file);
}

}  // namespace qrs::parity
