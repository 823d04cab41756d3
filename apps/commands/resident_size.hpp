// How much memory this process has held at most.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace qrs::commands {

/// The largest resident size so far, in bytes.
inline std::int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace qrs::commands
