// qrs parity DIR: every case of the reference files in a folder, computed here and compared.
#include "../parity/parity.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "../outputs/outputs.hpp"
#include "commands.hpp"

namespace qrs::commands::parity_verb {

namespace {

struct Arguments {
  parity::Options options;
  std::string dtype = "f32";
  std::string device = "cpu";
  bool json = false;
};

void print_json(const parity::Report& report) {
  nlohmann::ordered_json out;
  out["cases"] = report.cases;
  out["failed"] = report.failed;
  out["skipped"] = report.skipped();
  out["rows"] = nlohmann::ordered_json::array();
  for (const parity::Row& row : report.rows) {
    nlohmann::ordered_json entry{{"case", row.case_name},
                                 {"quantity", row.quantity},
                                 {"error", row.error},  // null where it is not finite
                                 {"tolerance", row.tolerance},
                                 {"ok", row.ok}};
    if (!row.note.empty()) entry["note"] = row.note;
    out["rows"].push_back(std::move(entry));
  }
  outputs::print_json(out);
}

void print_table(const parity::Report& report) {
  std::size_t case_width = 4;
  std::size_t quantity_width = 8;
  for (const parity::Row& row : report.rows) {
    case_width = std::max(case_width, row.case_name.size());
    quantity_width = std::max(quantity_width, row.quantity.size());
  }
  const int a = static_cast<int>(case_width);
  const int b = static_cast<int>(quantity_width);
  std::printf("%-*s  %-*s  %9s  %9s  %s\n", a, "case", b, "quantity", "error", "tolerance", "verdict");
  for (const parity::Row& row : report.rows) {
    std::printf("%-*s  %-*s  %9.2e  %9.1e  %s\n", a, row.case_name.c_str(), b, row.quantity.c_str(), row.error,
                row.tolerance, row.ok ? "ok" : "FAILED");
    if (!row.note.empty()) std::printf("%-*s  %s\n", a, "", row.note.c_str());
  }
  std::map<std::string, int> reasons;
  for (const parity::Skip& skip : report.skips) ++reasons[skip.reason];
  for (const auto& [reason, count] : reasons) std::printf("skipped %d: %s\n", count, reason.c_str());
  std::printf("parity: %d cases, %d failed, %d skipped\n", report.cases, report.failed, report.skipped());
}

}  // namespace

void add(CLI::App& program) {
  auto* command = program.add_subcommand(
      "parity", "Compare with reference files that PyTorch, scikit-learn, XGBoost and Pillow have written.");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("DIR", arguments->options.directory, "Folder of *.safetensors reference files")->required();
  command->add_option("--dtype", arguments->dtype, "Compute in f32 or f64")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  command->add_option("--only", arguments->options.only, "Only cases whose name, or whose file's name, begins so");
  command->add_option("--device", arguments->device, "Compute on cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->footer(
      "An error is the largest difference, relative to the largest reference value; of the losses of Adam it is "
      "relative\n"
      "to each, of gradient norms the median over the parameters. Entry by entry of an operations file is a case; a "
      "model\n"
      "has three: MODEL/eval, MODEL/train, MODEL/adam. What this version does not know is skipped and counted apart.\n"
      "docs/parity.md describes the files; tests/golden/make_reference.py writes them.\n"
      "Exit status: 0 all agree, 1 one failed, 2 none matched.\n\n"
      "  qrs parity tests/golden\n"
      "  qrs parity tests/golden --dtype f64 --only resnet18\n"
      "  qrs parity tests/golden --only conv2d --json");
  command->callback([arguments] {
    arguments->options.double_precision = arguments->dtype == "f64";
    arguments->options.device = arguments->device == "cuda" ? Device::cuda : Device::cpu;
    const parity::Report report = parity::run(arguments->options);
    (arguments->json ? print_json : print_table)(report);
    if (report.nothing_matched()) finish(2);
    if (report.failed > 0) finish(1);
  });
}

}  // namespace qrs::commands::parity_verb
