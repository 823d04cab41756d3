// The reader of XGBoost's JSON, and what makes a model of it.
#include "../../include/qrs/io/xgboost_json.hpp"

#include "../../include/qrs/ml/boosting/xgboost_model.hpp"
#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    qrs::ml::boosting::from_xgboost(qrs::io::parse_xgboost_json(qrs::io::as_text(bytes), qrs::fuzz::file_name));
  });
}
