// The images of a data set from a folder with one folder a class, or from a table.
//
//   const ImageList list = qrs::data::list_images("pets");           list.entries[i].path, .label; list.class_names
//
// A folder: the classes are its folders, the images everything below them whose name ends as a picture's does. Names that begin
// with a point are hidden, as are the folders that systems make for themselves; links to pictures count under their own
// names, links to folders below a class are not followed. What is left out and might be missed is counted in list.left_out.
// Folders called train, test, val and the like are parts of a data set and no classes: an Error says so.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../io/folder.hpp"
#include "image_list.hpp"
#include "image_table.hpp"

namespace qrs::data {

namespace detail {

/// Folders that systems put among a user's: of archives made on a Mac, thumbnails, caches, waste.
inline bool made_by_a_system(std::string_view name) {
  static constexpr std::array<std::string_view, 6> names = {
      "__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

inline bool hidden(std::string_view name) { return name.starts_with('.') || made_by_a_system(name); }

/// The pictures below a folder; `path` is relative to the root of the data set.
class PictureSearch {
 public:
  PictureSearch(const std::string& root, std::vector<std::string>& found, std::map<std::string, std::int64_t>& left_out)
      : root_(root), found_(found), left_out_(left_out) {}

  void below(const std::string& path) {
    for (const io::FolderEntry& entry : io::list_folder("[images]", (root_ / path).string())) {
      const std::string inside = path + "/" + entry.name;
      if (entry.folder && entry.link) {
        ++left_out_["links to folders"];
      } else if (entry.folder && !hidden(entry.name)) {
        below(inside);
      } else if (!entry.folder) {
        file(entry.name, inside);
      }
    }
  }

  std::int64_t ignored() const { return ignored_; }

 private:
  void file(const std::string& name, const std::string& inside) {
    const bool picture = named_like_a_picture(name);
    if (hidden(name)) {
      if (picture) ++left_out_["hidden pictures"];
    } else if (picture) {
      found_.push_back(inside);
    } else {
      const std::string ending = lower_case(std::filesystem::path(name).extension().string());
      ++left_out_[ending.empty() ? "files without an ending" : "files named " + io::shown(ending)];
      ++ignored_;
    }
  }

  std::filesystem::path root_;
  std::vector<std::string>& found_;
  std::map<std::string, std::int64_t>& left_out_;
  std::int64_t ignored_ = 0;
};

/// Which part of a data set a folder's name tells, by one of its words: "train", "test", "validation"; empty for none.
inline std::string_view part_named(std::string_view name) {
  static const std::map<std::string_view, std::string_view> parts = {
      {"train", "train"},           {"training", "train"},     {"trainset", "train"},      {"test", "test"},
      {"testing", "test"},          {"testset", "test"},       {"val", "validation"},      {"valid", "validation"},
      {"validation", "validation"}, {"dev", "validation"},     {"validate", "validation"}, {"eval", "validation"},
      {"valset", "validation"},     {"validset", "validation"}};
  const std::string lower = lower_case(name);
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= lower.size(); ++i) {
    if (i < lower.size() && std::isalpha(static_cast<unsigned char>(lower[i])) != 0) continue;
    const auto part = parts.find(std::string_view(lower).substr(begin, i - begin));
    if (part != parts.end()) return part->second;
    begin = i + 1;
  }
  return {};
}

/// Throws where folders are parts of a data set: they tell two different ones, and are either all that there is, or hold
/// folders of pictures and none beside them. `pictures` of each folder, relative to `root`.
inline void check_no_parts(const std::string& root, const std::map<std::string, std::vector<std::string>>& pictures) {
  std::set<std::string_view> parts;
  std::string names;
  std::string one;
  std::size_t count = 0;
  bool folders_alone = true;
  for (const auto& [name, paths] : pictures) {
    if (part_named(name).empty()) continue;
    parts.insert(part_named(name));
    names += (names.empty() ? "" : " and ") + name;
    if (one.empty() || part_named(name) == "train") one = name;
    ++count;
    for (const std::string& path : paths) folders_alone = folders_alone && path.find('/', name.size() + 1) != path.npos;
  }
  QRS_CHECK(parts.size() < 2 || (count < pictures.size() && !folders_alone), "[images] expected one folder a class in ",
            root, ", got ", names, ", which look like parts of a data set and not like classes; ",
            folders_alone ? text("name one that holds the folders of the classes, as ", root, "/", one)
                          : std::string("put the images into one folder a class, or name a .csv of path and class"));
}

}  // namespace detail

/// The images of a folder that holds one folder a class. Throws where there is no such folder, it cannot be read, there are
/// fewer than two classes, the folders are parts of a data set, a class has no image, or a name is no UTF-8.
inline ImageList list_image_folder(const std::string& folder, std::span<const KnownClass> known = {}) {
  namespace fs = std::filesystem;
  ImageList list;
  list.root = folder;
  std::error_code error;
  QRS_CHECK(fs::is_directory(folder, error), "[images] expected a folder of images, one folder a class, got ", folder,
            fs::exists(folder, error) ? ", which is no folder" : ", which does not exist");
  std::map<std::string, std::vector<std::string>> pictures;  // of each class folder
  std::vector<std::string> names;
  for (const io::FolderEntry& entry : io::list_folder("[images]", folder)) {
    if (detail::hidden(entry.name)) continue;
    if (!entry.folder) {
      if (detail::named_like_a_picture(entry.name)) ++list.left_out["pictures outside of the folders of classes"];
      continue;
    }
    detail::PictureSearch search(folder, pictures[entry.name], list.left_out);
    search.below(entry.name);
    QRS_CHECK(!pictures[entry.name].empty(), "[images] expected images in the folder of each class, got none in ",
              (fs::path(folder) / entry.name).string(), " (", search.ignored(),
              " other files); add .png, .jpg, .bmp, .pgm or .ppm files or remove the folder");
    names.push_back(entry.name);
    list.ignored += search.ignored();
  }
  detail::check_no_parts(folder, pictures);
  const std::map<std::string, std::int64_t> labels = detail::number_classes(std::move(names), list, folder, known);
  std::vector<std::pair<std::string, std::string>> found;  // class folder, path
  for (auto& [name, paths] : pictures) {
    for (std::string& path : paths) found.emplace_back(name, std::move(path));
  }
  detail::add_entries(list, std::move(found), labels);
  return list;
}

/// list_image_table for a name that ends in .csv, otherwise list_image_folder.
inline ImageList list_images(const std::string& source, std::span<const KnownClass> known = {}) {
  return source.ends_with(".csv") ? list_image_table(source, known) : list_image_folder(source, known);
}

}  // namespace qrs::data
