// The reader of XGBoost's JSON, and what makes a model of it.
#include "../../include/qrs/io/xgboost_json.hpp"

#include "../../include/qrs/ml/boosting/xgboost_model.hpp"
#include "fuzz_target.hpp"

// Its messages name a member of the JSON, not a byte, so what they say is not checked here.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    qrs::ml::boosting::from_xgboost(qrs::io::parse_xgboost_json(text, qrs::fuzz::file_name));
  } catch (const qrs::Error&) {
    return 0;
  }
  return 0;
}
