// The readers of LIBSVM's data and of its models.
#include "../../include/qrs/io/libsvm_model_file.hpp"

#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return qrs::fuzz::try_reader(data, size, [](qrs::io::Bytes bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with("svm_type")) {
      qrs::io::parse_libsvm_model(text, qrs::fuzz::file_name);
    } else {
      qrs::io::libsvm_dense<float>(qrs::io::parse_libsvm_data(text, qrs::fuzz::file_name), 0, 1 << 16);
    }
  });
}
