#include "provenance.hpp"

#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "../../decoders/jpeg_decoder.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/io/byte_reader.hpp"
#include "qrs/version.hpp"
#include "qrs_build_facts.hpp"

namespace qrs::reproduce {

namespace {

/// The widest vectors that this program was compiled for.
std::string vectors() {
#if defined(__AVX512F__)
  return "avx512f";
#elif defined(__AVX2__)
  return "avx2";
#elif defined(__SSE2__)
  return "sse2";
#elif defined(__ARM_NEON)
  return "neon";
#else
  return "none";
#endif
}

std::string compiler() {
#if defined(__clang__)
  return text("clang++ ", __clang_major__, ".", __clang_minor__, ".", __clang_patchlevel__);
#elif defined(__GNUC__)
  return text("g++ ", __GNUC__, ".", __GNUC_MINOR__, ".", __GNUC_PATCHLEVEL__);
#else
  return "unknown";
#endif
}

/// The processor's name as the system tells it.
std::string processor() {
  std::string out = "unknown";
  std::FILE* file = std::fopen("/proc/cpuinfo", "r");
  if (file == nullptr) return out;
  char line[256];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    const std::string_view view(line);
    if (!view.starts_with("model name")) continue;
    const std::size_t colon = view.find(": ");
    if (colon == std::string_view::npos) continue;
    out = io::shown(view.substr(colon + 2, view.find('\n') - colon - 2));
    break;
  }
  std::fclose(file);
  return out;
}

std::string now() {
  const std::time_t moment = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&moment, &utc);
  char out[32];
  std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return out;
}

}  // namespace

ecg_images::Provenance provenance() {
  return {.version = text(version_major, ".", version_minor, ".", version_patch),
          .commit = std::string(build_facts::commit),
          .compiler = compiler(),
          .flags = std::string(build_facts::flags),
          .vectors = vectors(),
          .decoder = jpeg_decoder().name,
          .cpu = processor(),
          .threads = num_threads(),
          .started = now(),
          .seconds = 0.0};
}

}  // namespace qrs::reproduce
