// Every reference file of a folder against QRS.
//
// Files are told apart by what they hold: metadata `cases`, a list of entries with `case` and `op`, is a file of
// operations, and with `case` and `out_height`, and no `op`, one of images; metadata `state_dict` and `num_classes` is a
// model, whose name is the file's; metadata `svc_cases` is a file of classical learning. Entries and files of other kinds
// are counted as skipped. The format, and the script that writes it, are described in docs/parity.md.
#pragma once

#include <string>

#include "report.hpp"

namespace qrs::parity {

struct Options {
  std::string directory;
  std::string only;  // a prefix of file names or of case names; empty: everything
  bool double_precision = false;
  Device device = Device::cpu;
};

/// Runs every matching case of every *.safetensors file in the folder, files in the order of their names. Throws where
/// the folder or a file cannot be read, or the device is not there.
Report run(const Options& options);

}  // namespace qrs::parity
