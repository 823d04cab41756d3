// Whether this build has a sanitiser: tests of long work shorten it there.
#pragma once

namespace qrs::tests {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool thread_sanitised = true;
#elif defined(__has_feature)
inline constexpr bool thread_sanitised = __has_feature(thread_sanitizer);
#else
inline constexpr bool thread_sanitised = false;
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitised = true;
#elif defined(__has_feature)
inline constexpr bool sanitised = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitised = false;
#endif

}  // namespace qrs::tests
