// Runs the program `qrs` as a shell would. CMake names it in the environment variable QRS_PROGRAM.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace program {

struct Outcome {
  int status = -1;     // what the program exited with; -1 if a signal ended it
  std::string output;  // standard output and standard error together
};

/// True where the build made the program.
inline bool available() { return std::getenv("QRS_PROGRAM") != nullptr; }

/// Runs `qrs <arguments>`; the shell splits them.
inline Outcome qrs(const std::string& arguments) {
  const std::string command = "'" + std::string(std::getenv("QRS_PROGRAM")) + "' " + arguments + " 2>&1";
  Outcome outcome;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char part[4096];
  while (const std::size_t got = std::fread(part, 1, sizeof part, pipe)) outcome.output.append(part, got);
  const int ended = pclose(pipe);
  if (WIFEXITED(ended)) outcome.status = WEXITSTATUS(ended);
  return outcome;
}

/// `qrs` in the background, its output thrown away; killed with the object where it still runs.
class Background {
 public:
  explicit Background(std::vector<std::string> arguments) {
    std::string name = std::getenv("QRS_PROGRAM");
    std::vector<char*> argv{name.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~Background() {
    if (pid_ > 0) end(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  bool running() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ > 0;
  }
  /// Sends a signal and waits; what waitpid says.
  int end(int signal) {
    ::kill(pid_, signal);
    ::waitpid(std::exchange(pid_, 0), &status_, 0);
    return status_;
  }

 private:
  pid_t pid_ = 0;
  int status_ = 0;
};

}  // namespace program
