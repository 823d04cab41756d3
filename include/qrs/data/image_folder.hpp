// Which image files a data set has and what each is labelled: from a folder with one folder a class, or from a table.
//
//   const ImageList list = qrs::data::list_images("pets");           list.entries[i].path, .label; list.class_names
//
// A folder: the classes are its folders, the images everything below them whose name ends as a picture's does, and labels
// count the classes in the natural order of their names. Who knows the classes of a data set gives a list of them: where every
// folder is of the list, its order and its names hold.
// A table (.csv): a path, relative to the table, and a label a row. Images stand by class and then in the natural order of
// their paths, on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/natural_order.hpp"
#include "../io/csv.hpp"

namespace qrs::data {

/// A class of a data set that is known beforehand. Its folder is called `name`, or begins with `folder`, in any case.
struct KnownClass {
  std::string_view name;
  std::string_view folder;
};

struct ImageList {
  struct Entry {
    std::string path;  // relative to the root, '/' between folders
    std::int64_t label = 0;
  };
  std::string root;  // the folder that paths are relative to
  std::vector<std::string> class_names;
  std::vector<Entry> entries;
  std::int64_t ignored = 0;  // files in the folders of classes that are named like no picture
};

namespace detail {

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

inline bool named_like_a_picture(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 6> endings = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm"};
  return std::find(endings.begin(), endings.end(), lower_case(path.extension().string())) != endings.end();
}

/// The place of a folder's class in the list; -1 for any other name.
inline std::int64_t known_label(std::string_view name, std::span<const KnownClass> known) {
  const std::string lower = lower_case(name);
  for (std::size_t label = 0; label < known.size(); ++label) {
    if (lower == lower_case(known[label].name) || lower.starts_with(lower_case(known[label].folder))) {
      return static_cast<std::int64_t>(label);
    }
  }
  return -1;
}

/// Class names in order, and the label of each given name: the list's where all names are of its classes.
inline std::map<std::string, std::int64_t> number_classes(std::vector<std::string> names, ImageList& list,
                                                          std::string_view where, std::span<const KnownClass> known) {
  std::sort(names.begin(), names.end(), natural_less);
  std::map<std::string, std::int64_t> labels;
  const auto place = [&](const std::string& name) { return known_label(name, known); };
  const bool all_known = std::all_of(names.begin(), names.end(), [&](const std::string& n) { return place(n) >= 0; });
  if (all_known) {
    std::stable_sort(names.begin(), names.end(),
                     [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  }
  for (const std::string& name : names) {
    const std::string shown_name = all_known ? std::string(known[static_cast<std::size_t>(place(name))].name) : name;
    QRS_CHECK(list.class_names.empty() || list.class_names.back() != shown_name,
              "[images] expected one folder a class in ", where, ", got two for ", shown_name, "; put them together");
    labels[name] = static_cast<std::int64_t>(list.class_names.size());
    list.class_names.push_back(shown_name);
  }
  QRS_CHECK(names.size() >= 2, "[images] expected at least two classes in ", where, ", got ",
            names.empty() ? std::string("none") : text("one, '", names.front(), "'"),
            names.empty() ? "; it must hold one folder of images a class"
                          : " (where that folder holds the folders of the classes, name that one)");
  return labels;
}

inline void sort_entries(ImageList& list) {
  std::sort(list.entries.begin(), list.entries.end(), [](const ImageList::Entry& a, const ImageList::Entry& b) {
    return a.label != b.label ? a.label < b.label : natural_less(a.path, b.path);
  });
}

}  // namespace detail

/// The images of a folder that holds one folder a class. Throws where there is no such folder, there are fewer than two
/// classes, or a class has no image.
inline ImageList list_image_folder(const std::string& folder, std::span<const KnownClass> known = {}) {
  namespace fs = std::filesystem;
  ImageList list;
  list.root = folder;
  std::error_code error;
  QRS_CHECK(fs::is_directory(folder, error), "[images] expected a folder of images, one folder a class, got ", folder,
            fs::exists(folder, error) ? ", which is no folder" : ", which does not exist");
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>> found;  // class folder, path
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with('.')) continue;
    const std::size_t before = found.size();
    std::int64_t ignored = 0;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(entry.path(), error)) {
      if (!file.is_regular_file()) continue;
      if (detail::named_like_a_picture(file.path())) {
        found.emplace_back(name, fs::relative(file.path(), folder).generic_string());
      } else {
        ++ignored;
      }
    }
    QRS_CHECK(!error, "[images] expected to read the folder ", entry.path().string(), ", got: ", error.message());
    QRS_CHECK(found.size() > before, "[images] expected images in the folder of each class, got none in ",
              entry.path().string(), " (", ignored,
              " other files); add .png, .jpg, .bmp, .pgm or .ppm files or remove the folder");
    names.push_back(name);
    list.ignored += ignored;
  }
  QRS_CHECK(!error, "[images] expected to read the folder ", folder, ", got: ", error.message());
  const std::map<std::string, std::int64_t> labels = detail::number_classes(std::move(names), list, folder, known);
  for (auto& [name, path] : found) list.entries.push_back({std::move(path), labels.at(name)});
  detail::sort_entries(list);
  return list;
}

/// The images of a table: two columns, a path relative to the table's folder and the name of a class. A first line "path,label"
/// (or file, image; class) is a heading.
inline ImageList list_image_table(const std::string& table, std::span<const KnownClass> known = {}) {
  namespace fs = std::filesystem;
  ImageList list;
  const fs::path parent = fs::path(table).parent_path();
  list.root = parent.empty() ? "." : parent.string();
  std::vector<std::pair<std::string, std::string>> found;  // class, path
  std::vector<std::string> names;
  bool first = true;
  const std::vector<std::byte> bytes = io::read_file(table);
  io::for_each_csv_row(bytes, table, [&](std::int64_t line, const std::vector<std::string_view>& fields) {
    QRS_CHECK(fields.size() == 2, "[images] ", table, ", line ", line, ": expected a path and a label, got ",
              fields.size(), " fields");
    const std::string heading = detail::lower_case(fields[0]);
    const bool is_heading = first && (heading == "path" || heading == "file" || heading == "image");
    first = false;
    if (is_heading) return;
    QRS_CHECK(!fields[0].empty() && !fields[1].empty(), "[images] ", table, ", line ", line,
              ": expected a path and a label, got an empty field");
    found.emplace_back(std::string(fields[1]), std::string(fields[0]));
    if (std::find(names.begin(), names.end(), found.back().first) == names.end()) names.push_back(found.back().first);
  });
  const std::map<std::string, std::int64_t> labels = detail::number_classes(std::move(names), list, table, known);
  for (auto& [name, path] : found) list.entries.push_back({std::move(path), labels.at(name)});
  detail::sort_entries(list);
  return list;
}

/// list_image_table for a name that ends in .csv, otherwise list_image_folder.
inline ImageList list_images(const std::string& source, std::span<const KnownClass> known = {}) {
  return source.ends_with(".csv") ? list_image_table(source, known) : list_image_folder(source, known);
}

}  // namespace qrs::data
