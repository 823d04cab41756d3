// Where bytes go: only regular files are replaced, links and modes stay, devices and pipes are written through, and no two
// writers share a file.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../contains.hpp"
#include "io_files.hpp"

namespace output_files_test {

using io_test::error_message;
using qrs::tests::contains;
using namespace qrs::io;

namespace {

std::string content(const std::string& path) { return std::string(as_text(read_file(path))); }

void write(const std::string& path, std::string_view text) { write_file(path, as_bytes(text)); }

mode_t mode_of(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file that is written again keeps its mode, and a new one has the process's") {
  const io_test::TemporaryFolder folder;
  write(folder / "new", "a");
  const mode_t usual = mode_of(folder / "new");
  for (const mode_t mode : {mode_t{0600}, mode_t{0644}, mode_t{0660}}) {
    ::chmod((folder / "new").c_str(), mode);
    write(folder / "new", "b");
    CHECK(mode_of(folder / "new") == mode);
  }
  write(folder / "other", "a");
  CHECK(mode_of(folder / "other") == usual);
  CHECK(folder.files() == 2);
}

TEST_CASE("a symbolic link stays one, and the file it points to is written, there or not") {
  const io_test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "inner");
  write(folder / "inner/target", "old");
  std::filesystem::create_symlink("inner/target", folder / "link");
  std::filesystem::create_symlink("link", folder / "second");
  std::filesystem::create_symlink("inner/not yet", folder / "dangling");
  std::filesystem::create_symlink("itself", folder / "itself");
  write(folder / "second", "new");
  CHECK(std::filesystem::is_symlink(folder / "second"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(content(folder / "inner/target") == "new");
  write(folder / "dangling", "first");
  CHECK(std::filesystem::is_symlink(folder / "dangling"));
  CHECK(content(folder / "inner/not yet") == "first");
  CHECK(contains(error_message([&] { write(folder / "itself", "x"); }), "Too many levels of symbolic links"));
  CHECK(folder.files() == 5);
}

TEST_CASE("a device is written through and never replaced, and a full one is an error") {
  CHECK(error_message([] { write("/dev/null", "gone"); }) == "no error");
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(contains(error_message([] { write("/dev/full", "x"); }), "[file] expected to write /dev/full, byte 0, got: "));
  CHECK(std::filesystem::is_character_file("/dev/full"));
}

TEST_CASE("a pipe is written through to its reader, and without one is an error at once") {
  const io_test::TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(contains(error_message([&] { write(pipe, "x"); }), "nobody reads from it"));
  CHECK(error_message([&] { expect_writable(pipe); }) == "no error");
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  write(pipe, "through");
  char got[16] = {};
  CHECK(::read(reader, got, sizeof got) == 7);
  CHECK(std::string(got) == "through");
  ::close(reader);
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("what is no regular file is never waited for as an input, and named for what it is") {
  const io_test::TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(error_message([&] { read_file(folder / "pipe"); }) ==
        "[file] expected a regular file, got " + (folder / "pipe") + ", a pipe");
  CHECK(error_message([] { read_file("/dev/zero"); }) == "[file] expected a regular file, got /dev/zero, a device");
  CHECK(contains(error_message([&] { read_file(folder / "."); }), ", a folder"));
}

TEST_CASE("a folder and an empty name are refused before a byte is written") {
  const io_test::TemporaryFolder folder;
  CHECK(contains(error_message([&] { AtomicFile file(folder / "."); }), "expected the name of a file to write, got "));
  CHECK(contains(error_message([] { AtomicFile file(""); }), "got an empty one"));
  CHECK(contains(error_message([&] { expect_writable(folder / "no/such"); }), "create its folder first"));
  expect_writable(folder / "fine");
  CHECK(folder.files() == 0);
}

TEST_CASE("writers of one path never share a temporary file: what stays is one writer's, whole") {
  const io_test::TemporaryFolder folder;
  const std::string path = folder / "one";
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> writers;
    std::vector<std::string> errors(4);
    for (std::size_t i = 0; i < 4; ++i) {
      writers.emplace_back([&, i] {
        errors[i] = error_message([&] { write(path, std::string(50000 + 10000 * i, static_cast<char>('a' + i))); });
      });
    }
    for (std::thread& writer : writers) writer.join();
    for (const std::string& error : errors) CHECK(error == "no error");
    const std::string got = content(path);
    CHECK(got == std::string(50000 + 10000 * static_cast<std::size_t>(got[0] - 'a'), got[0]));
  }
  CHECK(folder.files() == 1);
}

TEST_CASE("a stale temporary file of an equal process number is left alone") {
  const io_test::TemporaryFolder folder;
  const std::string stale = folder / qrs::text("out.part-", ::getpid(), "-0");
  write(stale, "of another machine");
  write(folder / "out", "mine");
  CHECK(content(folder / "out") == "mine");
  CHECK(content(stale) == "of another machine");
}

TEST_CASE("a temporary name is told from a name that only resembles one") {
  using detail::is_temporary_name;
  CHECK(is_temporary_name("a.csv.part-17-0", "a.csv"));
  CHECK(is_temporary_name("a.csv.part-17", "a.csv"));
  for (const char* other :
       {"a.csv", "a.csv.part-", "a.csv.part-01.rar", "b.csv.part-17-0", "film.part-01.rar", "xa.csv.part-1"}) {
    CAPTURE(other);
    CHECK_FALSE(is_temporary_name(other, "a.csv"));
  }
}

}  // namespace output_files_test
