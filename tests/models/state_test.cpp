// Loading and saving: whole, or as far as told, or not at all.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "apps/models/instances.hpp"
#include "qrs/io/checkpoint.hpp"

namespace qrs::models {

/// A copy of a dict without the entry `name`, or with another entry in its place.
static io::StateDict without(const io::StateDict& dict, const std::string& name, const io::Entry* instead = nullptr) {
  io::StateDict out;
  for (const auto& [key, entry] : dict) {
    if (key != name) out.add(key, entry);
    if (key == name && instead != nullptr) out.add(key, *instead);
  }
  return out;
}

static bool equal(const io::StateDict& a, const io::StateDict& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name || !(a[i].entry == b[i].entry)) return false;
  }
  return true;
}

TEST_CASE("a state dict goes out and in again, bit for bit") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    const auto net = create<float>(name, {.classes = 3, .seed = 1});
    const auto other = create<float>(name, {.classes = 3, .seed = 2});
    const io::StateDict dict = nn::state_dict(*net);
    CHECK_FALSE(equal(dict, nn::state_dict(*other)));
    const nn::LoadReport report = nn::load(*other, dict);
    CHECK(report.loaded == dict.size());
    CHECK(equal(dict, nn::state_dict(*other)));
  }
}

TEST_CASE("a missing, an unexpected and a misshapen entry are each named, and nothing is loaded") {
  const auto source = create<float>("resnet18", {.classes = 3, .seed = 1});
  const auto net = create<float>("resnet18", {.classes = 3, .seed = 2});
  const io::StateDict before = nn::state_dict(*net);
  io::StateDict dict = without(nn::state_dict(*source), "layer1.0.bn1.weight");
  dict.add("layer9.weight", Tensor<float>::zeros({2}));
  const io::Entry wrong = io::Entry::from(Tensor<float>::zeros({3, 7}));
  dict = without(dict, "fc.weight", &wrong);
  try {
    nn::load(*net, dict);
    FAIL("expected an Error");
  } catch (const Error& error) {
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(message.find("1 missing: layer1.0.bn1.weight") != std::string::npos);
    CHECK(message.find("1 unexpected: layer9.weight") != std::string::npos);
    CHECK(message.find("fc.weight: expected (3, 512), got (3, 7)") != std::string::npos);
  }
  CHECK(equal(before, nn::state_dict(*net)));
  const nn::LoadReport report = nn::load(*net, dict, {.allow_missing = true});
  CHECK(report.loaded == dict.size() - 2);
  CHECK(report.missing == std::vector<std::string>{"layer1.0.bn1.weight"});
}

TEST_CASE("files older than num_batches_tracked load, and the head may be left alone") {
  const auto source = create<float>("densenet121", {.classes = 1000, .seed = 1});
  io::StateDict old;
  for (const auto& [name, entry] : nn::state_dict(*source)) {
    if (!name.ends_with("num_batches_tracked")) old.add(name, entry);
  }
  const auto net = create<float>("densenet121", {.classes = 4, .seed = 2});
  CHECK_THROWS_AS(nn::load(*net, old), Error);
  const io::StateDict before = nn::state_dict(*net);
  const nn::LoadReport report = nn::load(*net, old, {.skip_head = true});
  CHECK(report.skipped == std::vector<std::string>{"classifier.weight", "classifier.bias"});
  CHECK(report.complete());
  const io::StateDict after = nn::state_dict(*net);
  CHECK(after.at("classifier.weight") == before.at("classifier.weight"));
  CHECK(after.at("features.conv0.weight") == old.at("features.conv0.weight"));
}

TEST_CASE("DenseNet reads the names of files from before torch 0.4") {
  const auto source = create<float>("densenet121", {.classes = 4, .seed = 1});
  io::StateDict old;
  const io::StateDict today = nn::state_dict(*source);
  for (const auto& [name, entry] : today) {
    std::string key = name;
    for (const std::string part : {"norm1", "norm2", "conv1", "conv2"}) {
      const std::size_t at = key.find("." + part + ".");
      if (at != std::string::npos && key.find("denselayer") != std::string::npos) key.insert(at + part.size(), ".");
    }
    old.add(key, entry);
  }
  REQUIRE(old.contains("features.denseblock1.denselayer1.norm.1.weight"));
  const auto net = create<float>("densenet121", {.classes = 4, .seed = 2});
  CHECK(nn::load(*net, old).complete());
  CHECK(equal(today, nn::state_dict(*net)));
}

TEST_CASE("ViT reads the names of files from before torchvision 0.14, and tells their image size") {
  const auto source = create<float>("vit_b_16", {.classes = 4, .seed = 1, .image_size = 48});
  io::StateDict old;
  const io::StateDict today = nn::state_dict(*source);
  for (const auto& [name, entry] : today) {
    std::string key = name;
    for (const auto& [now, before] : {std::pair{".mlp.0.", ".mlp.linear_1."}, {".mlp.3.", ".mlp.linear_2."}}) {
      const std::size_t at = key.find(now);
      if (at != std::string::npos) key.replace(at, 7, before);
    }
    old.add(key, entry);
  }
  REQUIRE(old.contains("encoder.layers.encoder_layer_11.mlp.linear_2.bias"));
  CHECK(source->image_size_of(old) == 48);
  const auto net = create<float>("vit_b_16", {.classes = 4, .seed = 2, .image_size = 48});
  CHECK(nn::load(*net, old).complete());
  CHECK(equal(today, nn::state_dict(*net)));
}

TEST_CASE("ConvNeXt's layer scales are (C, 1, 1) in a file and come back") {
  const auto source = create<float>("convnext_tiny", {.classes = 4, .seed = 1});
  for (const auto& p : source->parameters()) {
    if (p.name == "features.5.2.layer_scale") {
      for (std::int64_t i = 0; i < 384; ++i) p.variable.value().data()[i] = static_cast<float>(i);
    }
  }
  const io::StateDict dict = nn::state_dict(*source);
  CHECK(dict.at("features.5.2.layer_scale").shape == std::vector<std::int64_t>{384, 1, 1});
  const auto net = create<float>("convnext_tiny", {.classes = 4, .seed = 2});
  CHECK(nn::load(*net, dict).complete());
  CHECK(equal(dict, nn::state_dict(*net)));
}

TEST_CASE("the partial EfficientNet-B0 file loads its 352 of 360 entries when told to") {
  const std::string file = "../shared/weights/efficientnet_b0_tracer_features0-7_tvkeys.pth";
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: ", file, " is not there");
    return;
  }
  const auto net = create<float>("efficientnet_b0", {.classes = 4});
  const io::StateDict dict = io::read_checkpoint(file);
  CHECK_THROWS_AS(nn::load(*net, dict), Error);
  const nn::LoadReport report = nn::load(*net, dict, {.allow_missing = true});
  CHECK(report.loaded == 352);
  CHECK(report.expected == 360);
  CHECK(report.missing.size() == 8);
  for (const std::string& name : report.missing) {
    CHECK((name.starts_with("features.8.") || name.starts_with("classifier.")));
  }
}

}  // namespace qrs::models
