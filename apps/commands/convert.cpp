// qrs convert IN OUT: weights from one file format to another, and under a model's names where it is named.
#include <cstdio>
#include <memory>
#include <string>

#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../training/weight_source.hpp"
#include "commands.hpp"
#include "model_argument.hpp"
#include "qrs/io/checkpoint.hpp"

namespace qrs::commands::convert_verb {

namespace {

struct Options {
  training::WeightSource in;
  std::string out;
  std::string model;
  bool allow_missing = false;
};

/// The extents of an entry, an axis of a tensor written without a model.
std::int64_t extent_of(const io::StateDict& dict, const std::string& name, std::size_t axis, std::int64_t otherwise) {
  const io::Entry* entry = dict.find(name);
  return entry != nullptr && entry->shape.size() > axis ? entry->shape[axis] : otherwise;
}

/// The network as the file has it: its number of classes and of input channels.
std::unique_ptr<models::Model<float>> model_for(const io::StateDict& dict, const std::string& name) {
  const auto probe = models::create<float>(name, {.classes = 2});
  const nn::StateRules rules = probe->state_rules();
  std::string head;
  for (const auto& p : probe->parameters()) {
    if (p.name.starts_with(rules.head) && p.variable.value().rank() == 2) head = p.name;
  }
  return models::create<float>(name, {.classes = extent_of(dict, head, 0, 1000),
                                      .in_channels = extent_of(dict, rules.first_convolution, 1, 3),
                                      .image_size = probe->image_size_of(dict)});
}

/// The entries that fit the network, under its names, in the file's order and element types.
io::StateDict as_model(const Options& options) {
  const auto probe = models::create<float>(options.model, {.classes = 2});
  const io::StateDict dict = training::read_weights_of(*probe, options.in).dict;
  const auto net = model_for(dict, options.model);
  const nn::StateRules rules = net->state_rules();
  const nn::LoadReport report = nn::load(*net, dict, {.allow_missing = options.allow_missing});
  std::printf("%s: %s\n", options.model.c_str(), report.text().c_str());
  io::StateDict out;
  out.metadata = dict.metadata;
  for (const auto& [name, entry] : dict) {
    const std::string known = rules.rename ? rules.rename(name) : name;
    bool fits = true;
    for (const std::string& other : report.unexpected) fits = fits && other != name;
    for (const std::string& other : report.mismatched) fits = fits && !other.starts_with(known + ":");
    if (fits) out.add(known, entry);
  }
  if (out.size() < dict.size()) out.metadata.erase("weights_sha256");  // it named all of them
  return out;
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("convert", "Convert weights between .pth and .safetensors.");
  verb->footer(
      "With --model the names become that network's (old DenseNet files write norm.1 for norm1) and every entry is "
      "checked\n"
      "against it; element types stay as they are in the file. Prefixes that wrappers write (module., _orig_mod., "
      "model.)\n"
      "are taken off where one reading fits the network. Without it names stay as they are.\n"
      "Examples:\n"
      "  qrs convert densenet121-a639ec97.pth densenet121.safetensors --model densenet121\n"
      "  qrs convert weights.safetensors weights.pth\n"
      "  qrs convert moco.pth encoder.safetensors --model resnet18 --strip-prefix module.encoder_q.\n"
      "  qrs convert run.ckpt teacher.safetensors --key teacher.state_dict --map names.csv\n"
      "  qrs convert part.pth part.safetensors --model efficientnet_b0 --allow-missing");
  verb->add_option("IN", options->in.file, "The file to read: .pth (any age), .safetensors, .npy")->required();
  verb->add_option("OUT", options->out, "The file to write; its extension says the format")->required();
  verb->add_option("--model", options->model, "Check against this network and take its names")
      ->check(CLI::IsMember(model_names()));
  verb->add_flag("--allow-missing", options->allow_missing,
                 "With --model: write what fits and list what is missing, unexpected or of another shape");
  training::add_weight_options(*verb, options->in);
  verb->callback([options] {
    outputs::expect_file("convert", "OUT", options->out, {".safetensors", ".pth", ".pt", ".th", ".npy"});
    const io::StateDict dict = options->model.empty() ? training::read_weights(options->in).dict : as_model(*options);
    io::write_checkpoint(options->out, dict);
    std::printf("wrote %zu tensors, %zu bytes, to %s\n", dict.size(), dict.bytes(), options->out.c_str());
  });
}

}  // namespace qrs::commands::convert_verb
