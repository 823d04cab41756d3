// The files of the tree, for the rules.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "rules.hpp"

namespace rules {

/// The source files and texts of some folders of the working directory, in the order of their paths.
inline std::vector<SourceFile> read_tree(const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().generic_string();
      const bool text = is_cpp(path) || path.ends_with(".py") || path.ends_with(".sh") || path.ends_with(".md") ||
                        path.ends_with("CMakeLists.txt");
      if (!entry.is_regular_file() || !text) continue;
      std::ifstream in(path, std::ios::binary);
      files.push_back({path, {std::istreambuf_iterator<char>(in), {}}});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace rules
