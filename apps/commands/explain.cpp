// qrs explain MODEL IMAGE --out PNG: where on a page a trained network found its class, drawn and summed over the leads.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../decoders/jpeg_decoder.hpp"
#include "../ecg_images/page_layout.hpp"
#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../tables/text_table.hpp"
#include "commands.hpp"
#include "qrs/core/argmax.hpp"
#include "qrs/core/fixed_text.hpp"
#include "qrs/explain/grad_cam.hpp"
#include "qrs/explain/occlusion.hpp"
#include "qrs/explain/overlay.hpp"
#include "qrs/explain/randomization.hpp"
#include "qrs/image/encode.hpp"
#include "qrs/infer/classifier.hpp"
#include "qrs/io/file.hpp"

namespace qrs::commands::explain_verb {

namespace {

using explain::RegionShare;
using infer::NetworkInfo;

struct Options {
  std::string model;
  std::string image;
  std::string out;
  std::string method = "grad-cam";
  std::string target;
  std::string cover = "grey";
  explain::OcclusionOptions occlusion;
  bool check = false;
  std::int64_t picture_memory = 160;
  bool json = false;
};

struct Explanation {
  std::vector<double> probabilities;
  std::int64_t predicted = 0;
  std::int64_t target = 0;
  Tensor<float> map;  // (h, w)
  std::vector<RegionShare> shares;
  double rank_correlation = 0.0;  // with the map of fresh weights, where asked for
};

std::int64_t class_named(const NetworkInfo& info, const std::string& name) {
  const auto found = std::find(info.class_names.begin(), info.class_names.end(), name);
  if (found == info.class_names.end()) {
    std::string known;
    for (const std::string& c : info.class_names) known += (known.empty() ? "" : ", ") + c;
    fail("[explain] expected a class of the network, one of ", known, ", got '", name, "'");
  }
  return found - info.class_names.begin();
}

Tensor<float> map_of(const Options& options, const NetworkInfo& info, models::Model<float>& net, const Tensor<float>& x,
                     std::int64_t target) {
  if (options.method == "grad-cam") return explain::grad_cam(net, x, target);
  if (options.method == "grad-cam++") return explain::grad_cam_plus_plus(net, x, target);
  ProgressLine line("explain");
  explain::OcclusionOptions occlusion = options.occlusion;
  occlusion.cover = options.cover == "grey" ? explain::Cover::mean : explain::Cover::white;
  occlusion.temperature = info.temperature.value_or(1.0);
  occlusion.progress = [&](std::int64_t done, std::int64_t total) { line.progress("patch", done, total); };
  return explain::occlusion(net, x, target, occlusion);
}

Explanation explain_page(const Options& options, infer::NetworkFile& file, const image::Image& page) {
  Explanation out;
  const Tensor<float> x = infer::to_input(page, file.info);
  out.probabilities = infer::probabilities_of(file, x);
  out.predicted = argmax(out.probabilities);
  out.target = options.target.empty() ? out.predicted : class_named(file.info, options.target);
  out.map = map_of(options, file.info, *file.net, x, out.target);
  out.shares = ecg_images::page_region_shares(out.map);
  if (options.check) {
    const auto fresh = models::create<float>(file.info.model, {.classes = file.net->classes(),
                                                               .in_channels = file.info.in_channels,
                                                               .seed = 1,
                                                               .image_size = file.info.preprocessing.size});
    fresh->eval();
    // Each for the class that it predicts itself: for any other the fresh network's map is likely to be empty.
    const Tensor<float> logits = fresh->forward(x).value().as_contiguous();
    const std::int64_t own = argmax(logits.values());
    out.rank_correlation = explain::randomization_check(*file.net, *fresh, [&](models::Model<float>& net) {
      return &net == file.net.get() ? out.map : map_of(options, file.info, net, x, own);
    });
  }
  return out;
}

std::string title_of(const Options& options, const NetworkInfo& info, const Explanation& e) {
  const std::string probability = fixed(100.0 * e.probabilities[static_cast<std::size_t>(e.target)], 1) + " %";
  return text(info.class_names[static_cast<std::size_t>(e.target)], ": ", probability,
              info.temperature ? "" : " (not calibrated)", "   ", info.model, ", ", options.method);
}

/// No share where the map has nothing above 0.
bool says_something(const Explanation& e) {
  return std::any_of(e.shares.begin(), e.shares.end(), [](const RegionShare& r) { return r.attribution > 0.0; });
}

void print_json(const Options& options, const NetworkInfo& info, const Explanation& e) {
  nlohmann::ordered_json out;
  out["image"] = options.image;
  out["picture"] = options.out;
  out["model"] = info.model;
  out["method"] = options.method;
  out["predicted"] = info.class_names[static_cast<std::size_t>(e.predicted)];
  out["explained"] = info.class_names[static_cast<std::size_t>(e.target)];
  out["calibrated"] = info.temperature.has_value();
  for (std::size_t c = 0; c < e.probabilities.size(); ++c) {
    out["probabilities"][info.class_names[c]] = e.probabilities[c];
  }
  out["regions"] = nlohmann::ordered_json::array();
  for (const RegionShare& r : e.shares) {
    out["regions"].push_back({{"name", r.name}, {"attribution", r.attribution}, {"area", r.area}});
  }
  out["map"] = {{"height", e.map.dim(0)}, {"width", e.map.dim(1)}};
  if (options.check) {
    out["rank_correlation_with_fresh_weights"] =
        std::isnan(e.rank_correlation) ? nlohmann::ordered_json() : nlohmann::ordered_json(e.rank_correlation);
  }
  outputs::print_json(out);
}

void print_tables(const Options& options, const NetworkInfo& info, const Explanation& e) {
  std::printf("%s: predicted %s, explained %s by %s\n\n", options.image.c_str(),
              info.class_names[static_cast<std::size_t>(e.predicted)].c_str(),
              info.class_names[static_cast<std::size_t>(e.target)].c_str(), options.method.c_str());
  tables::TextTable classes;
  classes.numbers_only();
  classes.add({"class", "probability"});
  for (std::size_t c = 0; c < e.probabilities.size(); ++c) {
    classes.add({info.class_names[c], fixed(e.probabilities[c], 4)});
  }
  classes.print();
  if (!info.temperature) std::printf("Probabilities are not calibrated: the model file has no temperature.\n");
  std::printf("\n");
  if (says_something(e)) {
    tables::TextTable regions;
    regions.numbers_only();
    regions.add({"region", "attribution %", "area %", "ratio"});
    for (const RegionShare& r : e.shares) {
      regions.add({r.name, fixed(100.0 * r.attribution, 1), fixed(100.0 * r.area, 1),
                   r.area > 0.0 ? fixed(r.attribution / r.area, 2) : "-"});
    }
    regions.print();
    std::printf("A ratio above 1: more attribution than the region's area would have by chance.\n");
  } else {
    std::printf("Nothing on the page speaks for this class: the map has no value above 0.\n");
  }
  if (options.check) {
    std::printf(
        "Rank correlation with the map of a network with fresh weights: %s (near 1: not about what was learnt)\n",
        std::isnan(e.rank_correlation) ? "none, a map is constant" : fixed(e.rank_correlation, 2).c_str());
  }
  std::printf("Wrote %s\n", options.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("explain", "Draw where on a page a trained network found its class.");
  verb->footer(
      "The picture shows the page with the map over it; the table has the share of each lead, of the rhythm strip and "
      "of\n"
      "what is no trace at all, beside its share of the page. Regions are those of the published pages.\n"
      "Grad-CAM's map has the few cells of the network's last layer; occlusion is finer and slower.\n"
      "Examples:\n"
      "  qrs explain best.safetensors page.jpg --out why.png\n"
      "  qrs explain best.safetensors page.jpg --out why.png --method occlusion --class MI --patch 24 --stride 8\n"
      "  qrs explain best.safetensors page.jpg --out why.png --check --json");
  verb->add_option("MODEL", options->model, "The trained network, as for qrs predict-image")->required();
  verb->add_option("IMAGE", options->image, "A picture of a page")->required();
  verb->add_option("--out", options->out, "The PNG to write")->required();
  verb->add_option("--method", options->method, "How the map is made")
      ->capture_default_str()
      ->check(CLI::IsMember({"grad-cam", "grad-cam++", "occlusion"}));
  verb->add_option("--class", options->target, "The class to explain, by name; default: the predicted one");
  verb->add_option("--patch", options->occlusion.patch, "Of occlusion: side of the patch in pixels of the input")
      ->capture_default_str();
  verb->add_option("--stride", options->occlusion.stride, "Of occlusion: from patch to patch")->capture_default_str();
  verb->add_option("--cover", options->cover, "Of occlusion: the page's mean, or white")
      ->capture_default_str()
      ->check(CLI::IsMember({"grey", "white"}));
  verb->add_flag("--check", options->check, "Also compare with the map of a network with fresh weights");
  datasets::add_picture_memory_argument(*verb, options->picture_memory);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] {
    outputs::expect_file("explain", "--out", options->out, {".png"});
    infer::NetworkFile file = infer::load_network(options->model);
    nn::fold_batch_norm(*file.net);
    const image::Image page =
        infer::read_page(options->image, file.info, jpeg_decoder(), datasets::most_bytes_of(options->picture_memory));
    const Explanation explanation = explain_page(*options, file, page);
    const image::Image picture = explain::overlay(
        page, explanation.map,
        {.title = title_of(*options, file.info, explanation),
         .regions = explanation.shares,
         .region_width = ecg_images::page_width,
         .region_height = ecg_images::page_height,
         .scale = options->method == "occlusion" ? "probability lost where covered" : options->method});
    io::write_file(options->out, image::encode_png(picture));
    (options->json ? print_json : print_tables)(*options, file.info, explanation);
  });
}

}  // namespace qrs::commands::explain_verb
