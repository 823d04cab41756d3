// The networks against what their papers and torchvision say of them, and against themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/models/instances.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::models {

static Tensor<float> images(std::int64_t n, std::int64_t size, std::int64_t channels) {
  Tensor<float> x({n, size, size, channels});
  Rng rng(7);
  for (float& value : x.values()) value = static_cast<float>(rng.uniform(0.0, 1.0));
  return x;
}

/// A head that is not zero: a new ViT's is.
static void draw_head(Model<float>& net) {
  Rng rng(9);
  net.set_head(net.classes(), rng);
}

TEST_CASE("models have torchvision's parameter names in its order, and its state dict's names and shapes") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    const io::StateDict golden = io::read_safetensors(text("tests/golden/", name, ".safetensors"));
    const auto parameters = nlohmann::json::parse(golden.metadata.at("parameters"));
    const auto shapes = nlohmann::ordered_json::parse(golden.metadata.at("state_dict"));
    const auto input = nlohmann::json::parse(golden.metadata.at("input"));
    const auto net = create<float>(name, {.classes = 4, .image_size = input.at(2).get<std::int64_t>()});
    std::vector<std::string> ours;
    for (const auto& p : net->parameters()) ours.push_back(p.name);
    CHECK(ours == parameters.get<std::vector<std::string>>());
    const io::StateDict dict = nn::state_dict(*net);
    REQUIRE(dict.size() == shapes.size());
    std::size_t i = 0;
    for (const auto& [key, shape] : shapes.items()) {
      CHECK(dict[i].name == key);
      CHECK(dict[i].entry.shape == shape.get<std::vector<std::int64_t>>());
      ++i;
    }
  }
}

/// What torchvision says of each network: parameters, billions of multiply-adds at 224 x 224 (its GFLOPS column), features.
struct Published {
  std::string_view name;
  std::int64_t parameters;
  double billions;
  std::int64_t features;
};
static constexpr Published published[] = {
    {"resnet18", 11'689'512, 1.814, 512},     {"resnet34", 21'797'672, 3.664, 512},
    {"densenet121", 7'978'856, 2.834, 1024},  {"efficientnet_b0", 5'288'548, 0.386, 1280},
    {"mobilenet_v2", 3'504'872, 0.301, 1280}, {"convnext_tiny", 28'589'128, 4.456, 768},
    {"vit_b_16", 86'567'656, 17.564, 768},
};

TEST_CASE("every network of the table has its published numbers here") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    CHECK(std::count_if(std::begin(published), std::end(published),
                        [&](const Published& p) { return p.name == name; }) == 1);
  }
}

TEST_CASE("features are as many values as published, and the head maps them to the logits") {
  for (const Published& p : published) {
    CAPTURE(p.name);
    const auto net = create<float>(p.name, {.classes = 3, .in_channels = 1, .image_size = 64});
    net->eval();
    const Var<float> z = net->features(images(2, 64, 1));
    CHECK(z.shape() == Shape{2, p.features});
    CHECK(same_bits(net->classify(z).value(), net->forward(images(2, 64, 1)).value()));
  }
}

TEST_CASE("a summary has every parameter, the published multiply-adds and the shapes that forward computes") {
  for (const Published& p : published) {
    CAPTURE(p.name);
    const auto net = create<float>(p.name);
    CHECK(net->parameter_count() == p.parameters);
    const nn::Summary summary = net->summary({1, 224, 224, 3});
    CHECK(summary.parameters() == net->parameter_count());
    CHECK(std::abs(static_cast<double>(summary.macs()) * 1e-9 - p.billions) < 0.002);
    CHECK(summary.rows.back().output == Shape{1, 1000});
    net->eval();
    const std::int64_t side = p.name == "vit_b_16" ? 224 : 70;
    const nn::Summary small = net->summary({2, side, side, 3});
    CHECK(small.rows.back().output == net->forward(images(2, side, 3)).shape());
  }
}

TEST_CASE("one input channel with summed weights sees what three equal channels see") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    const auto rgb = create<float>(name, {.classes = 5, .seed = 3, .image_size = 48});
    const auto grey = create<float>(name, {.classes = 5, .in_channels = 1, .seed = 4, .image_size = 48});
    draw_head(*rgb);
    const nn::LoadReport report = nn::load(*grey, nn::state_dict(*rgb));
    CHECK(report.summed_input_channels);
    CHECK(report.complete());
    rgb->eval();
    grey->eval();
    const Tensor<float> one = images(2, 48, 1);
    Tensor<float> three({2, 48, 48, 3});
    for (std::int64_t i = 0; i < three.size(); ++i) three.data()[i] = one.data()[i / 3];
    CHECK(difference(grey->forward(one).value(), rgb->forward(three).value()).relative() < 1e-5);
  }
}

TEST_CASE("folding batch norms keeps the outputs") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    const auto net = create<float>(name, {.classes = 5, .seed = 3, .image_size = 48});
    draw_head(*net);
    net->train();
    for (int i = 0; i < 3; ++i) net->forward(images(4, 48, 3));  // running statistics that are not 0 and 1
    net->eval();
    const Tensor<float> before = net->forward(images(2, 48, 3)).value().clone();
    nn::fold_batch_norm(*net);
    CHECK(difference(net->forward(images(2, 48, 3)).value(), before).relative() < 1e-5);
    net->train();
    if (net->named_buffers().empty()) continue;  // no batch norm
    CHECK_THROWS_AS(net->forward(images(2, 48, 3)), Error);
  }
}

TEST_CASE("a frozen backbone keeps its weights and running statistics while its head learns") {
  const auto net = create<float>("resnet18", {.classes = 3});
  net->freeze_features();
  net->train();
  const io::StateDict before = nn::state_dict(*net);
  Tape<float> tape;
  {
    const Recording<float> on(tape);
    const Tensor<std::int64_t> labels = Tensor<std::int64_t>::from({2}, {0, 2});
    const Var<float> loss = cross_entropy(net->forward(images(2, 48, 3)), labels);
    tape.backward(loss);
  }
  for (const auto& p : net->parameters()) {
    CAPTURE(p.name);
    CHECK(p.variable.grad().empty() == !p.name.starts_with("fc."));
  }
  const io::StateDict after = nn::state_dict(*net);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i].entry == after[i].entry);
}

TEST_CASE("a head can be replaced") {
  for (const std::string_view name : names()) {
    CAPTURE(name);
    const auto net = create<float>(name, {.classes = 7, .image_size = 48});
    const std::int64_t others = net->parameter_count() - 7 * (net->feature_count() + 1);
    const std::string last = net->parameters().back().name;
    Rng rng(1);
    net->set_head(4, rng);
    CHECK(net->classes() == 4);
    CHECK(net->parameter_count() == others + 4 * (net->feature_count() + 1));
    CHECK(net->parameters().back().name == last);
    net->eval();
    CHECK(net->forward(images(1, 48, 3)).shape() == Shape{1, 4});
  }
}

TEST_CASE("initial values follow torchvision's distributions") {
  const auto deviation = [](const Tensor<float>& w) {
    double sum = 0.0;
    for (const float v : w.values()) sum += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(sum / static_cast<double>(w.size()));
  };
  const auto check = [&](const Model<float>& net, const std::string& name, double expected) {
    CAPTURE(name);
    bool found = false;
    for (const auto& p : net.parameters()) {
      if (p.name != name) continue;
      found = true;
      CHECK(std::abs(deviation(p.variable.value()) / expected - 1.0) < 0.03);
    }
    CHECK(found);
  };
  // resnet: sqrt(2 / (9 * 512)) over fan_out; the head uniform within 1 / sqrt(512), whose deviation is that / sqrt(3).
  const auto resnet = create<float>("resnet18");
  check(*resnet, "layer4.0.conv1.weight", std::sqrt(2.0 / (9 * 512)));
  check(*resnet, "fc.weight", 1.0 / std::sqrt(3.0 * 512));
  const auto densenet = create<float>("densenet121");
  check(*densenet, "features.denseblock3.denselayer5.conv1.weight", std::sqrt(2.0 / (256 + 4 * 32)));
  const auto efficientnet = create<float>("efficientnet_b0");
  check(*efficientnet, "features.6.0.block.0.0.weight", std::sqrt(2.0 / 672));  // fan_out: 112 * 6 channels
  check(*efficientnet, "classifier.1.weight", 1.0 / std::sqrt(3.0 * 1000));
  const auto mobilenet = create<float>("mobilenet_v2");
  check(*mobilenet, "features.14.conv.0.0.weight", std::sqrt(2.0 / 576));        // fan_out: 96 * 6 channels
  check(*mobilenet, "features.14.conv.1.0.weight", std::sqrt(2.0 / (9 * 576)));  // depthwise
  check(*mobilenet, "classifier.1.weight", 0.01);
  const auto convnext = create<float>("convnext_tiny");
  check(*convnext, "features.3.1.block.0.weight", 0.02);
  check(*convnext, "features.3.1.block.3.weight", 0.02);
  check(*convnext, "features.3.1.layer_scale", 1e-6);
  const auto vit = create<float>("vit_b_16");
  check(*vit, "conv_proj.weight", std::sqrt(1.0 / 768));
  check(*vit, "encoder.pos_embedding", 0.02);
  check(*vit, "encoder.layers.encoder_layer_3.self_attention.in_proj_weight", std::sqrt(2.0 / (768 + 3 * 768)));
  check(*vit, "encoder.layers.encoder_layer_3.self_attention.out_proj.weight", 1.0 / std::sqrt(3.0 * 768));
  check(*vit, "encoder.layers.encoder_layer_3.mlp.0.weight", std::sqrt(2.0 / (768 + 3072)));
  for (const float v : vit->head().weight().value().values()) CHECK(v == 0.0F);
  for (const float v : densenet->head().bias().value().values()) CHECK(v == 0.0F);
}

TEST_CASE("random layers act in training alone, and the same seed and step draw the same masks") {
  const auto net = create<float>("efficientnet_b0", {.classes = 4});
  const Tensor<float> x = images(4, 40, 3);
  const auto run = [&](std::uint64_t step) {
    net->set_random({.seed = 5, .step = step});
    return net->forward(x).value();
  };
  net->train();
  const Tensor<float> first = run(1);
  CHECK(same_bits(first, run(1)));
  CHECK_FALSE(same_bits(first, run(2)));
  const auto plain = create<float>("efficientnet_b0", {.classes = 4, .dropout = 0.0, .stochastic_depth = 0.0});
  plain->set_random({.seed = 5, .step = 1});
  CHECK_FALSE(same_bits(first, plain->forward(x).value()));
}

TEST_CASE("images of another number of channels, and unknown names, are refused with both values") {
  const auto net = create<float>("resnet18", {.in_channels = 1});
  CHECK_THROWS_WITH_AS(net->forward(images(1, 32, 3)), "[model] expected images (N, H, W, 1), got (1, 32, 32, 3)",
                       Error);
  CHECK_THROWS_WITH_AS(create<float>("vgg"), text("[models] expected one of ", names_text(), ", got 'vgg'").c_str(),
                       Error);
  const auto vit = create<float>("vit_b_16", {.image_size = 32});
  CHECK_THROWS_WITH_AS(vit->forward(images(1, 48, 3)),
                       "[model] expected images of 32 x 32 (image_size), got (1, 48, 48, 3)", Error);
  CHECK_THROWS_WITH_AS(create<float>("vit_b_16", {.image_size = 40}),
                       "[model] expected an image size that is a multiple of 16, got 40", Error);
}

}  // namespace qrs::models
