// --header and --no-header: whether the first line of a table is names, where its look does not tell.
#pragma once

#include <CLI/CLI.hpp>

#include "qrs/io/csv.hpp"

namespace qrs::tables {

/// Adds both options; `names` must outlive the parsing.
inline void add_header_options(CLI::App& verb, io::CsvNames& names) {
  CLI::Option* yes = verb.add_flag_callback(
      "--header", [&names] { names = io::CsvNames::yes; },
      "The first line of each CSV is names (default: by its look)");
  verb.add_flag_callback(
          "--no-header", [&names] { names = io::CsvNames::no; }, "The first line of each CSV is a row")
      ->excludes(yes);
}

}  // namespace qrs::tables
