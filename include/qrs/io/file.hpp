// Whole files in, whole files out: a capped read, and a write that is either complete or did not happen.
//
//   std::vector<std::byte> bytes = read_file("weights.pth");
//   AtomicFile out("weights.safetensors"); out.write(header); out.write(data); out.commit();
//
// The write goes to a temporary name beside the target, is flushed to the disk, and is then renamed over the target: a
// killed run or a full disk leaves the old file, never half of a new one.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

namespace qrs::io {

/// Default cap of read_file: 8 GiB, far above any network of this library.
inline constexpr std::uint64_t max_file_bytes = std::uint64_t{8} << 30;

namespace detail {

/// A POSIX descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  /// False where the close itself reports a write error.
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

/// What to do about a failed write, by its errno.
inline std::string_view advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; free space on that disk or choose another folder, then run again";
    case EFBIG:
      return "; the file size limit of this process or disk is too small (ulimit -f)";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; choose a folder you may write to";
    case ENOENT:
    case ENOTDIR:
      return "; create its folder first";
    default:
      return "";
  }
}

}  // namespace detail

/// All bytes of a regular file of at most `cap` bytes.
inline std::vector<std::byte> read_file(const std::string& path, std::uint64_t cap = max_file_bytes) {
  detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  QRS_CHECK(file.open(), "[file] expected to open ", path, ", got: ", std::strerror(errno));
  struct stat status {};
  QRS_CHECK(::fstat(file.get(), &status) == 0, "[file] expected the size of ", path, ", got: ", std::strerror(errno));
  QRS_CHECK(S_ISREG(status.st_mode), "[file] expected a regular file, got ", path,
            S_ISDIR(status.st_mode) ? ", a folder" : ", a device or pipe");
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

/// A file being written under a temporary name; commit() gives it its name. Destroyed without commit, it leaves nothing.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path)
      : path_(std::move(path)),
        temporary_(text(path_, ".part-", ::getpid())),
        file_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (!file_.open()) fail_write(errno);
  }
  ~AtomicFile() {
    if (!committed_) ::unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_write(errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      written_ += static_cast<std::uint64_t>(count);
    }
  }
  void write(std::string_view text) { write(as_bytes(text)); }

  std::uint64_t written() const { return written_; }

  /// Flushes to the disk and renames to the target. The folder's own entry is flushed too where the system allows it.
  void commit() {
    if (::fsync(file_.get()) != 0 && errno != EINVAL) fail_write(errno);
    if (!file_.close()) fail_write(errno);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_write(errno);
    committed_ = true;
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    detail::Descriptor entry(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (entry.open()) ::fsync(entry.get());
  }

 private:
  [[noreturn]] void fail_write(int error) {
    fail("[file] expected to write ", path_, ", byte ", written_, ", got: ", std::strerror(error),
         detail::advice(error));
  }

  std::string path_;
  std::string temporary_;
  detail::Descriptor file_;
  std::uint64_t written_ = 0;
  bool committed_ = false;
};

/// Writes a whole file: complete, or not at all.
inline void write_file(const std::string& path, Bytes bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace qrs::io
