// qrs parity: right files agree, wrong ones are found, unknown ones are skipped, broken ones are named.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "../contains.hpp"
#include "../sanitised.hpp"
#include "program.hpp"
#include "qrs/io/safetensors.hpp"

namespace parity_test {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using qrs::Tensor;

// The whole comparison takes half a minute; what a sanitiser slows down tenfold is shortened.
using qrs::tests::sanitised;

using qrs::tests::contains;

std::string last_line(const std::string& output) {
  const std::size_t end = output.find_last_not_of('\n');
  return end == std::string::npos ? "" : output.substr(output.rfind('\n', end) + 1, end - output.rfind('\n', end));
}

/// A folder of its own, gone at the end.
class Folder {
 public:
  explicit Folder(const char* name) : path_(fs::temp_directory_path() / qrs::text("qrs_parity_", name, "_", getpid())) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const char* name) const { return (path_ / name).string(); }
  std::string argument() const { return "'" + path_.string() + "'"; }

 private:
  fs::path path_;
};

/// A copy of a dictionary without one tensor.
qrs::io::StateDict without(const qrs::io::StateDict& from, const std::string& removed) {
  qrs::io::StateDict out;
  out.metadata = from.metadata;
  for (const auto& [name, entry] : from) {
    if (name != removed) out.add(name, entry);
  }
  return out;
}

/// Adds `amount` to one float value of a file of doubles or floats.
void shift(qrs::io::StateDict& dict, const std::string& name, std::int64_t element, double amount) {
  qrs::io::Entry& entry = dict.at(name);
  if (entry.dtype == qrs::io::DType::f64) {
    const auto values = entry.to<double>();
    values.data()[element] += amount;
    entry = qrs::io::Entry::from(values);
  } else {
    const auto values = entry.to<float>();
    values.data()[element] += static_cast<float>(amount);
    entry = qrs::io::Entry::from(values);
  }
}

/// A file of one relu case that is not in any reference: x, y, and gy = 1.
qrs::io::StateDict tiny(const std::string& cases) {
  qrs::io::StateDict dict;
  dict.metadata = {{"seed", "0"}, {"cases", cases}};
  dict.add("mine/x", Tensor<float>::from({2, 2}, {-1, 2, 3, -4}));
  dict.add("mine/y", Tensor<float>::from({2, 2}, {0, 2, 3, 0}));
  dict.add("mine/gy", Tensor<float>::from({2, 2}, {1, 1, 1, 1}));
  dict.add("mine/dx", Tensor<float>::from({2, 2}, {0, 1, 1, 0}));
  return dict;
}

program::Outcome parity_of(const qrs::io::StateDict& dict, const char* name, const std::string& options = "") {
  const Folder folder(name);
  qrs::io::write_safetensors(folder.file("ops.safetensors"), dict);
  return program::qrs("parity " + folder.argument() + " " + options);
}

}  // namespace

TEST_CASE("every operation agrees with PyTorch in float and in double" * doctest::skip(!program::available())) {
  for (const char* dtype : {"f32", "f64"}) {
    const program::Outcome out =
        program::qrs(std::string("parity tests/golden --only ops.safetensors --dtype ") + dtype);
    CHECK_MESSAGE(out.status == 0, out.output);
    CHECK(last_line(out.output) == "parity: 45 cases, 0 failed, 0 skipped");
  }
}

static void check_networks(const std::string& dtype) {
  for (const char* network :
       {"resnet18", "resnet34", "densenet121", "efficientnet_b0", "mobilenet_v2", "convnext_tiny", "vit_b_16"}) {
    const program::Outcome out = program::qrs("parity tests/golden --dtype " + dtype + " --only " + network);
    CHECK_MESSAGE(out.status == 0, out.output);
    CHECK(last_line(out.output) == "parity: 3 cases, 0 failed, 0 skipped");
  }
}

TEST_CASE("every network agrees with torchvision in float" * doctest::skip(!program::available() || sanitised)) {
  check_networks("f32");
}

TEST_CASE("every network agrees with torchvision in double" * doctest::test_suite("check") *
          doctest::skip(!program::available() || sanitised)) {
  check_networks("f64");
}

TEST_CASE("one network under the sanitisers" * doctest::skip(!program::available() || !sanitised)) {
  const program::Outcome out = program::qrs("parity tests/golden --only resnet18/train");
  CHECK_MESSAGE(out.status == 0, out.output);
}

TEST_CASE("--json is one object whose rows add up" * doctest::skip(!program::available())) {
  const program::Outcome out = program::qrs("parity tests/golden --only linear --json");
  CHECK(out.status == 0);
  const json report = json::parse(out.output);
  CHECK(report.at("cases") == 1);
  CHECK(report.at("failed") == 0);
  CHECK(report.at("skipped") == 0);
  REQUIRE(report.at("rows").size() == 4);
  CHECK(report["rows"][0].at("case") == "linear");
  CHECK(report["rows"][0].at("quantity") == "y");
  CHECK(report["rows"][0].at("error").get<double>() < 1e-6);
  CHECK(report["rows"][0].at("tolerance") == 1e-5);
  CHECK(report["rows"][0].at("ok") == true);
}

TEST_CASE("--only takes prefixes of case names and of file names; none is exit status 2" *
          doctest::skip(!program::available())) {
  const auto cases = [](const std::string& only) {
    return json::parse(program::qrs("parity tests/golden --json --only " + only).output).at("cases").get<int>();
  };
  CHECK(cases("conv2d_") == 10);
  CHECK(cases("conv2d_3") == 1);
  CHECK(cases("ops.safe") == 45);
  CHECK(cases("resnet18/eval") == 1);
  const program::Outcome none = program::qrs("parity tests/golden --only no_such_case");
  CHECK(none.status == 2);
  CHECK(last_line(none.output) == "parity: 0 cases, 0 failed, 0 skipped");
}

TEST_CASE("a case of any name is run by its operation" * doctest::skip(!program::available())) {
  const program::Outcome out = parity_of(tiny(R"([{"case": "mine", "op": "relu"}])"), "name");
  CHECK(out.status == 0);
  CHECK(last_line(out.output) == "parity: 1 cases, 0 failed, 0 skipped");
}

TEST_CASE("a reference that differs fails, in the row it stands in" * doctest::skip(!program::available())) {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  struct Fault {
    const char* tensor;
    const char* case_name;
    const char* quantity;
  };
  for (const Fault& fault :
       {Fault{"conv2d_7/dw", "conv2d_7", "dw"}, Fault{"batch_norm_1/y_eval", "batch_norm_1", "y_eval"},
        Fault{"max_pool2d_2/dx", "max_pool2d_2", "dx"}, Fault{"cross_entropy_2/loss", "cross_entropy_2", "loss"},
        Fault{"optim_adam/params", "optim_adam", "params"}, Fault{"plateau_2/lr", "plateau_2", "lr"},
        Fault{"softmax/y", "softmax", "y"}}) {
    for (const double amount : {0.02, std::nan("")}) {
      CAPTURE(amount);
      qrs::io::StateDict wrong = golden;
      shift(wrong, fault.tensor, wrong.at(fault.tensor).size() - 1, amount);
      const std::string options = std::string("--json --only ") + fault.case_name;
      const program::Outcome out = parity_of(wrong, "fault", options);
      CHECK(out.status == 1);
      const json report = json::parse(out.output);
      CHECK(report.at("failed") == 1);
      for (const json& row : report.at("rows")) {
        CAPTURE(row.dump());
        const bool wrong_row = row.at("case") == fault.case_name && row.at("quantity") == fault.quantity;
        CHECK(row.at("ok").get<bool>() == !wrong_row);
      }
    }
  }
}

TEST_CASE("a result that is not a number fails" * doctest::skip(!program::available())) {
  qrs::io::StateDict dict = tiny(R"([{"case": "mine", "op": "relu"}])");
  shift(dict, "mine/x", 1, std::nan(""));
  const program::Outcome out = parity_of(dict, "nan", "--json");
  CHECK(out.status == 1);
  const json report = json::parse(out.output);
  CHECK(report.at("failed") == 1);
  CHECK(report.at("rows")[0].at("ok") == false);
}

TEST_CASE("a score that differs from the stored one fails, a NaN too" * doctest::skip(!program::available())) {
  for (const double stored : {0.75, 0.5, std::nan("")}) {
    CAPTURE(stored);
    const Folder folder("scores");
    qrs::io::StateDict dict;
    dict.metadata = {{"seed", "0"}, {"svc_cases", "[]"}, {"metrics/others", R"(["accuracy"])"}};
    dict.add("metrics/y", Tensor<std::int64_t>::from({4}, {0, 1, 0, 1}));
    dict.add("metrics/score", Tensor<double>::from({4, 2}, {0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.7, 0.3}));
    dict.add("metrics/others", Tensor<double>::from({1}, {stored}));
    qrs::io::write_safetensors(folder.file("classical.safetensors"), dict);
    const program::Outcome out = program::qrs("parity " + folder.argument());
    CHECK_MESSAGE((out.status == 0) == (stored == 0.75), out.output);
    CHECK(contains(last_line(out.output), "1 cases"));
  }
}

TEST_CASE("a network's reference that differs fails" * doctest::skip(!program::available() || sanitised)) {
  const Folder folder("network");
  qrs::io::StateDict wrong = qrs::io::read_safetensors("tests/golden/resnet18.safetensors");
  shift(wrong, "train/loss", 0, 1e-3);
  shift(wrong, "eval/features", 511, 1e-3);
  qrs::io::write_safetensors(folder.file("resnet18.safetensors"), wrong);
  const program::Outcome out = program::qrs("parity " + folder.argument() + " --json --dtype f64");
  CHECK(out.status == 1);
  const json report = json::parse(out.output);
  CHECK(report.at("failed") == 2);
  int wrong_rows = 0;
  for (const json& row : report.at("rows")) {
    const bool changed = row.at("quantity") == "loss" || row.at("quantity") == "features";
    CHECK(row.at("ok").get<bool>() == !changed);
    wrong_rows += changed ? 1 : 0;
  }
  CHECK(wrong_rows == 2);
}

TEST_CASE("one gradient norm that is not a number fails, whatever the median says" *
          doctest::skip(!program::available() || sanitised)) {
  const Folder folder("norm");
  qrs::io::StateDict wrong = qrs::io::read_safetensors("tests/golden/resnet18.safetensors");
  shift(wrong, "train/grad_norms", 0, std::nan(""));
  qrs::io::write_safetensors(folder.file("resnet18.safetensors"), wrong);
  const program::Outcome out = program::qrs("parity " + folder.argument() + " --json --only resnet18/train");
  CHECK(out.status == 1);
  CHECK(json::parse(out.output).at("failed") == 1);
}

TEST_CASE("what is not known is skipped and counted" * doctest::skip(!program::available())) {
  const std::string cases = R"([{"case": "mine", "op": "relu"}, {"case": "later", "op": "fft"},
                                {"case": "image", "height": 3}, {"case": "mine", "op": "relu", "slope": 0.1}])";
  const program::Outcome out = parity_of(tiny(cases), "unknown");
  CHECK(out.status == 0);
  CHECK(last_line(out.output) == "parity: 1 cases, 0 failed, 3 skipped");
  CHECK(contains(out.output, "operation 'fft' is not known"));
  CHECK(contains(out.output, "parameter 'slope' of operation 'relu' is not known"));

  const Folder folder("kind");
  qrs::io::StateDict other;
  other.metadata = {{"seed", "0"}};
  other.add("data", Tensor<float>::from({1}, {1}));
  qrs::io::write_safetensors(folder.file("classical.safetensors"), other);
  CHECK(last_line(program::qrs("parity " + folder.argument()).output) == "parity: 0 cases, 0 failed, 1 skipped");
}

TEST_CASE("a case that cannot be run fails by itself, and says why" * doctest::skip(!program::available())) {
  const std::string cases = R"([{"case": "mine", "op": "relu"}, {"case": "gone", "op": "relu"}])";
  const program::Outcome gone = parity_of(tiny(cases), "gone");
  CHECK(gone.status == 1);
  CHECK(last_line(gone.output) == "parity: 2 cases, 1 failed, 0 skipped");
  CHECK(contains(gone.output, "gone/x"));

  const std::string one = R"([{"case": "mine", "op": "relu"}])";
  const program::Outcome half = parity_of(without(tiny(one), "mine/gy"), "half", "--json");
  CHECK(half.status == 1);
  CHECK(contains(half.output, "mine/gy"));
  CHECK(json::parse(half.output).at("failed") == 1);
}

TEST_CASE("folders and files that cannot be read are named" * doctest::skip(!program::available())) {
  const program::Outcome nowhere = program::qrs("parity no/such/folder");
  CHECK(nowhere.status == 1);
  CHECK(nowhere.output.starts_with("qrs: [parity] expected a folder of reference files, got 'no/such/folder'"));

  const Folder folder("broken");
  const program::Outcome empty = program::qrs("parity " + folder.argument());
  CHECK(empty.status == 1);
  CHECK(contains(empty.output, "expected *.safetensors files"));

  std::ofstream(folder.file("ops.safetensors"), std::ios::binary) << std::string(100, 'x');
  const program::Outcome broken = program::qrs("parity " + folder.argument());
  CHECK(broken.status == 1);
  CHECK(contains(broken.output, "ops.safetensors, byte 0"));

  const program::Outcome metadata = parity_of(tiny("[{"), "metadata");
  CHECK(metadata.status == 1);
  CHECK(contains(metadata.output, "expected JSON in the metadata 'cases'"));
  const program::Outcome unnamed = parity_of(tiny(R"([{"op": "relu"}])"), "unnamed");
  CHECK(unnamed.status == 1);
  CHECK(contains(unnamed.output, "expected cases with a name"));
}

TEST_CASE("wrong options are exit status 2" * doctest::skip(!program::available())) {
  CHECK(program::qrs("parity").status == 2);
  CHECK(program::qrs("parity tests/golden --dtype f16").status == 2);
  CHECK(program::qrs("parity tests/golden --device tpu").status == 2);
}

}  // namespace parity_test
