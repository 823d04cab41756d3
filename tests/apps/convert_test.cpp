// qrs convert and inspect on the weight files of other programs: names, choices, and what is said of them.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../../apps/models/instances.hpp"
#include "../../include/qrs/core/sha256.hpp"
#include "../../include/qrs/io/checkpoint.hpp"
#include "../../include/qrs/nn/state.hpp"
#include "../contains.hpp"
#include "../io/io_files.hpp"
#include "../io/pickles.hpp"
#include "program.hpp"

namespace {

using namespace qrs;
using namespace io_test::pickles;
using qrs::tests::contains;

/// A folder with the weights of a resnet18 of four classes, the names changed by a prefix.
class Folder : public io_test::TemporaryFolder {
 public:
  std::string prefixed(const std::string& prefix) const {
    static const auto net = models::create<float>("resnet18", {.classes = 4});
    io::StateDict out;
    for (const auto& [name, entry] : nn::state_dict(*net)) out.add(prefix + name, entry);
    io::write_checkpoint(*this / "in.pth", out);
    return *this / "in.pth";
  }
  program::Outcome convert(const std::string& arguments) const {
    return program::qrs("convert " + *this / "in.pth" + " " + out() + " " + arguments);
  }
  std::string out() const { return *this / "out.safetensors"; }
  std::size_t written() const { return io::read_safetensors(out()).size(); }
};

}  // namespace

TEST_SUITE_BEGIN("convert" * doctest::skip(!program::available()));

TEST_CASE("convert takes the prefixes of wrappers off, and says so") {
  const Folder folder;
  folder.prefixed("module.model.");
  const program::Outcome done = folder.convert("--model resnet18");
  CHECK(done.status == 0);
  CHECK(contains(done.output, "note: " + folder / "in.pth" + ": took 'module.model.' off the names"));
  CHECK(io::read_safetensors(folder.out()).contains("layer1.0.conv1.weight"));
}

TEST_CASE("convert renames by --strip-prefix and --map") {
  const Folder folder;
  folder.prefixed("odd_");
  CHECK(folder.convert("--strip-prefix odd_ --model resnet18").status == 0);
  CHECK(folder.written() == 122);
  CHECK(contains(folder.convert("--strip-prefix even_").output, "expected names that begin with 'even_'"));
  io::write_file(folder / "names.csv", io::as_bytes("old,new\nodd_fc.bias,head.bias\n"));
  CHECK(folder.convert("--map " + folder / "names.csv").status == 0);
  CHECK(io::read_safetensors(folder.out()).contains("head.bias"));
}

TEST_CASE("convert that finds nothing of the network is an error and writes nothing") {
  const Folder folder;
  folder.prefixed("odd_");
  const program::Outcome done = folder.convert("--model resnet18 --allow-missing");
  CHECK(done.status == 1);
  CHECK(contains(done.output, "of which nothing fits"));
  CHECK_FALSE(std::filesystem::exists(folder.out()));
}

TEST_CASE("convert asks among several mappings, and --key answers") {
  const Folder folder;
  const std::string args = "cargparse\nNamespace\n)\x81}b";
  write_zip(folder / "in.pth", dict({{"student", weights()}, {"teacher", weights()}, {"args", args}}));
  const program::Outcome asked = folder.convert("");
  CHECK(asked.status == 1);
  CHECK(contains(asked.output, "got 'student', 'teacher'; choose one by its key (--key "));
  const program::Outcome done = folder.convert("--key student");
  CHECK(done.status == 0);
  CHECK(contains(done.output, "of which nothing was imported or run: argparse.Namespace"));
  CHECK(folder.written() == 2);
}

TEST_CASE("a number in a file's name that is no hash is a note") {
  const Folder folder;
  std::filesystem::rename(folder.prefixed(""), folder / "epoch-00000010.pth");
  const program::Outcome done =
      program::qrs("convert " + folder / "epoch-00000010.pth" + " " + folder.out() + " --model resnet18");
  CHECK(done.status == 0);
  CHECK(contains(done.output, "begins with 00000010, as its name says"));
}

TEST_CASE("inspect names what is no weight file") {
  const Folder folder;
  io::write_file(folder / "w.pth", io::as_bytes("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n"));
  const program::Outcome done = program::qrs("inspect " + folder / "w.pth");
  CHECK(done.status == 1);
  CHECK(contains(done.output, "got a Git LFS pointer: it names the file and is not it; run `git lfs pull`"));
}

TEST_SUITE_END();
