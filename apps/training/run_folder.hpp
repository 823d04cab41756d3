// The folder of a run: made where it is missing, and held by one process at a time.
//
//   const RunFolder folder("run");
//   remove_leftovers("run", {"history.jsonl"});      what a killed run left half written, once the folder is known to be ours
#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "qrs/core/error.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/folder.hpp"

namespace qrs::training {

class RunFolder {
 public:
  explicit RunFolder(const std::string& path, std::string_view op = "[run]")
      : path_(path), held_((io::make_folder(op, path), ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {
    QRS_CHECK(held_.open(), "[run] expected a folder, got ", path, ": ", std::strerror(errno));
    // The system lets go of the lock when the process ends, however it ends.
    QRS_CHECK(::flock(held_.get(), LOCK_EX | LOCK_NB) == 0, "[run] expected ", path,
              " for this run alone, got a folder that another qrs is at work in");
  }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
  io::detail::Descriptor held_;
};

/// Removes the temporary files of writes of these names, of runs that were killed. Nothing else that the folder holds is
/// touched. To be called where no other process writes them: with the folder held.
inline void remove_leftovers(const std::string& folder, const std::vector<std::string_view>& names) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error)) continue;
    const std::string name = entry.path().filename().string();
    for (const std::string_view written : names) {
      if (io::detail::is_temporary_name(name, written)) std::filesystem::remove(entry.path(), error);
    }
  }
}

}  // namespace qrs::training
