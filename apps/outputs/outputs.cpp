#include "outputs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "qrs/core/error.hpp"
#include "qrs/io/file.hpp"

namespace qrs::outputs {

namespace {

/// ".npy, .csv or .txt"
std::string list_of(const std::vector<std::string_view>& endings) {
  std::string out;
  for (std::size_t i = 0; i < endings.size(); ++i) {
    out += text(i == 0 ? "" : i + 1 == endings.size() ? " or " : ", ", endings[i]);
  }
  return out;
}

}  // namespace

void expect_file(std::string_view verb, std::string_view flag, const std::string& path,
                 const std::vector<std::string_view>& endings) {
  const bool fits = endings.empty() || std::any_of(endings.begin(), endings.end(),
                                                   [&](std::string_view ending) { return path.ends_with(ending); });
  QRS_CHECK(fits || io::is_stream(path), "[", verb, "] expected ", flag, " to end in ", list_of(endings),
            ", which says the format, got ", path);
  io::expect_writable(path);
}

void print_json(const nlohmann::ordered_json& value) {
  std::printf("%s\n", value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is the one that is missing. Opened the wrong way round, so that its use fails.
    if (::fcntl(fd, F_GETFD) == -1) ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
}

void finish() {
  errno = 0;
  // A stream that failed once may be emptied without an error now: its mark stays.
  const bool failed_before = std::ferror(stdout) != 0;
  if (std::fflush(stdout) == 0 && !failed_before) return;
  if (errno == 0) {  // an earlier write failed: another one says why
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }
  const int error = errno != 0 ? errno : EIO;
  fail("[output] expected to write to standard output, got: ", std::strerror(error), io::detail::advice(error));
}

}  // namespace qrs::outputs
