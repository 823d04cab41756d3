// The plan of a run of the experiment: every setting with its value and where that comes from.
//
//   Plan plan = reproduce::make_plan(flags);      plan.fit.epochs == 20;  plan.settings: name, value, source, note
//
// A value is the flag's where one was given; else the preset's, where `quick` departs from the paper; else the paper's, where
// it states one; else this program's default, declared as such.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../../datasets/datasets.hpp"
#include "../report/results.hpp"
#include "qrs/data/part_split.hpp"
#include "qrs/train/options.hpp"

namespace qrs::reproduce {

/// What the command line says; what is empty was not said.
struct Flags {
  std::string preset = "quick";
  std::string out;
  std::string data;     // empty: pages drawn by the program
  std::string weights;  // a folder (or a file, for one network); empty: from scratch
  bool allow_missing = false;
  bool resume = false;
  bool skip_bad = false;
  std::int64_t picture_memory = 160;  // MiB to read one picture
  std::optional<int> pillow;          // 12 or 13: whose order of the resize's passes
  std::optional<std::string> split;
  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> repeats;
  std::optional<std::string> backbones;  // names between commas
  std::optional<std::string> filter;
  std::optional<std::int64_t> epochs;
  std::optional<std::int64_t> batch_size;
  std::optional<double> lr;
  std::optional<double> plateau_factor;
  std::optional<std::int64_t> plateau_patience;
  std::optional<std::int64_t> patience;
  std::optional<double> pca;
  std::optional<std::int64_t> folds;
  std::optional<std::int64_t> per_class;  // of drawn pages
  bool scale = false;                     // standardise the features before PCA
  bool grey_first = false;
};

struct Plan {
  std::string preset;
  std::string out;
  datasets::Arguments data;
  bool drawn = false;
  std::int64_t per_class = 0;
  std::string weights;
  bool allow_missing = false;
  bool resume = false;
  std::vector<std::string> backbones;
  bool grouped = false;
  std::int64_t repeats = 1;
  data::PartSplitOptions parts;  // of the first repeat; repeat r adds r - 1 to the seed
  train::FitOptions fit;         // without paths
  bool scale = false;
  double pca = 0.95;
  std::int64_t folds = 5;
  std::vector<ecg_images::Setting> settings;
};

/// Throws where a value is not possible; the message names the flag.
Plan make_plan(const Flags& flags);

/// The folder of one repeat, counted from 1.
inline std::string repeat_folder(const Plan& plan, std::int64_t repeat) {
  return plan.out + "/repeat-" + std::to_string(repeat);
}

}  // namespace qrs::reproduce
