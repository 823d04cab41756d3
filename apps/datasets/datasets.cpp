#include "datasets.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "../decoders/jpeg_decoder.hpp"
#include "../ecg_images/classes.hpp"
#include "../progress/progress_line.hpp"
#include "qrs/data/image_cache.hpp"
#include "qrs/data/image_folder.hpp"

namespace qrs::datasets {

void add_source_arguments(CLI::App& verb, Arguments& arguments) {
  verb.add_option("--data", arguments.source,
                  "A folder with one folder of images a class, a .csv of path and label, or a .safetensors file of "
                  "`qrs preprocess`")
      ->required();
  verb.add_flag("--skip-bad", arguments.skip_bad, "Leave out files that cannot be read, instead of stopping");
  add_picture_memory_argument(verb, arguments.picture_memory);
}

void add_arguments(CLI::App& verb, Arguments& arguments) {
  add_source_arguments(verb, arguments);
  verb.add_option("--filter", arguments.filter, "Of the resize, as in Pillow")
      ->check(CLI::IsMember(std::vector<std::string>(image::filter_names.begin(), image::filter_names.end())))
      ->capture_default_str();
  verb.add_option("--size", arguments.size, "Height and width of the prepared images")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  verb.add_flag("--grey-first", arguments.grey_first, "Turn grey before the resize instead of after it");
  verb.add_flag("!--no-equalize", arguments.equalize, "Leave the contrast as it is");
  add_pillow_argument(verb, arguments.pillow);
}

void add_pillow_argument(CLI::App& verb, std::optional<int>& pillow) {
  verb.add_option("--pillow", pillow,
                  "Whose order the passes of the resize have, 12 or 13: it changes the pixels of tall pictures "
                  "(default: 13, or what a network given with the images was trained with)")
      ->check(CLI::IsMember({12, 13}));
}

void add_picture_memory_argument(CLI::App& verb, std::int64_t& picture_memory) {
  verb.add_option("--picture-memory", picture_memory,
                  "The most MiB of memory to read one picture; what takes more is a file that cannot be read")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
}

std::uint64_t most_bytes_of(std::int64_t picture_memory) { return static_cast<std::uint64_t>(picture_memory) << 20; }

image::PreprocessOptions pipeline_of(const Arguments& arguments) {
  return {.size = arguments.size,
          .resize = {.filter = image::filter_named(arguments.filter),
                     .order = arguments.pillow.value_or(newest_pillow) >= 13 ? image::PassOrder::pillow_13
                                                                             : image::PassOrder::rows_first},
          .grey_first = arguments.grey_first,
          .equalize = arguments.equalize};
}

int pillow_of(const image::PreprocessOptions& pipeline) {
  return pipeline.resize.order == image::PassOrder::pillow_13 ? 13 : 12;
}

void prepare_as(Arguments& arguments, const image::PreprocessOptions& pipeline) {
  arguments.size = pipeline.size;
  arguments.filter = image::name(pipeline.resize.filter);
  arguments.pillow = pillow_of(pipeline);
  arguments.grey_first = pipeline.grey_first;
  arguments.equalize = pipeline.equalize;
}

Loaded load(const Arguments& arguments) {
  if (arguments.source.ends_with(".safetensors")) {
    data::CachedImages cached = data::read_image_cache(arguments.source);
    const std::int64_t side = cached.data.images.dim(1);
    return {std::move(cached.data),
            cached.preprocessing.value_or(image::PreprocessOptions{.size = side}),
            std::move(cached.decoder),
            {},
            {}};
  }
  ProgressLine line("images");
  const data::ImageList list = data::list_images(arguments.source, ecg_images::classes);
  Loaded out;
  data::CachedImages cached = data::read_images_cached(
      list,
      {.pipeline = pipeline_of(arguments),
       .decoder = jpeg_decoder(),
       .skip_bad = arguments.skip_bad,
       .most_bytes = most_bytes_of(arguments.picture_memory),
       .progress = [&line](std::int64_t done, std::int64_t total) { line.progress("image", done, total); }},
      arguments.cache, out.skipped);
  out.data = std::move(cached.data);
  out.preprocessing = pipeline_of(arguments);
  out.decoder = std::move(cached.decoder);
  out.left_out = list.left_out;
  if (!list.left_out.empty()) std::fprintf(stderr, "qrs: left out: %s\n", data::left_out_words(list).c_str());
  for (const std::string& complaint : out.skipped) std::fprintf(stderr, "qrs: left out: %s\n", complaint.c_str());
  return out;
}

}  // namespace qrs::datasets
