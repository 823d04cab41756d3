// The images of a data set from a table (.csv): a path and the name of a class a row.
//
//   path,label                 file, filename, img, image_path ... may stand for path, and the columns in the other order
//   cats/1.png,cat             relative to the table's folder, or absolute
//   "dogs/a, ""b"".png",dog    in double quotes as RFC 4180 has them
//
// A first row whose path is no file and no picture's name is a heading. An unnamed first column before the two (as pandas
// writes it) is passed over. Folders may be parted by backslashes. A line that begins with # is a comment, unless it names a
// file that is there.
#pragma once

#include <algorithm>
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

#include "../io/csv_records.hpp"
#include "../io/file.hpp"
#include "image_list.hpp"

namespace qrs::data {

namespace detail {

struct TableRow {
  std::int64_t line = 0;
  std::vector<std::string> fields;
};

/// A table's paths, as files that are looked for from its folder.
class TablePaths {
 public:
  explicit TablePaths(std::filesystem::path root) : root_(std::move(root)) {}

  bool exists(const std::string& path) const {
    std::error_code error;
    return !path.empty() && std::filesystem::is_regular_file(root_ / path, error);
  }
  bool plausible(const std::string& path) const { return named_like_a_picture(path) || exists(path); }
  /// With '/' between folders, unless backslashes are part of a file's name.
  std::string with_slashes(std::string path) const {
    if (path.find('\\') == std::string::npos || exists(path)) return path;
    std::replace(path.begin(), path.end(), '\\', '/');
    return path;
  }

 private:
  std::filesystem::path root_;
};

/// The rows of a table, comments left out.
inline std::vector<TableRow> table_rows(const std::string& table, const TablePaths& paths) {
  const std::vector<std::byte> bytes = io::read_file(table);
  const io::Utf8Text text(bytes, table, "csv");
  const auto [first, second] = io::detail::first_records(text.view(), table);
  const char separator = io::detail::text_separator(first.empty() ? text.view() : first, second);
  std::vector<TableRow> rows;
  io::detail::CsvRecords records(text.view(), table);
  io::detail::CsvSplitter splitter;
  while (records.next()) {
    const io::CsvFields& fields = splitter.split(records.record(), separator);
    const std::string name(fields.front());
    if (name.starts_with('#') && !paths.exists(paths.with_slashes(name))) continue;
    rows.push_back({records.line(), {fields.begin(), fields.end()}});
  }
  return rows;
}

/// Whether a heading calls a column of paths so.
inline bool heads_paths(std::string_view heading) {
  static const std::set<std::string, std::less<>> words = {
      "path",      "file",      "files",     "filename", "filenames", "filepath", "fname",   "image",   "images",
      "imagepath", "imagename", "imagefile", "imageid",  "img",       "imgs",     "imgpath", "imgname", "imgfile",
      "imgid",     "name",      "picture",   "pictures", "photo",     "photos",   "id"};
  std::string letters;
  for (const char c : lower_case(heading)) {
    if (c != '_' && c != ' ' && c != '-') letters += c;
  }
  return words.contains(letters);
}

/// Which fields of a table's rows are meant, and whether its first row is a heading.
struct TableColumns {
  std::size_t path = 0;
  std::size_t label = 1;
  std::size_t count = 2;
  bool heading = false;
};

inline TableColumns table_columns(const std::vector<TableRow>& rows, const TablePaths& paths,
                                  const std::string& table) {
  TableColumns columns;
  if (rows.empty()) return columns;
  const std::vector<std::string>& first = rows[0].fields;
  const bool index = first.size() == 3 && first[0].empty();  // a column without a name, as pandas writes it
  columns.path += index ? 1 : 0;
  columns.label += index ? 1 : 0;
  columns.count += index ? 1 : 0;
  QRS_CHECK(first.size() == columns.count, "[images] ", table, ", line ", rows[0].line,
            ": expected a path and a label, got ", first.size(), " fields");
  columns.heading = index || heads_paths(first[columns.path]);
  if (heads_paths(first[columns.label]) && !heads_paths(first[columns.path]) && !paths.plausible(first[columns.path])) {
    columns.heading = true;
    std::swap(columns.path, columns.label);
  }
  const auto path_of = [&](std::size_t row) { return paths.with_slashes(rows[row].fields[columns.path]); };
  if (!columns.heading && rows.size() > 1 && rows[1].fields.size() == columns.count) {
    columns.heading = !paths.plausible(path_of(0)) && paths.plausible(path_of(1));
  }
  return columns;
}

}  // namespace detail

/// The images of a table: two columns, a path relative to the table's folder and the name of a class. Throws where a row has
/// other fields or an empty one, there are fewer than two classes, or a name is no UTF-8; the files are not opened.
inline ImageList list_image_table(const std::string& table, std::span<const KnownClass> known = {}) {
  ImageList list;
  const std::filesystem::path parent = std::filesystem::path(table).parent_path();
  list.root = parent.empty() ? "." : parent.string();
  const detail::TablePaths paths(list.root);
  const std::vector<detail::TableRow> rows = detail::table_rows(table, paths);
  const detail::TableColumns columns = detail::table_columns(rows, paths, table);
  std::vector<std::pair<std::string, std::string>> found;  // class, path
  std::set<std::string> names;
  for (std::size_t i = columns.heading ? 1 : 0; i < rows.size(); ++i) {
    const detail::TableRow& row = rows[i];
    QRS_CHECK(row.fields.size() == columns.count, "[images] ", table, ", line ", row.line,
              ": expected a path and a label, got ", row.fields.size(), " fields");
    const std::string& path = row.fields[columns.path];
    const std::string& label = row.fields[columns.label];
    QRS_CHECK(!path.empty() && !label.empty(), "[images] ", table, ", line ", row.line,
              ": expected a path and a label, got an empty field");
    found.emplace_back(label, paths.with_slashes(path));
    names.insert(label);
  }
  const std::map<std::string, std::int64_t> labels =
      detail::number_classes(std::vector<std::string>(names.begin(), names.end()), list, table, known);
  detail::add_entries(list, std::move(found), labels);
  return list;
}

}  // namespace qrs::data
