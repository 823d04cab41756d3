// The folder of a run: made where it is missing, held by one process at a time, and free of what a killed run left half
// written.
#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "qrs/core/error.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/folder.hpp"

namespace qrs::training {

class RunFolder {
 public:
  explicit RunFolder(const std::string& path)
      : path_(path), held_((io::make_folder("[run]", path), ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {
    QRS_CHECK(held_.open(), "[run] expected a folder, got ", path, ": ", std::strerror(errno));
    // The system lets go of the lock when the process ends, however it ends.
    QRS_CHECK(::flock(held_.get(), LOCK_EX | LOCK_NB) == 0, "[run] expected ", path,
              " for this run alone, got a folder that another qrs is at work in");
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      // io::AtomicFile's temporary names; nobody else writes here now, so no writer is left.
      if (entry.path().filename().string().find(".part-") != std::string::npos) std::filesystem::remove(entry.path());
    }
  }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
  io::detail::Descriptor held_;
};

}  // namespace qrs::training
