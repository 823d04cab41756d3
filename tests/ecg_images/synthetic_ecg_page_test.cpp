// Drawn pages and data sets: ink where the recording says, the same bytes however drawn, what was planted is there.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../../apps/ecg_images/synthetic_ecg/data_set.hpp"
#include "../../include/qrs/core/parallel.hpp"
#include "../../include/qrs/core/sha256.hpp"
#include "../../include/qrs/image/decode.hpp"
#include "../../include/qrs/io/file.hpp"
#include "../error_message.hpp"

namespace {

namespace ecg = qrs::ecg_images::synthetic_ecg;
namespace fs = std::filesystem;
using qrs::tests::error_message;

/// A name in the temporary folder where nothing is yet; what comes to stand there is gone at the end.
class Place {
 public:
  explicit Place(const std::string& name)
      : path_(fs::temp_directory_path() / ("qrs_synthetic_" + name + "_" + std::to_string(getpid()))) {
    fs::remove_all(path_);
  }
  ~Place() { fs::remove_all(path_); }
  std::string text() const { return path_.string(); }
  /// The SHA-256 of every file, by its path inside.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> out;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path_)) {
      if (!entry.is_regular_file()) continue;
      out[fs::relative(entry.path(), path_).generic_string()] = qrs::sha256(qrs::io::read_file(entry.path().string()));
    }
    return out;
  }

 private:
  fs::path path_;
};

ecg::SynthesisOptions small(const Place& place, std::int64_t per_class) {
  return {.out = place.text(), .per_class = per_class, .seed = 21, .page = {.scale = 0.1, .grey = true}};
}

/// A page without noise and with nothing moved, drawn at full size.
struct PlainPage {
  ecg::Recording recording = ecg::draw_recording({4, 3, 0}, false);
  qrs::image::Image image = ecg::draw_page(recording, {.id = 123456}, {}, {.grey = true});

  bool black(double x, double y) const {
    return image.row(static_cast<std::int64_t>(y))[static_cast<std::int64_t>(x)] < 100;
  }
};

}  // namespace

TEST_CASE("a stroke covers what it should: its middle whole, its edge half, nothing beside") {
  ecg::InkLayer layer(20, 40);
  layer.stroke({5.0, 10.5}, {35.0, 10.5}, 3.0);
  CHECK(layer.row(10)[20] == 255);
  CHECK(layer.row(9)[20] == 255);
  CHECK(layer.row(12)[20] == 0);
  CHECK(layer.row(10)[2] == 0);
  layer.stroke({5.0, 4.0}, {35.0, 4.0}, 1.0);  // between two rows: half on each
  CHECK(layer.row(3)[20] == 128);
  CHECK(layer.row(4)[20] == 128);
  layer.stroke({5.0, 16.5}, {35.0, 16.5}, 0.25);
  CHECK(layer.row(16)[20] == 64);
  ecg::InkLayer boxes(4, 4);
  boxes.box({0.5, 1.0, 2.0, 2.0}, 0.5);
  CHECK(boxes.row(1)[0] == 64);
  CHECK(boxes.row(1)[1] == 128);
  CHECK(boxes.row(1)[2] == 0);
  CHECK(boxes.row(0)[1] == 0);
  boxes.stroke({-100.0, -100.0}, {-50.0, -60.0}, 3.0);  // off the page
  boxes.box({10.0, 10.0, 20.0, 20.0});
  CHECK(boxes.row(3)[3] == 0);
}

TEST_CASE("the font has every character that a page prints, and says which it has not") {
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:,/-+*~\x03")) {
    CAPTURE(c);
    int strokes = 0;
    const double end =
        qrs::image::write_text({10.0, 50.0}, 18.0, std::string(1, c), [&](ecg::Point from, ecg::Point to) {
          ++strokes;
          for (const ecg::Point p : {from, to}) {
            CHECK(p.x >= 10.0);
            CHECK(p.y > 50.0 - 22.0);
            CHECK(p.y < 50.0 + 8.0);
          }
        });
    CHECK(strokes > 0);
    CHECK(end > 10.0);
  }
  CHECK(qrs::image::glyph_of(' ').empty());
  CHECK(error_message([] { qrs::image::glyph_of('#'); }) ==
        "[stroke_font] expected a letter, a digit or one of \" .:,;/-+*~!?\"'%()<=>_|\", got character code 35");
}

TEST_CASE("a page shows the recording where the layout says, 25 mm a second and 10 mm a millivolt") {
  const PlainPage page;
  CHECK(page.image.height() == 1572);
  CHECK(page.image.width() == 2213);
  const double mm = qrs::ecg_images::page_pixels_per_mm;
  int missed = 0;
  int looked = 0;
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t column = 0; column < 4; ++column) {
      const auto name = qrs::ecg_images::page_leads[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
      const auto& lead = page.recording.leads[ecg::lead_index(name)];
      const double left = qrs::ecg_images::lead_box(row, column).left;
      const double baseline =
          qrs::ecg_images::page_first_baseline + qrs::ecg_images::page_row_height * static_cast<double>(row);
      for (double t = 0.4; t < 2.4; t += 0.05, ++looked) {
        const double v = lead[static_cast<std::size_t>((2.5 * static_cast<double>(column) + t) * 500.0 + 0.5)];
        missed += page.black(left + 25.0 * mm * t, baseline - 10.0 * mm * v) ? 0 : 1;
      }
    }
  }
  CHECK(looked > 400);
  CHECK(missed == 0);
  // The rhythm strip is the same lead as II above it, at the same time.
  const double strip = qrs::ecg_images::page_first_baseline + 3.0 * qrs::ecg_images::page_row_height;
  for (double t = 0.4; t < 9.9; t += 0.1) {
    const double v = page.recording.leads[1][static_cast<std::size_t>(t * 500.0 + 0.5)];
    CHECK(page.black(qrs::ecg_images::page_first_column + 25.0 * mm * t, strip - 10.0 * mm * v));
  }
  // A calibration pulse is 10 mm high.
  CHECK(page.black(113.0, qrs::ecg_images::page_first_baseline - 10.0 * mm));
  CHECK_FALSE(page.black(113.0, qrs::ecg_images::page_first_baseline - 8.0 * mm));
}

TEST_CASE("at another size the page is the same page, smaller; grey is the luma of colour") {
  const ecg::Recording recording = ecg::draw_recording({4, 0, 0});
  const qrs::image::Image whole = ecg::draw_page(recording, {}, {}, {.grey = true});
  const qrs::image::Image half = ecg::draw_page(recording, {}, {}, {.scale = 0.5, .grey = true});
  const qrs::image::Image colour = ecg::draw_page(recording, {}, {}, {.scale = 0.5});
  CHECK(half.height() == 786);
  CHECK(half.width() == 1107);
  CHECK(colour.channels() == 3);
  double ink_whole = 0.0;
  double ink_half = 0.0;
  for (const std::uint8_t p : whole.pixels()) ink_whole += (255.0 - p) / 255.0;
  for (const std::uint8_t p : half.pixels()) ink_half += (255.0 - p) / 255.0;
  CHECK(4.0 * ink_half == doctest::Approx(ink_whole).epsilon(0.1));
  int off = 0;
  for (std::size_t i = 0; i < half.pixels().size(); ++i) {
    const auto* rgb = colour.data() + 3 * i;
    off += std::abs(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] - half.data()[i]) > 1.6 ? 1 : 0;
  }
  CHECK(off == 0);
  CHECK(error_message([&] { ecg::draw_page(recording, {}, {}, {.scale = 9.0}); }) ==
        "[draw_page] expected a scale from 0.05 to 4, got 9");
}

TEST_CASE("a time of day is printed on twelve hours") {
  CHECK(ecg::detail::time_text({.second = 0}) == "12:00:00 AM");
  CHECK(ecg::detail::time_text({.second = 12 * 3600 + 61}) == "12:01:01 PM");
  CHECK(ecg::detail::time_text({.second = 86399}) == "11:59:59 PM");
  CHECK(ecg::detail::date_text({.year = 2020, .month = 8, .day = 6}) == "2020-08-06");
  CHECK(ecg::detail::date_text({.year = 2019, .month = 8, .day = 6, .year_first = false}) == "06-08-2019");
}

TEST_CASE("a data set has the same bytes for any number of threads, and a larger one begins with it") {
  const Place one("one"), two("two"), larger("larger"), other("other");
  {
    const qrs::ThreadLimit limit(1);
    ecg::synthesize(small(one, 2));
  }
  {
    const qrs::ThreadLimit limit(2);
    ecg::synthesize(small(two, 2));
  }
  const auto files = one.files();
  CHECK(files.size() == 9);
  CHECK(files == two.files());

  ecg::synthesize(small(larger, 3));
  const auto more = larger.files();
  CHECK(more.size() == 13);
  for (const auto& [path, hash] : files) {
    if (path != "truth.csv") CHECK(more.at(path) == hash);
  }

  ecg::SynthesisOptions options = small(other, 2);
  options.seed = 22;
  ecg::synthesize(options);
  std::set<std::string> all;
  for (const auto& [path, hash] : other.files()) all.insert(hash);
  for (const auto& [path, hash] : files) all.insert(hash);
  CHECK(all.size() == 18);  // no page twice, within a data set or between seeds
}

TEST_CASE("planted copies, printed IDs and truth agree with the files") {
  const Place place("planted");
  ecg::SynthesisOptions options = small(place, 3);
  options.duplicates = 2;
  options.id_repeats = 1;
  std::int64_t last = 0;
  const ecg::SynthesisSummary summary = ecg::synthesize(options, [&](std::int64_t done, std::int64_t total) {
    CHECK(done == last + 1);
    CHECK(total == 12);
    last = done;
  });
  CHECK(last == 12);
  const auto files = place.files();
  REQUIRE(summary.pages.size() == 20);
  CHECK(files.size() == 21);
  CHECK(files.at("MI/MI_0004.png") == files.at("MI/MI_0001.png"));
  CHECK(files.at("Normal/Normal_0005.png") == files.at("Normal/Normal_0002.png"));
  std::set<std::string> distinct;
  std::map<std::int64_t, int> pages_of_id;
  std::uint64_t bytes = 0;
  for (const ecg::PageTruth& page : summary.pages) {
    CHECK(files.at(page.path) == page.sha256);
    bytes += qrs::io::read_file(place.text() + "/" + page.path).size();
    if (page.duplicate_of.empty()) {
      distinct.insert(page.sha256);
      ++pages_of_id[page.id];
    } else {
      CHECK(files.at(page.duplicate_of) == page.sha256);
    }
  }
  CHECK(bytes == summary.bytes);
  CHECK(distinct.size() == 12);
  CHECK(pages_of_id.size() == 9);  // one ID on four pages, eight on one
  CHECK(std::count_if(pages_of_id.begin(), pages_of_id.end(), [](const auto& p) { return p.second == 4; }) == 1);

  const std::vector<std::byte> table = qrs::io::read_file(place.text() + "/truth.csv");
  const std::string text(reinterpret_cast<const char*>(table.data()), table.size());
  CHECK(std::count(text.begin(), text.end(), '\n') == 21);
  CHECK(text.starts_with("path,class,condition,rate,printed_id,duplicate_of,sha256\nMI/MI_0001.png,MI,"));
  CHECK(text.find(",MI/MI_0001.png," + files.at("MI/MI_0001.png") + "\n") != std::string::npos);

  const qrs::image::Image page =
      qrs::image::decode(qrs::io::read_file(place.text() + "/MI/MI_0001.png"), "MI_0001.png").image;
  CHECK(page == ecg::draw_page(options, ecg::EcgClass::mi, 0).image);
}

TEST_CASE("pages differ by their ID where it is printed; no two pages of a set share one") {
  std::set<std::int64_t> ids;
  for (std::int64_t index = 0; index < 2000; ++index) {
    for (std::int64_t c = 0; c < 4; ++c) ids.insert(ecg::page_id({77, c, index}));
  }
  CHECK(ids.size() == 8000);
  CHECK(*ids.begin() >= 100000);
  CHECK(*ids.rbegin() <= 999999);
}

TEST_CASE("the shortcut gives Abnormal away by grid and year, and nothing does without it") {
  std::set<std::int64_t> years_without;
  int faint_without = 0;
  for (const ecg::EcgClass ecg_class : ecg::all_classes) {
    for (std::int64_t index = 0; index < 30; ++index) {
      const ecg::PageAddress page{8, static_cast<std::int64_t>(ecg_class), index};
      const bool abnormal = ecg_class == ecg::EcgClass::abnormal;
      CHECK(ecg::draw_style(page, true).faint_grid == abnormal);
      CHECK(ecg::draw_caption(page, 70.0, true).year == (abnormal ? 2019 : 2020));
      if (abnormal) years_without.insert(ecg::draw_caption(page, 70.0, false).year);
      if (abnormal && ecg::draw_style(page, false).faint_grid) ++faint_without;
    }
  }
  CHECK(years_without.size() == 2);
  CHECK(faint_without > 2);
  CHECK(faint_without < 28);
}

TEST_CASE("published names are those of the published folders") {
  const Place place("named");
  ecg::SynthesisOptions options = small(place, 1);
  options.published_names = true;
  ecg::synthesize(options);
  const auto files = place.files();
  for (const char* path : {"ECG Images of Myocardial Infarction Patients (240x12=2880)/MI(1).png",
                           "ECG Images of Patient that have History of MI (172x12=2064)/PMI(1).png",
                           "ECG Images of Patient that have abnormal heartbeat (233x12=2796)/HB(1).png",
                           "Normal Person ECG Images (284x12=3408)/Normal(1).png"}) {
    CHECK(files.count(path) == 1);
  }
}

TEST_CASE("a folder that holds something, numbers out of range and a place not to write are refused in one line") {
  const Place place("refused");
  ecg::SynthesisOptions options = small(place, 1);
  ecg::synthesize(options);
  CHECK(error_message([&] { ecg::synthesize(options); }) ==
        "[synthesize] expected a new or an empty folder, got " + place.text() +
            ", which holds files; name another one, or remove it first");
  options.out = place.text() + "/truth.csv";
  CHECK(error_message([&] { ecg::synthesize(options); }) ==
        "[synthesize] expected a folder, got " + options.out + ", which is a file");
  options.out = place.text() + "/truth.csv/below";
  CHECK(error_message([&] { ecg::synthesize(options); }).find("expected to create the folder") != std::string::npos);
  options.out = place.text() + "/new";
  options.per_class = 0;
  CHECK(error_message([&] { ecg::synthesize(options); }) == "[synthesize] expected 1 to 225000 pages a class, got 0");
  options.per_class = 2;
  options.duplicates = 3;
  CHECK(error_message([&] { ecg::synthesize(options); }) ==
        "[synthesize] expected 0 to 2 duplicates, one a page at most, got 3");
  options.duplicates = 0;
  options.id_repeats = -1;
  CHECK(error_message([&] { ecg::synthesize(options); }) ==
        "[synthesize] expected 0 to 2 repeated IDs, one a page at most, got -1");
  CHECK_FALSE(fs::exists(options.out));
}
