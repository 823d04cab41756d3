// The version of the library. CMakeLists.txt reads the three numbers from here, so they stand once.
#pragma once

namespace qrs {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

}  // namespace qrs
