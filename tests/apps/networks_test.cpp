// Model files, `qrs predict-image` and `qrs explain`: what comes back, and what is said of files that are wrong.
#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "apps/models/instances.hpp"
#include "program.hpp"
#include "qrs/image/decode.hpp"
#include "qrs/image/encode.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/checkpoint.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/tensor/compare.hpp"

namespace networks_test {

namespace {

using namespace qrs;

/// A folder that goes when the test is over, with a small network and pages in it.
class Folder {
 public:
  Folder() {
    path_ = std::filesystem::temp_directory_path() / text("qrs_networks_test_", ::getpid());
    std::filesystem::create_directories(path_);
    net_ = models::create<float>("efficientnet_b0", {.classes = 3, .in_channels = 1, .seed = 4});
    Tensor<float> batch({10, 64, 64, 1});  // (N, H, W, C)
    for (int i = 0; i < 10; ++i) {
      io::write_file(file(text("page", i, ".png")), image::encode_png(page(i)));
      image::to_tensor(image::preprocess(page(i), info().preprocessing))
          .reshape({1, 64, 64, 1})
          .copy_into(batch.batch_range(i, 1));
    }
    // Running statistics of these pages: with those of a new network, or a mixture with them, a variance of 1 stands where
    // the depthwise convolutions give a thousandth of it, and the signal dies on its way to the head.
    const Tensor<float> some = batch.batch_range(0, 4);
    for (int i = 0; i < 100; ++i) net_->forward(some);
    for (float& w : net_->head().weight().value().values()) w *= 0.05F;  // so that no probability is all but 1
    infer::save_network(file("net.safetensors"), *net_, info());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  static infer::NetworkInfo info() {
    return {.model = "efficientnet_b0",
            .class_names = {"Normal", "MI", "old \"MI\""},
            .in_channels = 1,
            .preprocessing = {.size = 64},
            .temperature = {}};
  }
  /// Stripes and noise, another for each number.
  static image::Image page(int number) {
    Rng rng(static_cast<std::uint64_t>(number));
    image::Image out(120, 170, 1);
    for (std::int64_t y = 0; y < 120; ++y) {
      for (std::int64_t x = 0; x < 170; ++x) {
        const bool stripe = (x + number * y) % (7 + number) == 0;
        out.row(y)[x] = static_cast<std::uint8_t>(stripe ? 20 : 200 + rng.integer(0, 50));
      }
    }
    return out;
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  models::Model<float>& net() { return *net_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<models::Model<float>> net_;
};

Folder& folder() {
  static Folder instance;
  return instance;
}

void write_text(const std::string& path, const std::string& content) { io::write_file(path, io::as_bytes(content)); }

/// The file of folder() with changed metadata; an empty value removes the key.
std::string with_metadata(const std::map<std::string, std::string>& changes) {
  io::StateDict dict = io::read_safetensors(folder().file("net.safetensors"));
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      dict.metadata.erase(key);
    } else {
      dict.metadata[key] = value;
    }
  }
  const std::string path = folder().file("changed.safetensors");
  io::write_safetensors(path, dict);
  return path;
}

nlohmann::json parsed(const program::Outcome& out) {
  const std::size_t begin = out.output.find('{');
  const std::size_t end = out.output.rfind("\n}");
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  return nlohmann::json::parse(out.output.substr(begin, end + 2 - begin));
}

using qrs::tests::contains;

}  // namespace

TEST_CASE("a network's file gives back its weights, names, preprocessing and temperature") {
  infer::NetworkInfo info = Folder::info();
  info.temperature = 1.2345678901234567;
  info.preprocessing.resize = {.filter = image::Filter::lanczos, .order = image::PassOrder::pillow_13};
  info.preprocessing.grey_first = true;
  info.preprocessing.equalize = false;
  const std::string path = folder().file("round.safetensors");
  infer::save_network(path, folder().net(), info, {{"epoch", "7"}});
  const infer::NetworkFile back = infer::load_network(path);
  CHECK(back.info.model == info.model);
  CHECK(back.info.class_names == info.class_names);
  CHECK(back.info.in_channels == 1);
  CHECK(back.info.preprocessing.size == 64);
  CHECK(back.info.preprocessing.resize.filter == image::Filter::lanczos);
  CHECK(back.info.preprocessing.resize.order == image::PassOrder::pillow_13);
  CHECK(back.info.preprocessing.grey_first);
  CHECK_FALSE(back.info.preprocessing.equalize);
  CHECK(back.info.temperature == info.temperature);
  CHECK_FALSE(back.net->training());
  CHECK(io::read_safetensors(path).metadata.at("epoch") == "7");
  const io::StateDict a = nn::state_dict(folder().net());
  const io::StateDict b = nn::state_dict(*back.net);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].entry == b[i].entry);
}

TEST_CASE("a file with a wrong or missing key is refused by name, with what was expected") {
  const auto message = [](const std::map<std::string, std::string>& changes) {
    const std::string path = with_metadata(changes);
    const std::string said = tests::error_message([&] { infer::load_network(path); });
    CHECK(contains(said, path));
    return said;
  };
  for (const char* key : {"model", "classes", "in_channels", "preprocessing"}) {
    CHECK(contains(message({{key, ""}}), text("expected metadata '", key, "', got none")));
  }
  CHECK(contains(message({{"model", "vgg"}}), "got 'vgg'"));
  CHECK(contains(message({{"model", "resnet18"}}), "expected the weights of resnet18 with 3 classes"));
  CHECK(contains(message({{"classes", "[\"a\", \"b\"]"}}), "with 2 classes"));
  CHECK(contains(message({{"classes", "[\"a\"]"}}), "at least two names"));
  CHECK(contains(message({{"classes", "{\"a\": 1}"}}), "at least two names"));
  CHECK(contains(message({{"classes", "[\"a\", \"b\", \"a\"]"}}), "got 'a' twice"));
  CHECK(contains(message({{"classes", "[\"a\", \"b\", 3]"}}), "got 3"));
  CHECK(contains(message({{"classes", "[\"a\", \"b\", \"\\u001b[2J\"]"}}), "without control characters"));
  CHECK(contains(message({{"classes", "[\"a\", "}}), "expected JSON"));
  CHECK(contains(message({{"in_channels", "2"}}), "got '2'"));
  CHECK(contains(message({{"in_channels", "3"}}), "3 input channels"));
  const std::string good = R"({"size": 64, "filter": "bicubic", "grey_first": false, "equalize": true)";
  CHECK(contains(message({{"preprocessing", good + R"(, "crop": 3})"}}), "'crop' in metadata 'preprocessing'"));
  CHECK(contains(message({{"preprocessing", R"({"size": 64})"}}), "expected 'equalize'"));
  for (const char* size : {"0", "-4", "64.5", "\"64\"", "1000000000000", "null"}) {
    const std::string json = text("{\"size\": ", size, R"(, "filter": "box", "grey_first": false, "equalize": true})");
    CHECK(contains(message({{"preprocessing", json}}), "expected 'size' in metadata 'preprocessing' of "));
  }
  CHECK(contains(message({{"preprocessing", R"({"size": 64, "filter": 3, "grey_first": false, "equalize": true})"}}),
                 "expected 'filter'"));
  for (const char* t : {"0", "-1", "nan", "inf", "1.5x", "warm"}) {
    CHECK(contains(message({{"temperature", t}}), text("got '", t, "'")));
  }
  CHECK(contains(tests::error_message([] { infer::load_network("LICENSE"); }), "LICENSE"));
  CHECK(contains(tests::error_message([] { infer::load_network("no/such.safetensors"); }), "no/such.safetensors"));
}

TEST_CASE("a network whose weights are not those its file names is refused as damaged") {
  const std::string path = folder().file("flipped.safetensors");
  infer::save_network(path, folder().net(), Folder::info(), {{"weights_sha256", nn::weights_sha256(folder().net())}});
  CHECK(infer::load_network(path).info.class_names.size() == 3);
  auto bytes = io::read_file(path);
  bytes[bytes.size() / 2] ^= std::byte{1};
  io::write_file(path, bytes);
  CHECK(contains(tests::error_message([&] { infer::load_network(path); }), "the file is damaged"));
}

TEST_CASE("a file that is no network of ours is named by what it is") {
  const std::string path = folder().file("net.pth");
  io::write_checkpoint(path, nn::state_dict(folder().net()));
  CHECK(
      contains(tests::error_message([&] { infer::load_network(path); }), "got a torch checkpoint (.pth), which holds"));
  write_text(path, "<!DOCTYPE html><html>not found</html>");
  CHECK(contains(tests::error_message([&] { infer::load_network(path); }), "got an HTML page: "));
}

TEST_CASE("a network of three channels comes back as one, and not as one of a single channel") {
  infer::NetworkInfo info = Folder::info();
  info.in_channels = 3;
  const auto rgb = models::create<float>("efficientnet_b0", {.classes = 3, .in_channels = 3});
  const std::string path = folder().file("rgb.safetensors");
  infer::save_network(path, *rgb, info);
  CHECK(infer::load_network(path).info.in_channels == 3);
  io::StateDict dict = io::read_safetensors(path);
  dict.metadata["in_channels"] = "1";
  io::write_safetensors(path, dict);
  CHECK(
      contains(tests::error_message([&] { infer::load_network(path); }), "1 input channels, got: a first kernel of 3"));
  if (!program::available()) return;
  dict.metadata["in_channels"] = "3";
  io::write_safetensors(path, dict);
  CHECK(program::qrs("predict-image " + path + " " + folder().file("page1.png")).status == 0);
}

TEST_CASE("what load_network would refuse is not written") {
  infer::NetworkInfo info = Folder::info();
  info.class_names.pop_back();
  const std::string path = folder().file("refused.safetensors");
  CHECK(contains(tests::error_message([&] { infer::save_network(path, folder().net(), info); }),
                 "expected a name for each of 3 classes of the network, got 2"));
  info.class_names = {"a", "b", "\xff"};
  CHECK(contains(tests::error_message([&] { infer::save_network(path, folder().net(), info); }), "names in UTF-8"));
  info.class_names = {"a", "a", "b"};
  CHECK(contains(tests::error_message([&] { infer::save_network(path, folder().net(), info); }), "'a' twice"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("predictions are the network's softmax, the same alone and among others" *
          doctest::skip(!program::available())) {
  std::string all;
  for (int i = 0; i < 10; ++i) all += " " + folder().file(text("page", i, ".png"));
  const std::string net = folder().file("net.safetensors");
  const program::Outcome many = program::qrs("predict-image --json " + net + all);
  REQUIRE(many.status == 0);
  const nlohmann::json out = parsed(many);
  CHECK(out.at("calibrated") == false);
  CHECK(out.at("temperature").is_null());
  REQUIRE(out.at("images").size() == 10);
  const nlohmann::json alone = parsed(program::qrs("predict-image --json " + net + " " + folder().file("page9.png")));
  CHECK(alone.at("images")[0] == out.at("images")[9]);

  const infer::NetworkFile file = infer::load_network(net);
  std::vector<double> seen;
  for (int i = 0; i < 10; ++i) {
    const Tensor<float> x = image::to_tensor(image::preprocess(Folder::page(i), file.info.preprocessing));
    const Tensor<float> z = file.net->forward(x.reshape({1, 64, 64, 1})).value();
    double sum = 0.0;
    std::int64_t best = 0;
    for (std::int64_t c = 0; c < 3; ++c) {
      sum += std::exp(static_cast<double>(z({0, c})));
      if (z({0, c}) > z({0, best})) best = c;
    }
    const nlohmann::json& row = out.at("images")[static_cast<std::size_t>(i)];
    seen.push_back(row.at("probabilities").at("MI").get<double>());
    CHECK(row.at("class") == file.info.class_names[static_cast<std::size_t>(best)]);
    for (std::int64_t c = 0; c < 3; ++c) {
      const double p = row.at("probabilities").at(file.info.class_names[static_cast<std::size_t>(c)]);
      CHECK(std::abs(p - std::exp(static_cast<double>(z({0, c}))) / sum) < 1e-4);  // the program folds batch norms
    }
  }
  // The pages differ to the network by far more than the tolerance above.
  CHECK(*std::max_element(seen.begin(), seen.end()) - *std::min_element(seen.begin(), seen.end()) > 0.01);
}

TEST_CASE("a temperature flattens the probabilities, and the output says whether there is one" *
          doctest::skip(!program::available())) {
  const std::string page = " " + folder().file("page1.png");
  const nlohmann::json plain = parsed(program::qrs("predict-image --json " + folder().file("net.safetensors") + page));
  const std::string warm = with_metadata({{"temperature", "2.5"}});
  const nlohmann::json flat = parsed(program::qrs("predict-image --json " + warm + page));
  CHECK(flat.at("calibrated") == true);
  CHECK(flat.at("temperature") == 2.5);
  const auto gap = [](const nlohmann::json& j) {  // log p(Normal) - log p(MI): the gap of the logits over T
    const nlohmann::json& p = j.at("images")[0].at("probabilities");
    return std::log(p.at("Normal").get<double>() / p.at("MI").get<double>());
  };
  CHECK(std::abs(gap(plain)) > 1e-3);
  CHECK(std::abs(gap(plain) / gap(flat) - 2.5) < 1e-9);
  CHECK(contains(program::qrs("predict-image " + warm + page).output, "calibrated with temperature 2.5"));
  CHECK(contains(program::qrs("predict-image " + folder().file("net.safetensors") + page).output, "not calibrated"));
}

TEST_CASE("pictures that are broken, too small or too large are named, and the others predicted" *
          doctest::skip(!program::available())) {
  const std::string text_file = folder().file("text.jpg");
  write_text(text_file, "this is no picture\n");
  std::vector<std::byte> whole = io::read_file(folder().file("page0.png"));
  whole.resize(whole.size() / 2);
  const std::string truncated = folder().file("truncated.png");
  io::write_file(truncated, whole);
  const std::string tiny = folder().file("tiny.png");
  io::write_file(tiny, image::encode_png(image::Image(1, 1, 1)));
  const std::string huge = folder().file("huge.pgm");
  write_text(huge, "P5 20000 20000 255\n....");
  const std::string missing = folder().file("missing.jpg");
  const std::string good = folder().file("page2.png");
  const std::string arguments = folder().file("net.safetensors") + " " + text_file + " " + truncated + " " + good +
                                " " + tiny + " " + huge + " " + missing;
  const program::Outcome out = program::qrs("predict-image " + arguments);
  CHECK(out.status == 1);
  for (const std::string& file : {text_file, truncated, tiny, huge, missing}) {
    CAPTURE(file);
    CHECK(contains(out.output, file));
  }
  CHECK(contains(out.output, "expected a page of at least 16 x 16 pixels (the network sees 64 x 64), got 1 x 1"));
  CHECK(contains(out.output, "got height 20000 and width 20000"));
  const nlohmann::json json = parsed(program::qrs("predict-image --json " + arguments));
  REQUIRE(json.at("images").size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(json.at("images")[i].contains("class") == (i == 2));
    CHECK(json.at("images")[i].contains("error") == (i != 2));
  }
  const nlohmann::json alone =
      parsed(program::qrs("predict-image --json " + folder().file("net.safetensors") + " " + good));
  CHECK(alone.at("images")[0] == json.at("images")[2]);
}

TEST_CASE("a folder of pictures is predicted whole, and its folders' names are the truth where they name classes" *
          doctest::skip(!program::available())) {
  namespace fs = std::filesystem;
  const std::string root = folder().file("classes");
  for (const char* name : {"normal", "MI", ".hidden"}) fs::create_directories(root + "/" + name);
  fs::copy_file(folder().file("page0.png"), root + "/normal/0.png", fs::copy_options::overwrite_existing);
  fs::copy_file(folder().file("page1.png"), root + "/MI/1.png", fs::copy_options::overwrite_existing);
  fs::copy_file(folder().file("page2.png"), root + "/2.png", fs::copy_options::overwrite_existing);
  fs::copy_file(folder().file("page3.png"), root + "/.hidden/3.png", fs::copy_options::overwrite_existing);
  write_text(root + "/MI/broken.png", "no picture\n");
  const std::string table = folder().file("predictions.csv");
  const program::Outcome out =
      program::qrs("predict-image " + folder().file("net.safetensors") + " " + root + "/ --out " + table);
  CHECK(out.status == 1);
  CHECK(contains(out.output, "of the 2 pictures whose folder is called as a class"));
  const auto bytes = io::read_file(table);
  const std::string csv(io::as_text(bytes));
  CHECK(csv.starts_with("file,label,predicted,right,Normal,MI,\"old \"\"MI\"\"\",error\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 5);
  CHECK(contains(csv, root + "/2.png,,"));
  CHECK(contains(csv, root + "/normal/0.png,Normal,"));
  CHECK(contains(csv, root + "/MI/broken.png,MI,,,,,,"));
  CHECK_FALSE(contains(csv, "hidden"));
}

TEST_CASE("features are taken with the passes of the resize that the network was trained with" *
          doctest::skip(!program::available())) {
  for (const char* name : {"a", "b"}) {
    std::filesystem::create_directories(folder().file(text("tall/", name)));
    io::write_file(folder().file(text("tall/", name, "/1.png")), image::encode_png(image::Image(400, 70, 1)));
  }
  const std::string extract = "extract " + folder().file("net.safetensors") + " --data " + folder().file("tall") +
                              " --size 64 --out " + folder().file("features.safetensors");
  CHECK(program::qrs(extract).status == 0);
  const program::Outcome other = program::qrs(extract + " --pillow 13");
  CHECK(other.status == 1);
  CHECK(contains(other.output, "(bicubic, Pillow 12), grey, equalize, got resize to 64 x 64 (bicubic, Pillow 13)"));
}

TEST_CASE("explain writes a picture, and its shares sum to one or the map is empty" *
          doctest::skip(!program::available())) {
  for (const std::string method : {"grad-cam", "grad-cam++", "occlusion --patch 32 --stride 16"}) {
    CAPTURE(method);
    const std::string picture = folder().file("why.png");
    std::filesystem::remove(picture);
    const program::Outcome out =
        program::qrs("explain " + folder().file("net.safetensors") + " " + folder().file("page3.png") + " --out " +
                     picture + " --check --json --method " + method);
    REQUIRE(out.status == 0);
    const nlohmann::json json = parsed(out);
    CHECK(json.at("predicted") == json.at("explained"));
    double attribution = 0.0;
    double area = 0.0;
    for (const nlohmann::json& region : json.at("regions")) {
      attribution += region.at("attribution").get<double>();
      area += region.at("area").get<double>();
    }
    CHECK(std::abs(area - 1.0) < 1e-9);
    CHECK((std::abs(attribution - 1.0) < 1e-9 || attribution == 0.0));
    CHECK(json.contains("rank_correlation_with_fresh_weights"));
    const image::Decoded drawn = image::decode(io::read_file(picture), picture);
    CHECK(drawn.image.channels() == 3);
    CHECK(drawn.image.width() == 1140);
  }
  CHECK(contains(program::qrs("explain " + folder().file("net.safetensors") + " " + folder().file("page3.png") +
                              " --out " + folder().file("why.png") + " --class MI")
                     .output,
                 "explained MI by grad-cam"));
}

TEST_CASE("explain refuses unknown classes, broken pictures and weights without metadata" *
          doctest::skip(!program::available())) {
  const std::string net = folder().file("net.safetensors");
  const std::string page = folder().file("page3.png");
  const std::string picture = folder().file("none.png");
  const program::Outcome unknown = program::qrs("explain " + net + " " + page + " --out " + picture + " --class XY");
  CHECK(unknown.status == 1);
  CHECK(contains(unknown.output, "one of Normal, MI, old \"MI\", got 'XY'"));
  const program::Outcome broken = program::qrs("explain " + net + " LICENSE --out " + picture);
  CHECK(broken.status == 1);
  CHECK(contains(broken.output, "LICENSE"));
  const program::Outcome plain =
      program::qrs("explain tests/golden/io/kinds.safetensors " + page + " --out " + picture);
  CHECK(plain.status == 1);
  CHECK(contains(plain.output, "expected metadata 'model', got none"));
  const program::Outcome patch =
      program::qrs("explain " + net + " " + page + " --out " + picture + " --method occlusion --patch 65");
  CHECK(patch.status == 1);
  CHECK(contains(patch.output, "expected a patch of 1 to 64 pixels, got 65"));
  CHECK(program::qrs("explain " + net + " " + page + " --out " + picture + " --method magic").status == 2);
  CHECK_FALSE(std::filesystem::exists(picture));
  CHECK(program::qrs("explain " + net + " " + page + " --out " + folder().file("no/such/why.png")).status == 1);
}

}  // namespace networks_test
