// What is written reads back, is the same bytes each time, and is complete or not there.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "../../include/qrs/io/checkpoint.hpp"
#include "../contains.hpp"
#include "io_files.hpp"

using io_test::error_message;
using namespace qrs::io;

namespace {

using qrs::tests::contains;

bool same(const StateDict& a, const StateDict& b) {
  if (a.names() != b.names()) return false;
  for (const auto& [name, entry] : a) {
    if (!(b.at(name) == entry)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every type and rank comes back from .safetensors and .pth, in order") {
  const io_test::TemporaryFolder folder;
  StateDict dict = io_test::every_kind();
  dict.metadata["quote"] = "\"\\\n";
  for (const char* extension : {".safetensors", ".pth", ".pt", ".th"}) {
    CAPTURE(extension);
    const std::string path = folder / (std::string("kinds") + extension);
    write_checkpoint(path, dict);
    const StateDict back = read_checkpoint(path);
    CHECK(same(dict, back));
    CHECK((back.metadata == dict.metadata) == (std::string(extension) == ".safetensors"));
    const std::vector<std::byte> first = read_file(path);
    write_checkpoint(folder / (std::string("again") + extension), back);
    if (std::string(extension) != ".safetensors")
      CHECK(read_file(folder / (std::string("again") + extension)) == first);
    write_checkpoint(path, dict);
    CHECK(read_file(path) == first);
  }
}

TEST_CASE("an empty dict and odd names come back") {
  const io_test::TemporaryFolder folder;
  StateDict dict;
  for (const char* extension : {".safetensors", ".pth"}) {
    write_checkpoint(folder / (std::string("none") + extension), dict);
    CHECK(read_checkpoint(folder / (std::string("none") + extension)).empty());
  }
  dict.add("a \"quoted\" name/\xc3\x84 with\ttabs", qrs::Tensor<float>::zeros(qrs::Shape{2}));
  dict.add("", qrs::Tensor<float>::zeros(qrs::Shape{2}));
  for (const char* extension : {".safetensors", ".pth"}) {
    write_checkpoint(folder / (std::string("odd") + extension), dict);
    CHECK(same(read_checkpoint(folder / (std::string("odd") + extension)), dict));
  }
}

TEST_CASE("storages of a written .pth start on multiples of 64, those of .safetensors on their element size") {
  const io_test::TemporaryFolder folder;
  const StateDict dict = io_test::every_kind();
  const std::string path = folder / "kinds.pth";
  write_torch(path, dict);
  const std::vector<std::byte> bytes = read_file(path);
  const ZipReader zip(bytes, path);
  CHECK(zip.records().size() == dict.size() + 3);
  for (const ZipRecord& record : zip.records()) CHECK(zip.offset_of(zip.data(record)) % 64 == 0);

  std::vector<std::size_t> order;
  const std::string header = safetensors_header(dict, order);
  CHECK(header.size() % 8 == 0);
  std::size_t at = 0;
  for (const std::size_t i : order) {
    CHECK(at % size_of(dict[i].entry.dtype) == 0);
    at += dict[i].entry.bytes.size();
  }
}

TEST_CASE(".npy comes back for every type that it has") {
  const io_test::TemporaryFolder folder;
  const std::string path = folder / "array.npy";
  for (const auto& [name, entry] : io_test::every_kind()) {
    if (info(entry.dtype).numpy.empty()) {
      CHECK(contains(error_message([&, &e = entry] { write_npy(path, e); }), qrs::io::name(entry.dtype)));
      continue;
    }
    write_npy(path, entry);
    CHECK(read_npy(path) == entry);
    CHECK(read_file(path).size() % 64 == entry.bytes.size() % 64);
  }
}

TEST_CASE("names that a format cannot hold are refused before anything is written") {
  const io_test::TemporaryFolder folder;
  StateDict dict;
  dict.add("\xff", qrs::Tensor<float>::zeros(qrs::Shape{2}));
  CHECK(contains(error_message([&] { write_safetensors(folder / "x.safetensors", dict); }), "UTF-8"));
  CHECK(contains(error_message([&] { write_checkpoint(folder / "x.bin", dict); }), ".safetensors, .pth"));
  dict.add("two", qrs::Tensor<float>::zeros(qrs::Shape{2}));
  CHECK(contains(error_message([&] { write_checkpoint(folder / "x.npy", dict); }), "expected one tensor"));
  CHECK(folder.files() == 0);
}

TEST_CASE("a write that fails leaves the old file and no temporary one, and says what to do") {
  const io_test::TemporaryFolder folder;
  const std::string path = folder / "weights.safetensors";
  StateDict dict;
  dict.add("w", qrs::Tensor<float>::full(qrs::Shape{4}, 1.0F));
  write_checkpoint(path, dict);
  const std::vector<std::byte> before = read_file(path);

  StateDict large;
  large.add("w", qrs::Tensor<float>::full(qrs::Shape{100000}, 2.0F));
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{.rlim_cur = 4096, .rlim_max = limit.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string message = error_message([&] { write_checkpoint(path, large); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  ::signal(SIGXFSZ, handler);

  CHECK(contains(message, path));
  CHECK(contains(message, "byte 4096"));
  CHECK(contains(message, "ulimit"));
  CHECK(read_file(path) == before);
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that cannot be opened is named with the reason") {
  const io_test::TemporaryFolder folder;
  const std::string missing = folder / "no/such.pth";
  CHECK(contains(error_message([&] { read_checkpoint(missing); }), missing + ", got: No such file"));
  CHECK(contains(error_message([&] { write_torch(missing, {}); }), "create its folder first"));
  CHECK(contains(error_message([&] { read_file(folder / "."); }), "a folder"));
  write_file(folder / "ten", as_bytes("0123456789"));
  CHECK(contains(error_message([&] { read_file(folder / "ten", 9); }), "at most 9 bytes"));
  write_file(folder / "empty.pth", {});
  CHECK(contains(error_message([&] { read_checkpoint(folder / "empty.pth"); }), "an empty file"));
}
