// What verbs write: files whose names are looked at before the work begins, and standard output that arrives or is an error.
//
//   outputs::expect_file("predict", "--out", path, {".npy", ".csv"});      a wrong ending or folder ends the verb at once
//   outputs::print_json(out);                                              one JSON object
//   outputs::open_standard_streams(); ... outputs::finish();               the program's first and last act
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qrs::outputs {

/// Throws unless `path`, the value of `flag`, ends in one of `endings` (none: any name will do) and can be written. A device
/// and a pipe, which nobody names after a format, pass.
void expect_file(std::string_view verb, std::string_view flag, const std::string& path,
                 const std::vector<std::string_view>& endings);

/// Prints with two blanks for each level. Names of files may hold any bytes; what is no UTF-8 is replaced.
void print_json(const nlohmann::ordered_json& value);

/// Where a standard stream came closed, puts one there that fails, so that no file the program opens takes its place. A limit on
/// the size of files and a reader that has gone become errors of the write, no longer signals that end the program.
void open_standard_streams();

/// Throws where anything that was printed did not arrive: a full disk, a reader that has gone, a closed stream.
void finish();

}  // namespace qrs::outputs
