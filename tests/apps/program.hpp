// Runs the program `qrs` as a shell would. CMake names it in the environment variable QRS_PROGRAM.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

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

}  // namespace program
