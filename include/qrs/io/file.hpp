// Whole files in, whole files out: a capped read, and a write that is either complete or did not happen.
//
//   std::vector<std::byte> bytes = read_file("weights.pth");
//   AtomicFile out("weights.safetensors"); out.write(header); out.write(data); out.commit();
//
// The write goes to a temporary name beside the target, is flushed to the disk, and is then renamed over the target: a
// killed run or a full disk leaves the old file, never half of a new one. Two writers of one path each have a temporary of
// their own: the later one's file is what stays, whole. What is no regular file is written through (output_target.hpp).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "descriptor.hpp"
#include "output_target.hpp"

namespace qrs::io {

/// Default cap of read_file: 8 GiB, far above any network of this library.
inline constexpr std::uint64_t max_file_bytes = std::uint64_t{8} << 30;

/// All bytes of a regular file of at most `cap` bytes. A folder, a device and a pipe are refused, and never waited for.
inline std::vector<std::byte> read_file(const std::string& path, std::uint64_t cap = max_file_bytes) {
  detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  QRS_CHECK(file.open(), "[file] expected to open ", path, ", got: ", std::strerror(errno));
  struct stat status {};
  QRS_CHECK(::fstat(file.get(), &status) == 0, "[file] expected the size of ", path, ", got: ", std::strerror(errno));
  QRS_CHECK(S_ISREG(status.st_mode), "[file] expected a regular file, got ", path, ", ",
            detail::kind_of(status.st_mode));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  QRS_CHECK(size <= cap, "[file] expected at most ", cap, " bytes in ", path, ", got ", size);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    QRS_CHECK(count >= 0, "[file] expected to read ", path, ", byte ", done, ", got: ", std::strerror(errno));
    QRS_CHECK(count > 0, "[file] expected ", bytes.size(), " bytes in ", path, ", got ", done,
              ": it shrank while read");
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

/// A file being written under a temporary name; commit() gives it its name. Destroyed without commit, it leaves nothing. Into
/// a device or a pipe the bytes go as they are written.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path)
      : target_(detail::output_target(path)),
        file_(target_.stream ? detail::open_stream(target_) : detail::open_temporary(target_, temporary_)) {
    if (!file_.open()) detail::fail_write(target_.path, 0, errno);
  }
  ~AtomicFile() {
    if (!committed_ && !target_.stream) ::unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_here();
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      written_ += static_cast<std::uint64_t>(count);
    }
  }
  void write(std::string_view text) { write(as_bytes(text)); }

  std::uint64_t written() const { return written_; }

  /// Flushes to the disk and renames to the target. The folder's own entry is flushed too where the system allows it.
  void commit() {
    // What has no disk has nothing to flush.
    if (!target_.stream && ::fsync(file_.get()) != 0 && errno != EINVAL) fail_here();
    if (!file_.close()) fail_here();
    if (target_.stream) return;
    if (::rename(temporary_.c_str(), target_.path.c_str()) != 0) fail_here();
    committed_ = true;
    const std::size_t slash = target_.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : target_.path.substr(0, slash + 1);
    detail::Descriptor entry(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (entry.open()) ::fsync(entry.get());
  }

 private:
  [[noreturn]] void fail_here() const { detail::fail_write(target_.path, written_, errno); }

  detail::OutputTarget target_;
  std::string temporary_;  // before file_, whose opening names it
  detail::Descriptor file_;
  std::uint64_t written_ = 0;
  bool committed_ = false;
};

/// True of what bytes are written through: a device, a pipe, /dev/stdout. Throws as a write does.
inline bool is_stream(const std::string& path) { return detail::output_target(path).stream; }

/// Throws where a file could not be written: before hours of work that would end in the same message. Leaves nothing behind.
inline void expect_writable(const std::string& path) {
  if (!detail::output_target(path).stream) AtomicFile probe(path);
}

/// Writes a whole file: complete, or not at all.
inline void write_file(const std::string& path, Bytes bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace qrs::io
