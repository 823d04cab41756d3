// Folders: made for what is written, and listed for what is read. Apart from io/file.hpp, because <filesystem> is slow to
// compile.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "../core/error.hpp"
#include "../core/natural_order.hpp"
#include "file.hpp"

namespace qrs::io {

/// Makes a folder and those above it, where they are missing. Throws where that cannot be; `op` names who asks, as "[train]".
inline void make_folder(std::string_view op, const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  QRS_CHECK(!error, op, " expected to create the folder ", path, ", got: ", error.message(),
            detail::advice(error.value()));
}

struct FolderEntry {
  std::string name;
  bool folder = false;  // or a link to one
  bool link = false;    // symbolic, broken ones too
};

/// What lies in a folder, in the natural order of the names. Throws where it cannot be read; `op` names who asks. An entry that
/// is no folder may be anything: whoever opens it learns whether it can be read.
inline std::vector<FolderEntry> list_folder(std::string_view op, const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<FolderEntry> entries;
  std::error_code error;
  fs::directory_iterator at(path, error);
  while (!error && at != fs::directory_iterator()) {
    std::error_code unknown;  // of a link that leads nowhere or in a circle: no folder
    entries.push_back({at->path().filename().string(), at->is_directory(unknown), at->is_symlink(unknown)});
    at.increment(error);
  }
  QRS_CHECK(!error, op, " expected to read the folder ", path, ", got: ", error.message());
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return natural_less(a.name, b.name); });
  return entries;
}

}  // namespace qrs::io
