// The folders of the published data set, and what is found in them.
#include "../../apps/ecg_images/classes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../data/picture_files.hpp"
#include "../error_message.hpp"

using namespace qrs::data;
using picture_files::ScratchFolder;
using qrs::ecg_images::classes;
using qrs::tests::error_message;

namespace classes_test {

static bool says(const std::string& message, const std::string& words) {
  return message.find(words) != std::string::npos;
}

static std::vector<std::string> paths_of(const ImageList& list) {
  std::vector<std::string> out;
  for (const auto& entry : list.entries) out.push_back(entry.path);
  return out;
}

TEST_CASE("the published folders are the paper's classes in the paper's order, whatever follows their names") {
  const ScratchFolder folder;
  folder.write("Normal Person ECG Images (284x12=3408)/Normal(2).png", "x");
  folder.write("Normal Person ECG Images (284x12=3408)/Normal(10).png", "x");
  folder.write("Normal Person ECG Images (284x12=3408)/notes.txt", "x");
  folder.write("ECG Images of Patient that have abnormal heartbeat (233x12=2796)/HB(1).jpg", "x");
  folder.write("ECG Images of Patient that have History of MI (172x12=2064)/PMI(1).JPG", "x");
  folder.write("ECG Images of Myocardial Infarction Patients (240x12=2880)/MI(1).jpeg", "x");
  const ImageList list = list_images(folder.path(), classes);
  CHECK(list.class_names == std::vector<std::string>{"MI", "History_MI", "Abnormal", "Normal"});
  CHECK(list.ignored == 1);
  REQUIRE(list.entries.size() == 5);
  CHECK(list.entries[0].path == "ECG Images of Myocardial Infarction Patients (240x12=2880)/MI(1).jpeg");
  CHECK(list.entries[3].path == "Normal Person ECG Images (284x12=3408)/Normal(2).png");
  CHECK(list.entries[4].path == "Normal Person ECG Images (284x12=3408)/Normal(10).png");
  CHECK(list.entries[4].label == 3);
}

TEST_CASE("plain names of the paper's classes keep its order; other names are in natural order") {
  const ScratchFolder plain;
  for (const char* name : {"Abnormal", "History_MI", "MI", "Normal"}) plain.write(std::string(name) + "/a.png", "x");
  CHECK(list_images(plain.path(), classes).class_names ==
        std::vector<std::string>{"MI", "History_MI", "Abnormal", "Normal"});
  const ScratchFolder other;
  for (const char* name : {"class10", "class9", "MI"}) other.write(std::string(name) + "/deep/er/a.png", "x");
  const ImageList list = list_images(other.path(), classes);
  CHECK(list.class_names == std::vector<std::string>{"MI", "class9", "class10"});
  CHECK(paths_of(list) ==
        std::vector<std::string>{"MI/deep/er/a.png", "class9/deep/er/a.png", "class10/deep/er/a.png"});
}

TEST_CASE("two folders of one class are refused") {
  const ScratchFolder twice;
  twice.write("MI/a.png", "x");
  twice.write("ECG Images of Myocardial Infarction Patients (1)/a.png", "x");
  CHECK(says(error_message([&] { list_images(twice.path(), classes); }), "got two for MI"));
}

}  // namespace classes_test
