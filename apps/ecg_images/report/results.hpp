// Everything one run of the experiment found: what results.json keeps and report.html shows.
//
// Plain structs, filled by the program and read by the report; nothing here computes. Every score is a metrics::Estimate: a
// value with its n, its 95 % interval and how that was made.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "qrs/audit/leak_split.hpp"
#include "qrs/metrics/evaluate.hpp"
#include "qrs/report/epoch_record.hpp"

namespace qrs::ecg_images {

using namespace qrs::report;  // markup, charts and number texts, which this report is made of

/// One setting and where its value comes from.
struct Setting {
  std::string name;
  std::string value;
  std::string source;  // "paper", "default" (not stated in the paper) or "flag"
  std::string note;    // what the paper says, or leaves open
};

struct ClassCount {
  std::string name;
  std::int64_t label = 0;
  std::int64_t files = 0;
  std::int64_t distinct = 0;  // different contents
};

struct DataRecord {
  std::string source;  // "drawn by qrs synthesize, seed 0", or the folder's own name
  bool drawn = false;
  std::int64_t files = 0;
  std::int64_t distinct = 0;
  std::int64_t skipped = 0;  // unreadable files left out by --skip-bad
  std::vector<ClassCount> classes;
  std::string decoder;          // of JPEG: "libjpeg-turbo 2.1.5"
  std::string manifest_sha256;  // of "hash  path\n" for every file, in order
};

using audit::LeakSplit;  // an accuracy on all test images, on the leaked, on the clean, and on each content once

struct SplitRecord {
  std::string kind;  // "random", "grouped"
  std::int64_t seed = 0;
  std::int64_t train = 0;
  std::int64_t validation = 0;
  std::int64_t test = 0;
  std::vector<std::int64_t> train_per_class;
  std::vector<std::int64_t> validation_per_class;
  std::vector<std::int64_t> test_per_class;
  std::int64_t leaked_test = 0;    // test images whose content stands in training too
  std::int64_t distinct_test = 0;  // different contents of the test images
  LeakSplit lookup;                // accuracy of a table of known hashes (audit/leakage.hpp)
};

/// One row of Table 2: a network or a classifier on its features.
struct ModelRecord {
  std::string name;  // "densenet121", "svc"
  std::string kind;  // "backbone" or "classifier"
  metrics::Estimate validation_accuracy;
  metrics::Evaluation test;  // accuracy, precision_weighted ... auc_ovr_macro, confusion, classes
  LeakSplit accuracy;
  std::vector<double> test_scores;           // (test, classes) row-major: probabilities, for the ROC curves
  std::vector<std::int64_t> test_predicted;  // labels
  // of a backbone
  std::int64_t parameters = 0;
  std::string initial_weights;                   // "from scratch, seed 0", or the file's name and what fitted
  std::string weights_sha256;                    // of the weights that were tested
  double temperature = metrics::undefined;       // fitted on the validation images; the test scores are without it
  double calibrated_error = metrics::undefined;  // expected calibration error of the test images with it
  std::int64_t best_epoch = 0;                   // from 1
  bool stopped_early = false;
  std::vector<EpochRecord> epochs;
  // of a classifier
  std::vector<std::pair<std::string, std::string>> best_params;
  double cross_validation_accuracy = metrics::undefined;
  std::int64_t candidates = 0;
};

struct FeatureRecord {
  std::string backbone;  // the best on the validation images
  std::int64_t columns = 0;
  bool scaled = false;
  std::int64_t components = 0;
  std::vector<double> explained_variance_ratio;  // of the components kept, largest first
};

/// One test image that some model got wrong, or the first of each class: what the report shows a thumbnail of.
struct ExampleRecord {
  std::string file;
  std::int64_t label = 0;
  std::vector<std::pair<std::string, std::int64_t>> predicted;  // model, label
  bool leaked = false;
  std::vector<std::uint8_t> before_png;  // thumbnail before preprocessing; empty: none
  std::vector<std::uint8_t> after_png;   // what the network sees
};

/// One repeat: a split, the networks, the features of the best, the classifiers on them.
struct RunRecord {
  SplitRecord split;
  std::vector<ModelRecord> backbones;
  FeatureRecord features;
  std::vector<ModelRecord> classifiers;
  std::vector<std::int64_t> test_labels;
  std::vector<std::string> test_files;
  std::vector<std::uint8_t> test_leaked;    // 1 where the content stands in training too; empty: not known
  std::vector<std::int64_t> test_contents;  // equal where the contents are; empty: not known
  std::vector<ExampleRecord> errors;        // test images that the best model got wrong
};

struct Provenance {
  std::string version;   // of this program
  std::string commit;    // of its sources; "unknown" outside a checkout
  std::string compiler;  // "g++ 12.2.0"
  std::string flags;
  std::string vectors;  // the widest instruction set compiled for: "avx512f"
  std::string decoder;
  // of the machine and the moment: in lines of their own, which two equal runs do not share
  std::string cpu;
  std::int64_t threads = 0;
  std::string started;   // UTC, ISO 8601
  double seconds = 0.0;  // of the whole run, with the epochs of earlier calls that it goes on from
};

/// One row of the paper's Table 2, as printed; negative where a cell is empty.
struct PaperRow {
  std::string name;
  double validation_accuracy;
  double accuracy;
  double precision;
  double recall;
  double f1;
  double auc;
};

struct Results {
  std::string preset;  // "quick", "paper"
  std::vector<Setting> settings;
  DataRecord data;
  std::vector<ExampleRecord> examples;  // one a class
  std::vector<RunRecord> runs;          // one a repeat
  Provenance provenance;
};

}  // namespace qrs::ecg_images
