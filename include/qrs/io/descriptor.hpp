// What reading and writing files have in common: a POSIX descriptor, and words about files and about errno.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace qrs::io::detail {

/// A descriptor that closes itself.
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

/// What stands under a name that is no regular file.
inline std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no file";
}

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
    case ENXIO:
      return "; nobody reads from it: start the reader first";
    case EPIPE:
      return "; who read from it has gone";
    default:
      return "";
  }
}

}  // namespace qrs::io::detail
