// Rows of cells printed in columns as wide as their widest cell.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qrs::tables {

/// The first column is text and starts at its left; the others are numbers and end at their right. The last is text too,
/// unless numbers_only() was called.
class TextTable {
 public:
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// The last column is of numbers too.
  void numbers_only() { numbers_only_ = true; }
  /// Writes the rows to standard output.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  bool numbers_only_ = false;
};

}  // namespace qrs::tables
