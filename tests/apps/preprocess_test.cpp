// qrs preprocess: what it says of files that it leaves out, whose passes its resize has, and how much memory a picture may take.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "../contains.hpp"
#include "../data/picture_files.hpp"
#include "program.hpp"
#include "qrs/data/image_cache.hpp"

namespace preprocess_test {

namespace {

using picture_files::grey_png;
using picture_files::ScratchFolder;
using qrs::tests::contains;

/// Two classes of a tall picture each.
void fill(const ScratchFolder& folder) {
  folder.write("p/cat/1.png", grey_png(300, 40, 3));
  folder.write("p/dog/1.png", grey_png(300, 40, 90));
}

program::Outcome preprocess(const ScratchFolder& folder, const std::string& more) {
  return program::qrs("preprocess --data " + folder.path() + "/p --size 32 --no-equalize --out " + folder.path() +
                      "/o.safetensors " + more);
}

}  // namespace

TEST_CASE("what a folder holds beside its pictures is told, in words and as JSON" *
          doctest::skip(!program::available())) {
  const ScratchFolder folder;
  fill(folder);
  for (const char* name : {"p/cat/2.webp", "p/dog/3.webp", "p/dog/._1.png"}) folder.write(name, "x");
  const program::Outcome out = preprocess(folder, "");
  CHECK(out.status == 0);
  CHECK(contains(out.output, "qrs: left out: files named .webp (2), hidden pictures (1)\n"));
  CHECK(contains(out.output, "2 images, "));
  const std::string json = preprocess(folder, "--json").output;
  CHECK(nlohmann::json::parse(json.substr(json.find('{'))).at("left_out") ==
        nlohmann::json({{"files named .webp", 2}, {"hidden pictures", 1}}));
  folder.write("p/dog/4.jpg", "<!DOCTYPE html><html>");
  CHECK(contains(preprocess(folder, "").output,
                 "p/dog/4.jpg, byte 0: expected a PNG, JPEG, BMP, PGM or PPM picture, "
                 "got an HTML page: "));
}

TEST_CASE("--pillow chooses the passes of the resize, 13 unless asked otherwise, and the file says which" *
          doctest::skip(!program::available())) {
  const ScratchFolder folder;
  fill(folder);
  const auto made = [&](const std::string& more) {
    REQUIRE(preprocess(folder, more).status == 0);
    return qrs::data::read_image_cache(folder.path() + "/o.safetensors");
  };
  const qrs::data::CachedImages newest = made("");
  const qrs::data::CachedImages older = made("--pillow 12");
  REQUIRE(newest.preprocessing);
  REQUIRE(older.preprocessing);
  CHECK(newest.preprocessing->resize.order == qrs::image::PassOrder::pillow_13);
  CHECK(older.preprocessing->resize.order == qrs::image::PassOrder::rows_first);
  const auto bytes = [](const qrs::data::CachedImages& c) {
    return std::vector<std::uint8_t>(c.data.images.data(), c.data.images.data() + c.data.images.size());
  };
  CHECK(bytes(made("--pillow 13")) == bytes(newest));
  CHECK(bytes(older) != bytes(newest));
  CHECK(preprocess(folder, "--pillow 11").status == 2);
}

TEST_CASE("a picture that takes more than --picture-memory is a file that cannot be read" *
          doctest::skip(!program::available())) {
  const ScratchFolder folder;
  fill(folder);
  folder.write("p/dog/2.png", grey_png(1300, 1000, 5));
  const program::Outcome out = preprocess(folder, "--picture-memory 1");
  CHECK(out.status == 1);
  CHECK(contains(out.output,
                 "p/dog/2.png, byte 0: expected a picture that is read within 1 MiB of memory, got height "
                 "1300 and width 1000, which take 2: make it smaller, or raise the limit (--picture-memory)"));
  CHECK(contains(preprocess(folder, "--picture-memory 1 --skip-bad").output, "2 images, "));
  CHECK(contains(preprocess(folder, "--picture-memory 2").output, "3 images, "));
}

}  // namespace preprocess_test
