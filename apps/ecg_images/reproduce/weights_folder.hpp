// Which file of a folder of weights belongs to a network.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "qrs/core/error.hpp"

namespace qrs::reproduce {

/// The file of `folder` whose name begins with the network's and ends as weights do: resnet18-f37072fd.pth. Where `folder` is a
/// file, that file. Throws where there is none, or more than one.
inline std::string weights_file(const std::string& folder, std::string_view network) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(folder, error)) return folder;
  QRS_CHECK(fs::is_directory(folder, error), "[weights] expected a folder of weight files, got ", folder,
            ", which is none");
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::string ending = entry.path().extension().string();
    const bool weights = ending == ".pth" || ending == ".pt" || ending == ".safetensors";
    if (entry.is_regular_file() && weights && name.starts_with(network)) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  QRS_CHECK(!found.empty(), "[weights] expected a file in ", folder, " whose name begins with ", network,
            " and ends in .pth, .pt or .safetensors, got none; put it there, or leave ", network,
            " out of --backbones");
  QRS_CHECK(found.size() == 1, "[weights] expected one file for ", network, " in ", folder, ", got ", found.size(),
            ": ", found[0], ", ", found[1]);
  return found[0];
}

}  // namespace qrs::reproduce
