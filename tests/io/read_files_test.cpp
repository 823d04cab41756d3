// Files that others wrote read as PyTorch, NumPy and safetensors read them.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "../../include/qrs/io/checkpoint.hpp"
#include "../../include/qrs/io/name_map.hpp"
#include "../contains.hpp"
#include "io_files.hpp"

using io_test::error_message;
using namespace qrs::io;

namespace {

using qrs::tests::contains;

FileContents everything(const std::string& path) { return parse_file(read_file(path), path, TorchScope::everything); }

bool available(const std::string& path) {
  if (std::filesystem::exists(path)) return true;
  std::printf("skipped: %s is not there\n", path.c_str());
  return false;
}

}  // namespace

TEST_CASE("every seed reads as expected.json says") {
  const nlohmann::json expected = io_test::read_json(io_test::seeds + "expected.json");
  CHECK(expected.size() >= 14);
  for (const auto& item : expected.items()) {
    const std::string file = item.key();
    CAPTURE(file);
    const FileContents contents = everything(io_test::seeds + file);
    CHECK(io_test::difference(contents.tensors, item.value(), contents.format != "safetensors") == "");
  }
}

TEST_CASE("the format is told by content") {
  const auto format = [](const char* file) { return std::string(everything(io_test::seeds + file).format); };
  CHECK(format("zip.pth") == "torch zip");
  CHECK(format("legacy.pth") == "torch legacy");
  CHECK(format("tar.pth") == "torch tar");
  CHECK(format("kinds.safetensors") == "safetensors");
  CHECK(format("half.npy") == "npy");
}

TEST_CASE("every fixture reads as PyTorch 1.13 reads it") {
  if (!available(io_test::fixtures)) return;
  int files = 0;
  for (const auto& json : std::filesystem::directory_iterator(io_test::fixtures + "expected")) {
    const nlohmann::json expected = io_test::read_json(json.path().string());
    const std::string file = expected["file"];
    CAPTURE(file);
    const std::vector<std::byte> bytes = read_file(io_test::fixtures + file);
    check_hash_in_name(bytes, file);
    CHECK(io_test::difference(parse_file(bytes, file, TorchScope::everything).tensors, expected["tensors"], true) ==
          "");
    ++files;
  }
  CHECK(files >= 5);
}

TEST_CASE("the partial EfficientNet-B0 has its 352 entries") {
  const std::string path = "../shared/weights/efficientnet_b0_tracer_features0-7_tvkeys.pth";
  if (!available(path)) return;
  const StateDict dict = read_checkpoint(path);
  CHECK(dict.size() == 352);
  CHECK(dict.at("features.0.0.weight").shape == std::vector<std::int64_t>{32, 3, 3, 3});
  CHECK_FALSE(dict.contains("classifier.1.weight"));
}

TEST_CASE("a training checkpoint gives its state dict, and lists what else it holds") {
  for (const char* file : {"training.pth", "training_legacy.pth"}) {
    const std::vector<std::byte> bytes = read_file(io_test::seeds + file);
    const TorchContents contents = parse_torch(bytes, file);
    CHECK(contents.tensors.size() == 7);
    CHECK(contents.tensors.contains("module.norm.running_var"));
    CHECK(contents.others == std::vector<std::string>{"epoch: int", "best: float", "optimizer: dict", "arch: str"});
    CHECK(strip_prefix(contents.tensors, "module.").contains("norm.running_var"));
  }
}

TEST_CASE("among several mappings the reader asks, and a key chooses") {
  const std::string path = io_test::seeds + "two_mappings.pth";
  CHECK(contains(error_message([&] { read_torch(path); }), "got 'generator', 'critic'"));
  CHECK(read_torch(path, "critic").size() == 7);
  CHECK(contains(error_message([&] { read_torch(path, "editor"); }), "expected a mapping 'editor'"));
}

TEST_CASE("metadata of safetensors is kept") {
  const StateDict dict = read_checkpoint(io_test::seeds + "kinds.safetensors");
  CHECK(dict.metadata.at("format") == "pt");
  CHECK(dict.metadata.at("note") == "ein \xc3\x84pfelchen");
}

TEST_CASE("the hash in a name is checked, and a date is no hash") {
  CHECK(hash_in_name("weights/resnet18-f37072fd.pth") == "f37072fd");
  CHECK(hash_in_name("a-12fca82f.th") == "12fca82f");
  CHECK(hash_in_name("resnet18-f37072fd.npy").empty());
  CHECK(hash_in_name("resnet18-F37072FD.pth").empty());
  CHECK(hash_in_name("resnet18.pth").empty());
  CHECK(hash_in_name("-f37072f.pt").empty());
  CHECK(reads_as_date("20240131"));
  CHECK_FALSE(reads_as_date("20241331"));

  const io_test::TemporaryFolder folder;
  const std::vector<std::byte> bytes = read_file(io_test::seeds + "zip.pth");
  const std::string hash = qrs::sha256(bytes);
  const std::string good = folder / ("net-" + hash.substr(0, 8) + ".pth");
  write_file(good, bytes);
  CHECK(read_checkpoint(good).size() == 20);
  const std::string dated = folder / "net-20240131.pth";
  write_file(dated, bytes);
  CHECK(read_checkpoint(dated).size() == 20);
  const std::string epoch = folder / "epoch-00000010.pth";
  write_file(epoch, bytes);
  CHECK(read_checkpoint(epoch).size() == 20);
  CHECK(contains(parse_weights(bytes, epoch).notices.back(), "begins with 00000010, as its name says, got " + hash));
  CHECK(parse_weights(bytes, good).notices.empty());
  const std::string wrong = folder / "net-0000000a.pth";
  write_file(wrong, bytes);
  const std::string message = error_message([&] { read_checkpoint(wrong); });
  CHECK(contains(message, "net-0000000a.pth"));
  CHECK(contains(message, "begins with 0000000a"));
  CHECK(parse_weights(bytes, wrong).tensors.size() == 20);  // for a program that can say so
  CHECK(contains(message, hash));
}

TEST_CASE("what is no weight file is named, with what to do") {
  const auto refusal = [](const std::string& bytes) {
    return error_message([&] { parse_file(as_bytes(bytes), "weights.pth"); });
  };
  CHECK(
      contains(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n"), "a Git LFS pointer: "));
  CHECK(contains(refusal("<!DOCTYPE html>\n<html><title>404</title>"), "an HTML page: a web page was saved"));
  CHECK(contains(refusal("\x80\x04\x95 some object"), "a pickle: "));
  CHECK(contains(refusal("\x1f\x8b\x08"), "gunzip"));
  CHECK(contains(error_message([] { parse_safetensors(as_bytes("<html><body>no such file"), "w.safetensors"); }),
                 "expected a safetensors file, got an HTML page"));
  CHECK(contains(error_message([] { parse_npy(as_bytes("1,2,3\n"), "x.npy"); }), "got a text file"));
}

TEST_CASE("a safetensors tensor of a type that is not read is listed, and the others are read") {
  const std::string json =
      R"({"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},"b":{"dtype":"U16","shape":[1],"data_offsets":[2,4]}})";
  const std::uint64_t length = json.size();
  const std::string file = std::string(reinterpret_cast<const char*>(&length), 8) + json + std::string("\1\2\3\4", 4);
  const FileContents contents = parse_file(as_bytes(file), "x.safetensors");
  CHECK(contents.tensors.names() == std::vector<std::string>{"b"});
  CHECK(contents.tensors.at("b").to<std::int64_t>()({0}) == 0x403);
  CHECK(contents.others == std::vector<std::string>{"a: tensor of F4, a type that is not read"});
  CHECK(contains(error_message([&] { parse_safetensors(as_bytes(file), "x.safetensors"); }), "got 'F4'"));
}

TEST_CASE("entries are renamed by a table of two columns") {
  StateDict dict;
  for (const char* name : {"a", "b", "c"}) dict.add(name, qrs::Tensor<float>::zeros(qrs::Shape{1}));
  const auto names = [&](std::string_view table) { return rename_by(dict, table, "names.csv").names(); };
  CHECK(names("old,new\n# a comment\n\na, x.weight\r\nb\t\"y\"\n") == std::vector<std::string>{"x.weight", "y", "c"});
  CHECK(names("b,\n") == std::vector<std::string>{"a", "c"});
  const auto refusal = [&](std::string_view table) { return error_message([&] { names(table); }); };
  CHECK(contains(refusal("a,x\nd,y\n"), "names.csv, line 2: expected a name of the weight file, got 'd'"));
  CHECK(contains(refusal("a"), "line 1: expected an old and a new name"));
  CHECK(contains(refusal("a,x\na,y"), "each old name once"));
  CHECK(contains(refusal("a,b"), "expected new names that differ, got 'b' twice"));
}
