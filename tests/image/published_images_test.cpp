// The published ECG images, where they are at hand: from the original JPEG to the grey 224 x 224 pixels that Pillow makes.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "../../apps/decoders/jpeg_decoder.hpp"
#include "../../include/qrs/image/decode.hpp"
#include "../../include/qrs/image/encode.hpp"
#include "../../include/qrs/image/transform.hpp"
#include "../../include/qrs/io/file.hpp"
#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

namespace fs = std::filesystem;

const fs::path data = "../shared/data";

std::vector<fs::path> files_below(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> out;
  if (!fs::is_directory(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == extension) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Image read(const fs::path& path, const JpegDecoder& jpeg) {
  return decode(qrs::io::read_file(path.string()), path.string(), {.jpeg = jpeg}).image;
}

}  // namespace

TEST_CASE("originals become Pillow's 224 x 224 grey pixels") {
  const std::vector<fs::path> originals = files_below(data / "originals", ".jpg");
  if (originals.empty()) {
    MESSAGE("skipped: " << data.string() << "/originals is not there");
    return;
  }
  const bool exact = qrs::jpeg_decoder().name.starts_with("libjpeg-turbo");
  std::size_t compared = 0;
  std::size_t stb_different = 0;
  qrs::Difference stb_worst;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const fs::path& path = originals[i];
    CAPTURE(path.string());
    const fs::path png = data / "ecg224" / path.parent_path().filename() / (path.stem().string() + ".png");
    if (!fs::exists(png)) continue;  // a copy of another image
    const Image pillow = read(png, jpeg_stb());
    if (exact) {
      CHECK(different_bytes(to_grey(resize(read(path, qrs::jpeg_decoder()), 224, 224)), pillow) == 0);
    }
    if (i % 3 == 0) {
      const Image stb = to_grey(resize(read(path, jpeg_stb()), 224, 224));
      stb_different += different_bytes(stb, pillow);
      stb_worst.add(largest_difference(stb, pillow), 0.0);
      compared += pillow.pixels().size();
    }
  }
  REQUIRE(compared > 0);
  const double percent = 100.0 * static_cast<double>(stb_different) / static_cast<double>(compared);
  const std::string verdict = exact ? ": 0 bytes differ" : ": equality was not tested";
  MESSAGE("with " << qrs::jpeg_decoder().name << verdict << "; with stb_image " << percent << " % differ, by "
                  << stb_worst.max_error << " at most");
  CHECK(stb_worst.max_error <= 1.0);
  CHECK(stb_different * 10 < compared);
}

TEST_CASE("a published 224 x 224 image survives the pipeline's resize and our PNG") {
  const std::vector<fs::path> images = files_below(data / "ecg224", ".png");
  if (images.empty()) {
    MESSAGE("skipped: " << data.string() << "/ecg224 is not there");
    return;
  }
  for (std::size_t i = 0; i < images.size(); i += 50) {
    CAPTURE(images[i].string());
    const Image image = read(images[i], jpeg_stb());
    CHECK(image.size_text() == "224 x 224 x 1");
    CHECK(preprocess(image) == equalize(image));
    CHECK(decode(encode_png(image), "own.png").image == image);
  }
}
