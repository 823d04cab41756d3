// The readers of LIBSVM's data and of its models.
#include "../../include/qrs/io/libsvm_model_file.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    const std::string_view text = qrs::io::as_text(bytes);
    const std::string file(qrs::fuzz::file_name);
    if (text.starts_with("svm_type")) {
      qrs::io::parse_libsvm_model(text, file);
      return;
    }
    const qrs::io::LibsvmData samples = qrs::io::parse_libsvm_data(text, file);
    if (samples.features() * samples.rows() <= 1 << 16) qrs::io::libsvm_dense<float>(samples);
  });
}
