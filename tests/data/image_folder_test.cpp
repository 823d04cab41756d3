// Folders and tables of images: what is found, in which order, with which labels, and what is refused.
#include "qrs/data/image_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "picture_files.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/data/image_cache.hpp"

namespace fs = std::filesystem;
using namespace qrs::data;
using picture_files::grey_png;
using picture_files::ScratchFolder;
using qrs::tests::error_message;

namespace {

bool says(const std::string& message, const std::string& words) { return message.find(words) != std::string::npos; }

std::vector<std::string> paths_of(const ImageList& list) {
  std::vector<std::string> out;
  for (const auto& entry : list.entries) out.push_back(entry.path);
  return out;
}

/// Two classes of three images, the last of them a copy of the first.
void fill(const ScratchFolder& folder) {
  for (const char* name : {"cats", "dogs"}) {
    const int shade = name[0] == 'c' ? 10 : 90;
    folder.write(std::string(name) + "/p(1).png", grey_png(12, 9, shade));
    folder.write(std::string(name) + "/p(2).png", grey_png(12, 9, shade + 40));
    folder.write(std::string(name) + "/p(10).png", grey_png(12, 9, shade));
  }
}

}  // namespace

TEST_CASE("known classes keep their order and their names, whatever follows the names of their folders") {
  static constexpr std::array<KnownClass, 3> known = {{{"cat", "Pictures of cats"}, {"ant", "Ants"}, {"bee", "Bees"}}};
  const ScratchFolder folder;
  folder.write("Bees (12)/b(2).png", "x");
  folder.write("Bees (12)/b(10).png", "x");
  folder.write("Bees (12)/notes.txt", "x");
  folder.write("ANT/a.jpg", "x");
  folder.write("pictures of CATS (3)/c.JPG", "x");
  const ImageList list = list_images(folder.path(), known);
  CHECK(list.class_names == std::vector<std::string>{"cat", "ant", "bee"});
  CHECK(list.ignored == 1);
  CHECK(paths_of(list) == std::vector<std::string>{"pictures of CATS (3)/c.JPG", "ANT/a.jpg", "Bees (12)/b(2).png",
                                                   "Bees (12)/b(10).png"});
  CHECK(list_images(folder.path()).class_names == std::vector<std::string>{"ANT", "Bees (12)", "pictures of CATS (3)"});
  folder.write("cat/a.png", "x");
  CHECK(says(error_message([&] { list_images(folder.path(), known); }), "got two for cat"));
  folder.write("dog/a.png", "x");
  CHECK(list_images(folder.path(), known).class_names.size() == 5);  // one is not known: the folders as they are called
}

TEST_CASE("classes are in the natural order of their names") {
  const ScratchFolder other;
  for (const char* name : {"class10", "class9", "MI"}) other.write(std::string(name) + "/deep/er/a.png", "x");
  const ImageList list = list_images(other.path());
  CHECK(list.class_names == std::vector<std::string>{"MI", "class9", "class10"});
  CHECK(paths_of(list) ==
        std::vector<std::string>{"MI/deep/er/a.png", "class9/deep/er/a.png", "class10/deep/er/a.png"});
}

TEST_CASE("a table names images and classes") {
  const ScratchFolder folder;
  folder.write("t.csv", "path,label\npics/b.png,Normal\n\"pics/a, b.png\",MI\npics/a.png,Normal\n");
  const ImageList list = list_images(folder.path() + "/t.csv");
  CHECK(list.root == folder.path());
  CHECK(list.class_names == std::vector<std::string>{"MI", "Normal"});
  CHECK(paths_of(list) == std::vector<std::string>{"pics/a, b.png", "pics/a.png", "pics/b.png"});
  const auto read = [&](const std::string& text) {
    folder.write("u.csv", text);
    return paths_of(list_images(folder.path() + "/u.csv"));
  };
  for (const char* name : {"a.png", "b.png", "#3.png", "c\"d.png", "e\\f.png"}) folder.write(name, "x");
  const std::vector<std::string> two = {"a.png", "b.png"};
  for (const char* heading : {"filename,class", "img,label", "Image Path,y", "what,ever", "\"file_name\",\"label\""}) {
    CAPTURE(heading);
    CHECK(read(std::string(heading) + "\na.png,cat\nb.png,dog\n") == two);
  }
  CHECK(read("a.png,cat\nb.png,dog\n") == two);
  CHECK(read("missing.png,cat\nb.png,dog\n") == std::vector<std::string>{"missing.png", "b.png"});
  CHECK(read("label,filename\ncat,a.png\ndog,b.png\n") == two);
  CHECK(read(",path,label\n0,a.png,cat\n1,b.png,dog\n") == two);  // as pandas writes its index
  CHECK(read("path;label\r\na.png;cat\r\nb.png;dog\r\n") == two);
  CHECK(read("\xEF\xBB\xBFpath\tlabel\na.png\tcat\nb.png\tdog") == two);
  CHECK(read("\"c\"\"d.png\",cat\nb.png,dog\n") == std::vector<std::string>{"c\"d.png", "b.png"});
  CHECK(read("#3.png,cat\n# a comment, of two fields\n#b.png,gone\nb.png,dog\n") ==
        std::vector<std::string>{"#3.png", "b.png"});
  CHECK(read("cats\\1.png,cat\ne\\f.png,dog\n") == std::vector<std::string>{"cats/1.png", "e\\f.png"});
  const std::string absolute = folder.path() + "/a.png";
  CHECK(read(absolute + ",cat\nb.png,dog\n") == std::vector<std::string>{absolute, "b.png"});
  const ImageList mixed = list_images(folder.path() + "/u.csv");
  CHECK(picture_path(mixed, mixed.entries[0]) == absolute);
  CHECK(picture_path(mixed, mixed.entries[1]) == folder.path() + "/b.png");
  folder.write("open.csv", "\"a.png,cat\nb.png,dog\n");
  CHECK(says(error_message([&] { list_images(folder.path() + "/open.csv"); }),
             "line 1: expected a closing quote of a field"));
  folder.write("bad.csv", "path,label,more\na,b,c\n");
  CHECK(says(error_message([&] { list_images(folder.path() + "/bad.csv"); }), "line 1: expected a path and a label"));
  folder.write("hole.csv", "path,label\na.png,\n");
  CHECK(says(error_message([&] { list_images(folder.path() + "/hole.csv"); }), "line 2: expected a path and a label"));
}

TEST_CASE("what is named like no picture is counted by its ending, and hidden names count for nothing") {
  const ScratchFolder folder;
  for (const char* name :
       {"cat/1.png", "cat/2.webp", "cat/3.TIF", "cat/4.jfif", "cat/notes", "cat/deep/5.webp", "dog/1.png", "stray.jpg",
        "cat/._1.png", "cat/.DS_Store", "cat/.ipynb_checkpoints/1-checkpoint.png", "__MACOSX/cat/._1.png", ".git/a.png",
        "dog/@eaDir/1.png"}) {
    folder.write(name, "x");
  }
  const ImageList list = list_images(folder.path());
  CHECK(list.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(paths_of(list) == std::vector<std::string>{"cat/1.png", "cat/4.jfif", "dog/1.png"});
  CHECK(left_out_words(list) ==
        "files named .tif (1), files named .webp (2), files without an ending (1), "
        "hidden pictures (1), pictures outside of the folders of classes (1)");
  CHECK(list.ignored == 4);
}

TEST_CASE("folders that are parts of a data set are not taken for classes") {
  const auto message = [](std::initializer_list<const char*> files) {
    const ScratchFolder folder;
    for (const char* file : files) folder.write(file, "x");
    std::string said = error_message([&] { list_images(folder.path()); });
    const std::size_t at = said.find(folder.path());
    return at == std::string::npos ? said : said.substr(at + folder.path().size());
  };
  CHECK(says(message({"train/cat/1.png", "train/dog/1.png", "test/cat/1.png"}),
             ", got test and train, which look like parts"));
  CHECK(says(message({"Training/cat/1.png", "valid/cat/1.png"}), "as "));
  CHECK(says(message({"seg_train/cat/1.png", "seg_test/cat/1.png", "seg_pred/x/1.png"}), "seg_test and seg_train"));
  CHECK(says(message({"train/1.png", "val/1.png"}), "put the images into one folder a class"));
  CHECK(message({"test positive/1.png", "test negative/1.png"}) == "no error");  // one part alone
  CHECK(message({"train/1.png", "bus/1.png", "test stand/1.png"}) == "no error");
  CHECK(message({"cat/train/1.png", "dog/train/1.png", "dog/test/2.png"}) == "no error");
}

TEST_CASE("links count under their own names, and one that leads nowhere is a file that cannot be read") {
  const ScratchFolder folder;
  folder.write("pool/x.png", grey_png(9, 9, 3));
  folder.write("data/cat/a.png", grey_png(9, 9, 30));
  folder.write("data/dog/a.png", grey_png(9, 9, 60));
  const std::string cat = folder.path() + "/data/cat/";
  fs::create_symlink("../../pool/x.png", cat + "link.png");
  fs::create_directory_symlink("../../pool", cat + "more");
  const ImageList list = list_images(folder.path() + "/data");
  CHECK(paths_of(list) == std::vector<std::string>{"cat/a.png", "cat/link.png", "dog/a.png"});
  CHECK(left_out_words(list) == "links to folders (1)");
  CHECK(read_images(list, {.pipeline = {.size = 8}}).data.size() == 3);
  fs::create_symlink("nowhere.png", cat + "broken.png");
  fs::create_symlink("circle.png", cat + "circle.png");
  const ImageList more = list_images(folder.path() + "/data");
  CHECK(more.entries.size() == 5);
  CHECK(says(error_message([&] { read_images(more, {.pipeline = {.size = 8}}); }), "broken.png, got: No such file"));
  CHECK(read_images(more, {.pipeline = {.size = 8}, .skip_bad = true}).skipped.size() == 2);
}

TEST_CASE("names that no record of a run could hold are refused before the run") {
  const auto message = [](const std::string& file) {
    const ScratchFolder folder;
    folder.write("cat/a.png", "x");
    folder.write(file, "x");
    return error_message([&] { list_images(folder.path()); });
  };
  CHECK(says(message("dog/a\nb.png"),
             "names of images in UTF-8 without line breaks and other control characters, got "
             "dog/a?b.png"));
  CHECK(says(message("dog/\xE9.png"), "names of images in UTF-8"));
  CHECK(says(message("d\xE9g/a.png"), "names of classes in UTF-8"));
  CHECK(message("dög/é.png") == "no error");
}

TEST_CASE("what is no data set is refused with what to do") {
  const ScratchFolder folder;
  CHECK(says(error_message([&] { list_images(folder.path() + "/nowhere"); }), "does not exist"));
  CHECK(says(error_message([&] { list_images(folder.path()); }), "at least two classes"));
  folder.write("only/a.png", "x");
  CHECK(says(error_message([&] { list_images(folder.path()); }), "got one, 'only'"));
  folder.write("empty/readme.txt", "x");
  CHECK(says(error_message([&] { list_images(folder.path()); }), "got none in"));
}

TEST_CASE("images are read in order with their hashes, the same for any number of threads") {
  const ScratchFolder folder;
  fill(folder);
  const ImageList list = list_images(folder.path());
  const ReadImages one = [&] {
    const qrs::ThreadLimit limit(1);
    return read_images(list, {.pipeline = {.size = 8}});
  }();
  const qrs::ThreadLimit limit(3);
  const ReadImages three = read_images(list, {.pipeline = {.size = 8}});
  CHECK(one.data.images.shape() == qrs::Shape{6, 8, 8});
  CHECK(one.data.labels == std::vector<std::int64_t>{0, 0, 0, 1, 1, 1});
  CHECK(one.data.files[2] == "cats/p(10).png");
  CHECK(one.data.hashes[0] == one.data.hashes[2]);
  CHECK(one.data.hashes[0] != one.data.hashes[1]);
  CHECK(one.data.hashes[0].size() == 64);
  CHECK(three.data.hashes == one.data.hashes);
  CHECK(std::equal(one.data.images.data(), one.data.images.data() + 6 * 64, three.data.images.data()));
}

TEST_CASE("a file that is no picture stops the reading by name, or is left out and told") {
  const ScratchFolder folder;
  fill(folder);
  folder.write("cats/p(3).jpg", "this is a text");
  const ImageList list = list_images(folder.path());
  const std::string message = error_message([&] { read_images(list, {.pipeline = {.size = 8}}); });
  CHECK(says(message, "cats/p(3).jpg"));
  CHECK(says(message, "--skip-bad"));
  const ReadImages read = read_images(list, {.pipeline = {.size = 8}, .skip_bad = true});
  CHECK(read.data.size() == 6);
  REQUIRE(read.skipped.size() == 1);
  CHECK(says(read.skipped[0], "cats/p(3).jpg"));
  const ScratchFolder lost;
  lost.write("cats/a.png", grey_png(9, 9, 3));
  lost.write("dogs/a.png", "no picture");
  CHECK(says(error_message([&] { read_images(list_images(lost.path()), {.pipeline = {.size = 8}, .skip_bad = true}); }),
             "got none of dogs"));
}

TEST_CASE("a page of which most of the input would be made up is refused with what the network sees") {
  const ScratchFolder folder;
  fill(folder);
  folder.write("cats/p(3).png", grey_png(1, 1, 7));
  const ImageList list = list_images(folder.path());
  const std::string message = error_message([&] { read_images(list, {.pipeline = {.size = 16}}); });
  CHECK(says(message, "cats/p(3).png: expected a page of at least 4 x 4 pixels (the network sees 16 x 16), got 1 x 1"));
  CHECK(read_images(list, {.pipeline = {.size = 16}, .skip_bad = true}).data.size() == 6);
  CHECK(read_images(list, {.pipeline = {.size = 4}}).data.size() == 7);
}

TEST_CASE("a cache gives back what was put in, and only for the same files and settings") {
  const ScratchFolder folder;
  fill(folder);
  const std::string cache = folder.path() + "/cache.safetensors";
  std::vector<std::string> skipped;
  const auto read = [&](std::int64_t size) {
    std::int64_t decoded = 0;
    const CachedImages out = read_images_cached(
        list_images(folder.path()),
        {.pipeline = {.size = size}, .progress = [&](std::int64_t done, std::int64_t) { decoded = done; }}, cache,
        skipped);
    return std::pair(out, decoded);
  };
  const auto first = read(8);
  CHECK(first.second == 6);
  const auto second = read(8);
  CHECK(second.second == 0);  // nothing was decoded
  CHECK(second.first.data.files == first.first.data.files);
  CHECK(second.first.data.hashes == first.first.data.hashes);
  CHECK(second.first.data.labels == first.first.data.labels);
  REQUIRE(second.first.preprocessing);
  CHECK(second.first.preprocessing->size == 8);
  CHECK(preprocessing_words(*second.first.preprocessing) == "resize to 8 x 8 (bicubic, Pillow 12), grey, equalize");
  CHECK(std::equal(first.first.data.images.data(), first.first.data.images.data() + 6 * 64,
                   second.first.data.images.data()));
  CHECK(read(9).second == 6);
  CHECK(read(9).second == 0);
  folder.write("dogs/p(2).png", grey_png(12, 9, 200));
  CHECK(read(9).second == 6);
  folder.write("cache.safetensors", "broken");
  CHECK(read(9).second == 6);
}

TEST_CASE("a file that is no cache of images is refused") {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/x.safetensors";
  qrs::io::StateDict dict;
  dict.add("images", qrs::Tensor<std::uint8_t>::zeros({2, 3, 3}));
  dict.add("labels", qrs::Tensor<std::int64_t>::full({2}, 1));
  const auto message = [&] {
    qrs::io::write_safetensors(path, dict);
    return error_message([&] { read_image_cache(path); });
  };
  CHECK(says(message(), "expected metadata 'files'"));
  dict.metadata["files"] = R"(["a","b"])";
  dict.metadata["classes"] = "no list";
  CHECK(says(message(), "expected a list of texts"));
  dict.metadata["classes"] = R"(["one"])";
  CHECK(says(message(), "expected labels from 0 to 0, got 1"));
  dict.metadata["classes"] = R"(["one","two"])";
  CHECK(message() == "no error");
  CHECK(read_image_cache(path).data.hashes[0] == read_image_cache(path).data.hashes[1]);
  dict.metadata["files"] = R"(["a"])";
  CHECK(says(message(), "expected 2 files, got 1"));
}

TEST_CASE("settings of the preparation come back from their text, and unknown ones are refused") {
  const qrs::image::PreprocessOptions odd{
      .size = 17,
      .resize = {.filter = qrs::image::Filter::lanczos, .order = qrs::image::PassOrder::pillow_13},
      .grey_first = true,
      .equalize = false};
  const std::string text = preprocessing_json(odd);
  const auto back = parse_preprocessing(text, "here");
  CHECK(preprocessing_json(back) == text);
  CHECK(back.size == 17);
  CHECK(back.grey_first);
  CHECK_FALSE(back.equalize);
  const auto message = [](const std::string& json) {
    return error_message([&] { parse_preprocessing(json, "here"); });
  };
  CHECK(says(message("[]"), "expected a JSON object in here"));
  CHECK(says(message("{"), "expected a JSON object in here"));
  CHECK(says(message(R"({"size":0})"), "'size' in here as 1 to 4096, got 0"));
  CHECK(says(message(R"({"size":9,"filter":"cubic"})"), "lanczos, got \"cubic\""));
  CHECK(says(message(R"({"size":9,"blur":2})"), "'blur' in here as size, filter"));
  CHECK(says(message(R"({"size":9,"filter":"box","grey_first":1})"), "true or false, got 1"));
  CHECK(says(message(R"({"size":9,"filter":"box","grey_first":true})"), "expected 'equalize' in here"));
}
