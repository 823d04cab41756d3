// qrs summary MODEL: a network's layers with output shapes, parameters, multiply-adds and activation bytes, and totals.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "commands.hpp"
#include "model_argument.hpp"

namespace qrs::commands::summary_verb {

namespace {

struct Options {
  std::string model;
  std::int64_t batch = 1;
  std::int64_t input = 224;
  std::int64_t channels = 3;
  std::int64_t classes = 1000;
  bool json = false;
};

/// 11689512 as 11,689,512.
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

void print_json(const Options& options, const nn::Summary& summary) {
  nlohmann::ordered_json out;
  out["model"] = options.model;
  out["input"] = {options.batch, options.input, options.input, options.channels};
  out["layers"] = nlohmann::ordered_json::array();
  for (const nn::SummaryRow& row : summary.rows) {
    const auto extents = row.output.extents();
    out["layers"].push_back({{"name", row.name},
                             {"type", row.type},
                             {"output", std::vector<std::int64_t>(extents.begin(), extents.end())},
                             {"parameters", row.parameters},
                             {"macs", row.macs},
                             {"activation_bytes", row.activation_bytes}});
  }
  out["parameters"] = summary.parameters();
  out["macs"] = summary.macs();
  out["activation_bytes"] = summary.activation_bytes();
  outputs::print_json(out);
}

void print_table(const Options& options, const nn::Summary& summary) {
  std::size_t name_width = 5;
  std::size_t type_width = 4;
  std::size_t shape_width = 6;
  for (const nn::SummaryRow& row : summary.rows) {
    name_width = std::max(name_width, row.name.size());
    type_width = std::max(type_width, row.type.size());
    shape_width = std::max(shape_width, row.output.text().size());
  }
  const auto line = [&](const std::string& name, const std::string& type, const std::string& shape,
                        const std::string& parameters, const std::string& macs, const std::string& bytes) {
    std::printf("%-*s  %-*s  %-*s  %12s  %14s  %16s\n", static_cast<int>(name_width), name.c_str(),
                static_cast<int>(type_width), type.c_str(), static_cast<int>(shape_width), shape.c_str(),
                parameters.c_str(), macs.c_str(), bytes.c_str());
  };
  const Shape images{options.batch, options.input, options.input, options.channels};
  std::printf("%s for images (N, H, W, C) = %s\n\n", options.model.c_str(), images.text().c_str());
  line("layer", "type", "output", "parameters", "MACs", "activation bytes");
  const auto count = [](std::int64_t value) { return value == 0 ? std::string("-") : grouped(value); };
  for (const nn::SummaryRow& row : summary.rows) {
    line(row.name, row.type, row.output.text(), count(row.parameters), count(row.macs), count(row.activation_bytes));
  }
  const auto total = [](const char* what, std::int64_t value, const char* unit, double scale) {
    std::printf("%-18s %18s  (%.2f %s)\n", what, grouped(value).c_str(), static_cast<double>(value) / scale, unit);
  };
  std::printf("\n");
  total("parameters", summary.parameters(), "million", 1e6);
  total("MACs", summary.macs(), "billion", 1e9);
  total("activation bytes", summary.activation_bytes(), "MB", 1e6);
  total("parameter bytes", summary.parameters() * summary.value_bytes, "MB", 1e6);
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand(
      "summary", "Show a network's layers: output shape, parameters, multiply-adds, activation bytes.");
  verb->footer(
      "Examples:\n"
      "  qrs summary resnet18\n"
      "  qrs summary densenet121 --channels 1 --classes 4 --json");
  add_model_argument(*verb, options->model);
  verb->add_option("--batch", options->batch, "Images in a batch")->capture_default_str()->check(CLI::PositiveNumber);
  verb->add_option("--input", options->input, "Height and width of the images")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_option("--channels", options->channels, "Channels of the images: 1 or 3")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_option("--classes", options->classes, "Outputs of the head")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] {
    const auto net = models::create<float>(
        options->model, {.classes = options->classes, .in_channels = options->channels, .image_size = options->input});
    const nn::Summary summary = net->summary({options->batch, options->input, options->input, options->channels});
    if (options->json) {
      print_json(*options, summary);
    } else {
      print_table(*options, summary);
    }
  });
}

}  // namespace qrs::commands::summary_verb
