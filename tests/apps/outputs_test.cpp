// What verbs write: it arrives or is an error, and what can be known of a name is refused before the work.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "../contains.hpp"
#include "program.hpp"
#include "qrs/core/error.hpp"
#include "qrs/io/file.hpp"

namespace outputs_test {

namespace {

namespace fs = std::filesystem;
using qrs::tests::contains;

/// A folder with a table of two classes and a tree fitted to it.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / qrs::text("qrs_outputs_test_", ::getpid())) {
    fs::create_directories(path_);
    std::string x;
    std::string y;
    for (int i = 0; i < 12; ++i) {
      x += qrs::text(i, ",", i % 5, "\n");
      y += qrs::text(i / 6, "\n");
    }
    write("x.csv", x);
    write("y.csv", y);
    fitted_ = program::qrs("fit tree" + data() + " --out " + at("tree.safetensors")).status == 0;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool fitted() const { return fitted_; }
  std::string at(const std::string& name) const { return (path_ / name).string(); }
  std::string data() const { return " --x " + at("x.csv") + " --y " + at("y.csv"); }
  std::string predict() const { return "predict " + at("tree.safetensors") + " --x " + at("x.csv"); }
  void write(const std::string& name, const std::string& text) const {
    qrs::io::write_file(at(name), qrs::io::as_bytes(text));
  }
  std::string read(const std::string& name) const {
    return std::string(qrs::io::as_text(qrs::io::read_file(at(name))));
  }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  fs::path path_;
  bool fitted_ = false;
};

/// `qrs` behind a shell's redirections, which come after its arguments.
program::Outcome shell(const std::string& arguments, const std::string& redirections) {
  program::Outcome out;
  const std::string file = (fs::temp_directory_path() / qrs::text("qrs_outputs_error_", ::getpid())).string();
  const std::string command =
      "'" + std::string(std::getenv("QRS_PROGRAM")) + "' " + arguments + " 2>" + file + " " + redirections;
  const int ended = std::system(("bash -c \"" + command + "\"").c_str());
  if (WIFEXITED(ended)) out.status = WEXITSTATUS(ended);
  out.output = std::string(qrs::io::as_text(qrs::io::read_file(file)));
  fs::remove(file);
  return out;
}

}  // namespace

TEST_CASE("output to a full disk or a closed stream ends with 1 and says so, for every verb and for help" *
          doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  for (const std::string& arguments :
       {"inspect " + folder.at("tree.safetensors"), "inspect --json " + folder.at("tree.safetensors"),
        "evaluate --y " + folder.at("y.csv") + " --scores " + folder.at("y.csv") + " --json",
        folder.predict() + " --out " + folder.at("l.csv"), std::string("summary resnet18"), std::string("--help"),
        std::string("fit --help"), std::string("--version")}) {
    CAPTURE(arguments);
    const auto full = shell(arguments, ">/dev/full");
    CHECK(full.status == 1);
    CHECK(contains(full.output, "[output] expected to write to standard output, got: No space left on device"));
    const auto closed = shell(arguments, ">&-");
    CHECK(closed.status == 1);
    CHECK(contains(closed.output, "[output] expected to write to standard output"));
  }
}

TEST_CASE("a reader that has gone is an error, not a signal" * doctest::skip(!program::available())) {
  // The pipe's reader is gone before the first byte: true has ended by the time a process has started.
  const auto out = shell("summary resnet18", "> >(exec true); sleep 0.1; exit \\${PIPESTATUS[0]}");
  CHECK(out.status != -1);
  const auto piped = shell("--help", "| true; exit \\${PIPESTATUS[0]}");
  CHECK((piped.status == 0 || piped.status == 1));
}

TEST_CASE("a limit on the size of files is an error that leaves nothing behind" *
          doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  const std::size_t before = folder.files();
  const std::string command = "ulimit -f 1; '" + std::string(std::getenv("QRS_PROGRAM")) + "' fit forest" +
                              folder.data() + " --out " + folder.at("big.safetensors") + " 2>" + folder.at("said");
  const int ended = std::system(("bash -c \"" + command + "\"").c_str());
  REQUIRE(WIFEXITED(ended));
  CHECK(WEXITSTATUS(ended) == 1);
  CHECK(contains(folder.read("said"), "the file size limit of this process or disk is too small (ulimit -f)"));
  CHECK(folder.files() == before + 1);  // what was said
}

TEST_CASE("an --out that is a link, a device or of a narrow mode stays what it is" *
          doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  folder.write("target.csv", "old");
  fs::create_symlink("target.csv", folder.at("link.csv"));
  folder.write("secret.csv", "old");
  ::chmod(folder.at("secret.csv").c_str(), 0600);
  for (const char* name : {"link.csv", "secret.csv"}) {
    const auto out = program::qrs(folder.predict() + " --out " + folder.at(name));
    REQUIRE_MESSAGE(out.status == 0, out.output);
  }
  CHECK(fs::is_symlink(folder.at("link.csv")));
  CHECK(folder.read("target.csv").size() == 24);
  struct stat status {};
  ::stat(folder.at("secret.csv").c_str(), &status);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(program::qrs(folder.predict() + " --out /dev/null").status == 0);
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(contains(program::qrs(folder.predict() + " --out /dev/full").output, "No space left on device"));
  CHECK(contains(program::qrs(folder.predict() + " --out /dev/stdout").output, "0\n0\n0\n"));
}

TEST_CASE("a pipe as an input is refused at once, by every reader" * doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  for (const char* name : {"in.npy", "in.csv", "in.safetensors", "in.libsvm", "in.json", "in.model", "in.pth"}) {
    REQUIRE(::mkfifo(folder.at(name).c_str(), 0600) == 0);
  }
  const std::string y = " --y " + folder.at("y.csv") + " --out " + folder.at("m.safetensors");
  for (const std::string& arguments :
       {"inspect " + folder.at("in.pth"), "inspect " + folder.at("in.safetensors"),
        "fit tree --x " + folder.at("in.npy") + y, "fit tree --x " + folder.at("in.csv") + y,
        "fit tree --x " + folder.at("in.libsvm") + y,
        "predict " + folder.at("in.json") + " --x " + folder.at("x.csv") + " --out " + folder.at("l.csv"),
        "predict " + folder.at("in.model") + " --x " + folder.at("x.csv") + " --out " + folder.at("l.csv")}) {
    CAPTURE(arguments);
    const auto out = program::qrs(arguments);
    CHECK(out.status == 1);
    CHECK(contains(out.output, "[file] expected a regular file, got "));
    CHECK(contains(out.output, ", a pipe"));
  }
}

TEST_CASE("a name that says another format, or a folder that is not there, is refused before the work" *
          doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  const std::size_t before = folder.files();
  // Inputs that do not exist: whoever complains of them has looked at --out too late.
  const std::string none = folder.at("none.safetensors");
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"extract " + none + " --data none --out ", "f.npy"},
      {"preprocess --data none --out ", "p.npz"},
      {"explain " + none + " none.png --out ", "why.jpg"},
      {"predict " + none + " --x none.csv --out ", "z.parquet"},
      {"predict " + none + " --x none.csv --out ", "z"},
      {"convert none.pth ", "w.onnx"},
      {"fit tree --x none.csv --y none.csv --out ", "m.foo"},
      {"fit tree --x none.csv --y none.csv --out ", "m.json"},
      {"fit boost --x none.csv --y none.csv --out ", "m.model"},
      {"search tree --x none.csv --y none.csv --param max_depth=1,2 --out ", "best.foo"},
      {"search tree --x none.csv --y none.csv --param max_depth=1,2 --results ", "all.json"}};
  for (const auto& [call, name] : calls) {
    CAPTURE(call);
    const auto out = program::qrs(call + folder.at(name));
    CHECK(out.status == 1);
    CHECK(contains(out.output, folder.at(name)));
  }
  const std::vector<std::pair<std::string, std::string>> folders = {
      {"extract " + none + " --data none --out ", "f.safetensors"},
      {"preprocess --data none --out ", "p.safetensors"},
      {"explain " + none + " none.png --out ", "why.png"},
      {"predict " + none + " --x none.csv --out ", "z.csv"},
      {"convert none.pth ", "w.safetensors"},
      {"fit tree --x none.csv --y none.csv --out ", "m.safetensors"},
      {"fit tree --x none.csv --y none.csv --out m.safetensors --trace ", "t.jsonl"},
      {"search tree --x none.csv --y none.csv --param max_depth=1,2 --out ", "best.safetensors"},
      {"search tree --x none.csv --y none.csv --param max_depth=1,2 --results ", "all.csv"}};
  for (const auto& [call, name] : folders) {
    CAPTURE(call);
    const auto out = program::qrs(call + folder.at("no/such/" + name));
    CHECK(out.status == 1);
    CHECK(contains(out.output, "no/such/" + name));
    CHECK(contains(out.output, "create its folder first"));
  }
  CHECK(folder.files() == before);
}

TEST_CASE("a .tsv has tabs between its columns" * doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  REQUIRE(program::qrs(folder.predict() + " --proba --out " + folder.at("p.tsv")).status == 0);
  CHECK(folder.read("p.tsv").starts_with("p_0\tp_1\n1\t0\n"));
}

TEST_CASE("a run removes its own half-written files and no other's, and none where it is refused" *
          doctest::skip(!program::available())) {
  const Folder folder;
  fs::create_directories(folder.at("own/data.part-2/x"));
  folder.write("own/film.part-01.rar", "precious");
  folder.write("own/history.jsonl.part-7-0", "half of");
  const std::string train = "train resnet18 --data none --epochs 1 --out " + folder.at("own");
  folder.write("own/checkpoint.safetensors", "a run's");
  CHECK(contains(program::qrs(train).output, "expected an --out without a checkpoint"));
  CHECK(fs::exists(folder.at("own/history.jsonl.part-7-0")));
  fs::remove(folder.at("own/checkpoint.safetensors"));
  CHECK(program::qrs(train).status == 1);
  CHECK_FALSE(fs::exists(folder.at("own/history.jsonl.part-7-0")));
  CHECK(folder.read("own/film.part-01.rar") == "precious");
  CHECK(fs::is_directory(folder.at("own/data.part-2/x")));
}

TEST_CASE("reproduce goes on only in a folder that it has begun, and removes nothing from any other" *
          doctest::skip(!program::available())) {
  const Folder folder;
  fs::create_directories(folder.at("proj/drawn"));
  folder.write("proj/drawn/sketch.svg", "precious");
  folder.write("proj/run.json", "{\"name\": \"mine\"}");
  const auto out = program::qrs("reproduce --resume --per-class 10 --epochs 1 --out " + folder.at("proj"));
  CHECK(out.status == 1);
  CHECK(contains(out.output, "[reproduce] expected --resume with an --out that holds a run of qrs reproduce, got "));
  CHECK(folder.read("proj/drawn/sketch.svg") == "precious");
}

TEST_CASE("a folder that another synthesize is filling is refused" * doctest::skip(!program::available())) {
  const Folder folder;
  const std::string drawn = folder.at("drawn");
  program::Background first({"synthesize", "--out", drawn, "--per-class", "40", "--seed", "1"});
  while (first.running() && !fs::exists(drawn)) ::usleep(1000);
  REQUIRE(first.running());
  const auto second = program::qrs("synthesize --out " + drawn + " --per-class 4 --seed 2");
  CHECK(second.status == 1);
  CHECK((contains(second.output, "a folder that another qrs is at work in") ||
         contains(second.output, "expected a new or an empty folder")));
  CHECK_FALSE(fs::exists(drawn + "/truth.csv"));
}

TEST_CASE("a small stack and far too many threads change nothing" * doctest::skip(!program::available())) {
  const Folder folder;
  REQUIRE(folder.fitted());
  const std::string qrs = "'" + std::string(std::getenv("QRS_PROGRAM")) + "' ";
  const std::string fit = qrs + "fit forest" + folder.data() + " --out " + folder.at("f.safetensors");
  REQUIRE(std::system((fit + " >/dev/null").c_str()) == 0);
  const std::string before = folder.read("f.safetensors");
  for (const char* first : {"ulimit -s 64; ", "export OMP_NUM_THREADS=1000; "}) {
    CAPTURE(first);
    const std::string command = first + fit + " >/dev/null && " + qrs + "summary resnet18 >/dev/null";
    CHECK(std::system(("bash -c \"" + command + "\"").c_str()) == 0);
    CHECK(folder.read("f.safetensors") == before);
  }
}

}  // namespace outputs_test
