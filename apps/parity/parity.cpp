#include "parity.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "classical_cases.hpp"
#include "files.hpp"
#include "image_cases.hpp"
#include "qrs/io/safetensors.hpp"

namespace qrs::parity {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> reference_files(const std::string& directory) {
  std::error_code error;
  std::vector<fs::path> out;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".safetensors") out.push_back(it->path());
  }
  QRS_CHECK(!error, "[parity] expected a folder of reference files, got '", directory, "': ", error.message());
  QRS_CHECK(!out.empty(), "[parity] expected *.safetensors files in '", directory, "', got none");
  std::sort(out.begin(), out.end());
  return out;
}

template <class T>
void run_file(Report& report, const ReferenceFile& file) {
  if (is_image_file(file)) {
    run_image_file(report, file);
  } else if (file.has("cases")) {
    run_op_file<T>(report, file);
  } else if (file.has("state_dict") && file.has("num_classes")) {
    run_model_file<T>(report, file);
  } else if (file.has("svc_cases")) {
    run_classical_file(report, file);
  } else if (file.wants(file.stem())) {
    report.skips.push_back({file.stem(), "files of this kind are not known"});
  }
}

}  // namespace

Report run(const Options& options) {
  cache_of(options.device);  // throws here, once, where the device is not there
  Report report;
  for (const fs::path& path : reference_files(options.directory)) {
    const ReferenceFile file(path.string(), path.filename().string(), path.stem().string(),
                             io::read_safetensors(path.string()), options);
    if (options.double_precision) {
      run_file<double>(report, file);
    } else {
      run_file<float>(report, file);
    }
  }
  return report;
}

}  // namespace qrs::parity
