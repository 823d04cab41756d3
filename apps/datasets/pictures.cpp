#include "pictures.hpp"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "../ecg_images/classes.hpp"
#include "qrs/data/image_folder.hpp"

namespace qrs::datasets {

std::vector<std::string> pictures_of(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  data::ImageList list;
  for (const std::string& argument : arguments) {
    std::error_code unknown;
    if (!fs::is_directory(argument, unknown)) {
      out.push_back(argument);
      continue;
    }
    fs::path folder = fs::path(argument).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    std::vector<std::string> found;
    data::detail::PictureSearch(folder.parent_path().string(), found, list.left_out).below(folder.filename().string());
    QRS_CHECK(!found.empty(), "[images] expected pictures in the folder ", argument, ", got none");
    for (const std::string& picture : found) out.push_back((folder.parent_path() / picture).string());
  }
  if (!list.left_out.empty()) std::fprintf(stderr, "qrs: left out: %s\n", data::left_out_words(list).c_str());
  return out;
}

std::int64_t class_by_folder(const std::string& file, const std::vector<std::string>& class_names) {
  const std::string folder = std::filesystem::absolute(file).parent_path().filename().string();
  const std::int64_t known = data::detail::known_label(folder, ecg_images::classes);
  for (std::size_t c = 0; c < class_names.size(); ++c) {
    const bool same = data::detail::lower_case(folder) == data::detail::lower_case(class_names[c]);
    if (same || (known >= 0 && ecg_images::classes[static_cast<std::size_t>(known)].name == class_names[c])) {
      return static_cast<std::int64_t>(c);
    }
  }
  return -1;
}

}  // namespace qrs::datasets
