// Which image files a data set has and what each is labelled: the list that folders (image_folder.hpp) and tables
// (image_table.hpp) give, and how its classes are numbered.
//
// Labels count the classes in the natural order of their names. Who knows the classes of a data set gives a list of them:
// where every name is of the list, its order and its names hold. Images stand by class and then in the natural order of their
// paths, on every machine.
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
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/natural_order.hpp"
#include "../io/byte_reader.hpp"
#include "../io/json_list.hpp"

namespace qrs::data {

/// A class of a data set that is known beforehand. Its folder is called `name`, or begins with `folder`, in any case.
struct KnownClass {
  std::string_view name;
  std::string_view folder;
};

struct ImageList {
  struct Entry {
    std::string path;  // relative to the root, '/' between folders, or absolute
    std::int64_t label = 0;
  };
  std::string root;  // the folder that paths are relative to
  std::vector<std::string> class_names;
  std::vector<Entry> entries;
  std::int64_t ignored = 0;                      // files in the folders of classes that are named like no picture
  std::map<std::string, std::int64_t> left_out;  // what a user may miss, and how many: ".webp", "hidden pictures"
};

/// Where a picture of the list lies.
inline std::string picture_path(const ImageList& list, const ImageList::Entry& entry) {
  return (std::filesystem::path(list.root) / entry.path).string();
}

/// ".tif (1), .webp (2), hidden pictures (1)"; empty where nothing was left out.
inline std::string left_out_words(const ImageList& list) {
  std::string words;
  for (const auto& [what, count] : list.left_out) words += text(words.empty() ? "" : ", ", what, " (", count, ")");
  return words;
}

namespace detail {

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

inline bool named_like_a_picture(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 11> endings = {".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".jif",
                                                               ".bmp", ".dib", ".pgm",  ".ppm",  ".pnm"};
  return std::find(endings.begin(), endings.end(), lower_case(path.extension().string())) != endings.end();
}

/// Throws for a name that could not be written into the records of a run, before the run: they are UTF-8, a name a line.
inline void check_name(std::string_view what, const std::string& name) {
  const bool controls =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  QRS_CHECK(!controls && io::is_utf8(name), "[images] expected ", what,
            " in UTF-8 without line breaks and other control characters, got ", io::shown(name), " (? for such bytes)",
            "; rename it");
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
    check_name("names of classes", name);
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

/// The entries of pairs of class and path, in order.
inline void add_entries(ImageList& list, std::vector<std::pair<std::string, std::string>> found,
                        const std::map<std::string, std::int64_t>& labels) {
  for (auto& [name, path] : found) {
    check_name("names of images", path);
    list.entries.push_back({std::move(path), labels.at(name)});
  }
  std::sort(list.entries.begin(), list.entries.end(), [](const ImageList::Entry& a, const ImageList::Entry& b) {
    return a.label != b.label ? a.label < b.label : natural_less(a.path, b.path);
  });
}

}  // namespace detail

}  // namespace qrs::data
