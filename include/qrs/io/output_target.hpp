// Where the bytes of an output path go: into a new file, over a file, or into a device or a pipe as they come.
//
//   detail::OutputTarget to = detail::output_target("link.csv");      to.path == "what/it/points/to.csv"
//
// Only a regular file is ever replaced. A symbolic link stays what it is, and the file that it points to is replaced, with the
// mode and the owner it had. A device, a pipe, and /dev/stdout whatever it is connected to, are written through.
#pragma once

#include <limits.h>
#include <stdlib.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "descriptor.hpp"

namespace qrs::io::detail {

struct OutputTarget {
  std::string path;                   // without symbolic links where a file is replaced
  std::optional<struct stat> before;  // of the file that is replaced
  bool stream = false;                // written through, never replaced
};

/// Throws the Error of a write that failed.
[[noreturn]] inline void fail_write(std::string_view path, std::uint64_t byte, int error) {
  fail("[file] expected to write ", path, ", byte ", byte, ", got: ", std::strerror(error), advice(error));
}

/// The standard stream that `path` names under /dev or /proc, as /dev/stdout does; -1: none.
inline int standard_stream(std::string_view path, const struct stat& there) {
  if (!path.starts_with("/dev/") && !path.starts_with("/proc/")) return -1;
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat open {};
    if (::fstat(fd, &open) == 0 && open.st_dev == there.st_dev && open.st_ino == there.st_ino) return fd;
  }
  return -1;
}

/// The name that a chain of symbolic links ends at, where no file stands yet.
inline std::string end_of_links(std::string path) {
  constexpr int most_links = 40;  // as Linux counts
  char to[PATH_MAX];
  for (int links = 0;; ++links) {
    const ssize_t size = ::readlink(path.c_str(), to, sizeof to);
    if (size < 0) return path;
    if (links == most_links) fail_write(path, 0, ELOOP);
    const std::string next(to, static_cast<std::size_t>(size));
    const std::size_t slash = path.rfind('/');
    path = next.starts_with('/') || slash == std::string::npos ? next : path.substr(0, slash + 1) + next;
  }
}

/// Looks at what stands under a path. Throws for a folder, and for a file that may not be written.
inline OutputTarget output_target(const std::string& path) {
  QRS_CHECK(!path.empty(), "[file] expected the name of a file to write, got an empty one");
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) {
    if (errno != ENOENT) fail_write(path, 0, errno);
    return {.path = end_of_links(path), .before = {}};
  }
  QRS_CHECK(!S_ISDIR(there.st_mode), "[file] expected the name of a file to write, got ", path, ", a folder");
  if (!S_ISREG(there.st_mode) || standard_stream(path, there) >= 0) return {.path = path, .before = {}, .stream = true};
  if (::access(path.c_str(), W_OK) != 0) fail_write(path, 0, errno);
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
  if (real == nullptr) fail_write(path, 0, errno);
  // A plain name stays as it was given: messages and temporary names speak of it.
  struct stat itself {};
  const bool link = ::lstat(path.c_str(), &itself) == 0 && S_ISLNK(itself.st_mode);
  return {.path = link ? std::string(real.get()) : path, .before = there};
}

/// A descriptor that writes into a device or a pipe; -1 and errno where that cannot be, as for a pipe that nobody reads from.
inline int open_stream(const OutputTarget& target) {
  struct stat there {};
  if (::stat(target.path.c_str(), &there) != 0) return -1;
  if (const int fd = standard_stream(target.path, there); fd >= 0) return ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  // Not to wait for a reader; once there is one, to wait for it as usual.
  const int fd = ::open(target.path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

/// What a temporary file's name has behind its target's: this, the process, and a number.
inline constexpr std::string_view temporary_mark = ".part-";

/// True of the names that writes of `target` in the same folder give their temporary files.
inline bool is_temporary_name(std::string_view name, std::string_view target) {
  if (!name.starts_with(target)) return false;
  name.remove_prefix(target.size());
  if (!name.starts_with(temporary_mark)) return false;
  name.remove_prefix(temporary_mark.size());
  return !name.empty() && name.find_first_not_of("0123456789-") == std::string_view::npos;
}

/// Opens a new file beside the target and says its name, which no other writer has: of this process or of any. -1 and errno
/// where that cannot be.
inline int open_temporary(const OutputTarget& target, std::string& name) {
  constexpr int most_writers = 10000;  // of one path at one time
  for (int number = 0;; ++number) {
    name = text(target.path, temporary_mark, ::getpid(), "-", number);
    const mode_t mode = target.before ? S_IRUSR | S_IWUSR : 0666;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0 && target.before) {
      // Another's file stays theirs where this process may give it away; its mode follows, which a change of owner may clear.
      if (::fchown(fd, target.before->st_uid, target.before->st_gid) != 0) errno = 0;
      ::fchmod(fd, target.before->st_mode & 0777);
    }
    if (fd >= 0 || errno != EEXIST || number == most_writers) return fd;
  }
}

}  // namespace qrs::io::detail
