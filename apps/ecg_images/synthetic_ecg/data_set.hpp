// A drawn data set in the shape of the published one: four class folders of pages, and the truth about each page.
//
//   const SynthesisSummary done = synthesize({.out = "drawn", .per_class = 100, .seed = 7});
//   drawn/MI/MI_0001.png ... drawn/Normal/Normal_0100.png, drawn/truth.csv
//
// Page i of a class depends on (seed, class, i) alone: a larger set begins with the smaller one, and any number of threads
// draws the same bytes. What an audit should find can be planted: copies of files, one printed ID on pages of several
// classes, a way of printing that gives a class away. truth.csv says where.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../../training/run_folder.hpp"
#include "conditions.hpp"
#include "draws.hpp"
#include "page.hpp"
#include "page_variation.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/core/sha256.hpp"
#include "qrs/image/encode.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/folder.hpp"
#include "recording.hpp"

namespace qrs::ecg_images::synthetic_ecg {

struct SynthesisOptions {
  std::string out;             // a new or an empty folder
  std::int64_t per_class = 1;  // distinct pages
  std::uint64_t seed = 0;
  std::int64_t duplicates = 0;   // the first so many pages of each class once more, byte for byte, after all others
  std::int64_t id_repeats = 0;   // page i of every class prints the same ID, for i below this
  bool shortcut = false;         // the class Abnormal on another grid and of another year, no other class so
  bool published_names = false;  // the folders and files of the published data set
  PageOptions page;
};

/// One line of truth.csv.
struct PageTruth {
  std::string path;  // relative to the folder of the data set
  EcgClass ecg_class = EcgClass::normal;
  Condition condition = Condition::normal;
  std::int64_t rate = 0;     // as printed
  std::int64_t id = 0;       // as printed
  std::string duplicate_of;  // the path of the page that this file is a copy of, or empty
  std::string sha256;        // of the file
};

struct SynthesisSummary {
  std::vector<PageTruth> pages;
  std::uint64_t bytes = 0;
};

/// The plain name of a class, as truth.csv has it.
inline std::string_view class_name(EcgClass ecg_class) {
  static constexpr std::array<std::string_view, 4> names = {"MI", "History_MI", "Abnormal", "Normal"};
  return names[static_cast<std::size_t>(ecg_class)];
}

/// The folder of a class.
inline std::string_view class_folder(EcgClass ecg_class, bool published) {
  static constexpr std::array<std::string_view, 4> folders = {
      "ECG Images of Myocardial Infarction Patients (240x12=2880)",
      "ECG Images of Patient that have History of MI (172x12=2064)",
      "ECG Images of Patient that have abnormal heartbeat (233x12=2796)", "Normal Person ECG Images (284x12=3408)"};
  return published ? folders[static_cast<std::size_t>(ecg_class)] : class_name(ecg_class);
}

/// The path of file `number`, counted from 1, inside the data set.
inline std::string page_path(EcgClass ecg_class, std::int64_t number, bool published) {
  static constexpr std::array<std::string_view, 4> published_stems = {"MI", "PMI", "HB", "Normal"};
  const std::string folder = std::string(class_folder(ecg_class, published)) + "/";
  if (published) {
    return text(folder, published_stems[static_cast<std::size_t>(ecg_class)], "(", number, ").png");
  }
  return text(folder, class_name(ecg_class), "_", detail::formatted("%04lld", number), ".png");
}

/// A page before it is encoded.
struct DrawnPage {
  image::Image image;
  PageTruth truth;  // without path and hash
};

/// Page `index` (from 0) of a class.
inline DrawnPage draw_page(const SynthesisOptions& options, EcgClass ecg_class, std::int64_t index) {
  const PageAddress page{options.seed, static_cast<std::int64_t>(ecg_class), index};
  const Recording recording = draw_recording(page);
  PageCaption caption = draw_caption(page, recording.rhythm.rate(), options.shortcut);
  if (index < options.id_repeats) caption.id = page_id({options.seed, 0, index});
  DrawnPage out;
  out.image = draw_page(recording, caption, draw_style(page, options.shortcut), options.page);
  out.truth.ecg_class = ecg_class;
  out.truth.condition = recording.condition;
  out.truth.rate = caption.rate;
  out.truth.id = caption.id;
  return out;
}

namespace detail {

inline void check_options(const SynthesisOptions& o) {
  constexpr std::string_view op = "[synthesize] expected ";
  QRS_CHECK(!o.out.empty(), op, "the name of a folder to write, got none");
  QRS_CHECK(o.per_class >= 1 && o.per_class <= most_pages, op, "1 to ", most_pages, " pages a class, got ",
            o.per_class);
  QRS_CHECK(o.duplicates >= 0 && o.duplicates <= o.per_class, op, "0 to ", o.per_class,
            " duplicates, one a page at most, got ", o.duplicates);
  QRS_CHECK(o.id_repeats >= 0 && o.id_repeats <= o.per_class, op, "0 to ", o.per_class,
            " repeated IDs, one a page at most, got ", o.id_repeats);
  QRS_CHECK(o.page.scale >= smallest_scale && o.page.scale <= largest_scale, op, "a scale from ", smallest_scale,
            " to ", largest_scale, ", got ", o.page.scale);
}

/// Throws where the folder of the data set is a file.
inline void check_is_no_file(const SynthesisOptions& o) {
  namespace fs = std::filesystem;
  std::error_code error;
  QRS_CHECK(!fs::exists(fs::symlink_status(o.out, error)) || fs::is_directory(o.out, error),
            "[synthesize] expected a folder, got ", o.out, ", which is a file");
}

/// Makes the folders of the classes. Throws where the folder of the data set holds anything. To be called while it is held, so
/// that no other process fills it in between.
inline void make_folders(const SynthesisOptions& o) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path out(o.out);
  const bool empty = fs::is_empty(out, error);
  QRS_CHECK(!error, "[synthesize] expected to read the folder ", o.out, ", got: ", error.message());
  QRS_CHECK(empty, "[synthesize] expected a new or an empty folder, got ", o.out,
            ", which holds files; name another one, or remove it first");
  for (const EcgClass ecg_class : all_classes) {
    io::make_folder("[synthesize]", (out / class_folder(ecg_class, o.published_names)).string());
  }
}

inline std::string truth_table(const std::vector<PageTruth>& pages) {
  std::string out = "path,class,condition,rate,printed_id,duplicate_of,sha256\n";
  for (const PageTruth& page : pages) {
    out += text(page.path, ",", class_name(page.ecg_class), ",", condition_name(page.condition), ",", page.rate, ",",
                page.id, ",", page.duplicate_of, ",", page.sha256, "\n");
  }
  return out;
}

}  // namespace detail

/// Draws the data set and writes it; the table of truth comes last, so a folder without one is not finished. `progress` is
/// told how many pages of how many are written, from any thread, one call at a time.
inline SynthesisSummary synthesize(const SynthesisOptions& options,
                                   const std::function<void(std::int64_t, std::int64_t)>& progress = {}) {
  detail::check_options(options);
  detail::check_is_no_file(options);
  const training::RunFolder held(options.out, "[synthesize]");
  detail::make_folders(options);
  const std::int64_t files_per_class = options.per_class + options.duplicates;
  const auto classes = static_cast<std::int64_t>(all_classes.size());
  const std::int64_t total = classes * options.per_class;
  SynthesisSummary summary;
  summary.pages.resize(static_cast<std::size_t>(classes * files_per_class));
  std::mutex mutex;
  std::int64_t done = 0;
  parallel_for(total, [&](std::int64_t task) {
    const std::int64_t index = task / classes;
    const EcgClass ecg_class = all_classes[static_cast<std::size_t>(task % classes)];
    DrawnPage page = draw_page(options, ecg_class, index);
    const std::vector<std::byte> bytes = image::encode_png(page.image);
    page.truth.path = page_path(ecg_class, index + 1, options.published_names);
    page.truth.sha256 = sha256(bytes);
    io::write_file(options.out + "/" + page.truth.path, bytes);
    const auto first = static_cast<std::int64_t>(ecg_class) * files_per_class;
    std::uint64_t written = bytes.size();
    if (index < options.duplicates) {
      PageTruth copy = page.truth;
      copy.duplicate_of = page.truth.path;
      copy.path = page_path(ecg_class, options.per_class + index + 1, options.published_names);
      io::write_file(options.out + "/" + copy.path, bytes);
      summary.pages[static_cast<std::size_t>(first + options.per_class + index)] = std::move(copy);
      written += bytes.size();
    }
    summary.pages[static_cast<std::size_t>(first + index)] = std::move(page.truth);
    const std::lock_guard lock(mutex);
    summary.bytes += written;
    if (progress) progress(++done, total);
  });
  io::write_file(options.out + "/truth.csv", io::as_bytes(detail::truth_table(summary.pages)));
  return summary;
}

}  // namespace qrs::ecg_images::synthetic_ecg
