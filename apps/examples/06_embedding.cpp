// Lesson 6: a trained network inside another program. Its file says how it is built, what its classes are called, how a
// picture is prepared and how sure its probabilities are; the program needs to know none of that.
//
//   example_06_embedding MODEL IMAGE [K]     the K most probable classes of a picture; MODEL is a file of `qrs train`
//   example_06_embedding                     the same with a file and a picture that the lesson makes itself
//
// The network of the second form has drawn weights, so its answer means nothing; what counts is that the file, an array of
// pixels and the picture's file give the same bits.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "qrs/image/encode.hpp"
#include "qrs/infer/classifier.hpp"

namespace {

namespace infer = qrs::infer;

/// Loads, prepares, classifies: all that an embedder writes.
std::vector<double> classify(const std::string& model, const std::string& picture, std::int64_t k) {
  infer::NetworkFile file = infer::load_network(model);
  qrs::nn::fold_batch_norm(*file.net);  // the same function with less to do
  const std::vector<double> p = infer::probabilities_of(file, infer::read_page(picture, file.info));
  for (const infer::Ranked& r : infer::top_k(p, k)) {
    std::printf("%-20s %.4f\n", file.info.class_names[static_cast<std::size_t>(r.label)].c_str(), r.probability);
  }
  std::printf("%s of %lld x %lld pixels; probabilities %s\n", file.info.model.c_str(),
              static_cast<long long>(file.info.preprocessing.size),
              static_cast<long long>(file.info.preprocessing.size),
              file.info.temperature ? "calibrated" : "not calibrated");
  return p;
}

/// A picture of stripes.
qrs::image::Image stripes() {
  qrs::image::Image out(90, 120, 1);
  for (std::int64_t y = 0; y < 90; ++y) {
    for (std::int64_t x = 0; x < 120; ++x) out.row(y)[x] = static_cast<std::uint8_t>((x + 2 * y) % 12 < 4 ? 30 : 220);
  }
  return out;
}

/// The lesson without arguments; whether the three ways to the probabilities agree.
bool with_own_files() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "qrs_lesson_6";
  std::filesystem::create_directories(folder);
  const std::string model = (folder / "net.safetensors").string();
  const std::string picture = (folder / "stripes.png").string();
  const infer::NetworkInfo info = {.model = "resnet18",
                                   .class_names = {"stripes", "dots", "waves"},
                                   .in_channels = 1,
                                   .preprocessing = {.size = 64},
                                   .temperature = 1.5};
  const auto net = qrs::models::create<float>(info.model, {.classes = 3, .in_channels = 1});
  infer::save_network(model, *net, info);
  const qrs::image::Image page = stripes();
  qrs::io::write_file(picture, qrs::image::encode_png(page));

  const std::vector<double> p = classify(model, picture, 3);
  infer::NetworkFile file = infer::load_network(model);
  qrs::nn::fold_batch_norm(*file.net);
  const qrs::Tensor<float> from_pixels = infer::to_input(page.pixels(), 90, 120, 1, file.info);  // (1, 64, 64, 1)
  const bool equal = infer::probabilities_of(file, from_pixels) == p && infer::probabilities_of(file, page) == p;
  std::printf("file, picture and pixels %s\n", equal ? "agree" : "differ");
  std::filesystem::remove_all(folder);
  return equal;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 1) return with_own_files() ? 0 : 1;
  const std::int64_t k = argc > 3 ? std::atoll(argv[3]) : 3;
  if (argc < 3 || argc > 4 || k < 1) {
    std::puts("usage: example_06_embedding [MODEL IMAGE [K]]     with K >= 1");
    return argc == 2 && std::string(argv[1]) == "--help" ? 0 : 2;
  }
  classify(argv[1], argv[2], k);
  return 0;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "example_06_embedding: %s\n", error.what());
  return 1;
}
