// split/...: permutations, splits and folds, index for index; and <set>/split, the split that the cases of a data set use.
//
// A name ends in the seed: split/stratified_kfold5_42. The labels of split/... are not stored: they are those of the paper's
// data set, in the order of the classes.
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/data/k_fold.hpp"
#include "qrs/data/split.hpp"

namespace qrs::parity {

namespace {

using Indices = std::vector<std::int64_t>;

/// The paper's classes, one label a sample.
Indices paper_labels() {
  constexpr std::array<std::int64_t, 4> counts = {239, 172, 233, 284};
  Indices out;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    out.insert(out.end(), static_cast<std::size_t>(counts[c]), static_cast<std::int64_t>(c));
  }
  return out;
}

/// The integer that a text is; NotKnown where it is none.
std::int64_t number(std::string_view text, std::string_view name) {
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    throw NotKnown(qrs::text("no split of this name: ", name));
  }
  return value;
}

/// Whether `name` is `beginning` and something more, which `rest` becomes.
bool begins(std::string_view name, std::string_view beginning, std::string_view& rest) {
  if (!name.starts_with(beginning)) return false;
  rest = name.substr(beginning.size());
  return true;
}

/// Two splits in a row: all into `first` and the rest, then one of the two parts again. Sizes are of the part cut off.
struct ThreeWay {
  Indices train;
  Indices validation;
  Indices test;
};

Indices labels_of(const Indices& y, const Indices& samples) {
  Indices out;
  for (const std::int64_t i : samples) out.push_back(y[static_cast<std::size_t>(i)]);
  return out;
}

/// 30 % off, then halved into validation and test.
ThreeWay split_70_15_15(const Indices& y, std::int64_t seed) {
  const data::Split first = data::train_test_split(y, {.test_size = 0.3, .random_state = seed});
  const data::Split second = data::within(
      data::train_test_split(labels_of(y, first.test), {.test_size = 0.5, .random_state = seed}), first.test);
  return {first.train, second.train, second.test};
}

/// 15 % for the test off, then as many for validation.
ThreeWay split_test_first(const Indices& y, std::int64_t seed) {
  const data::Split first = data::train_test_split(y, {.test_size = 0.15, .random_state = seed});
  const data::Split second = data::within(
      data::train_test_split(labels_of(y, first.train), {.test_size = 0.15 / 0.85, .random_state = seed}), first.train);
  return {second.train, second.test, first.test};
}

/// The fold of each sample.
Indices folds_of(const Indices& y, const data::KFoldOptions& options) {
  Indices out(y.size());
  const std::vector<data::Split> folds = data::stratified_k_fold(y, options);
  for (std::size_t f = 0; f < folds.size(); ++f) {
    for (const std::int64_t i : folds[f].test) out[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(f);
  }
  return out;
}

void run_one(CaseRows& rows, const ReferenceFile& file, const std::string& name) {
  const Indices y = paper_labels();
  const auto compare = [&](const std::string& quantity, const std::string& tensor, const Indices& got) {
    rows.add(quantity, share_different(got, values_of<std::int64_t>(file, tensor)), 0.0);
  };
  const auto compare_parts = [&](const ThreeWay& parts) {
    compare("train", name + "/train", parts.train);
    compare("val", name + "/val", parts.validation);
    compare("test", name + "/test", parts.test);
  };
  std::string_view rest;
  const std::string_view short_name = std::string_view(name).substr(std::string_view("split/").size());
  if (begins(short_name, "permutation_", rest)) {
    const std::size_t cut = rest.find('_');
    const std::int64_t count = number(rest.substr(0, cut), name);
    const std::int64_t seed = number(cut == std::string_view::npos ? "" : rest.substr(cut + 1), name);
    compare("indices", name, data::detail::generator("parity", seed).permutation(count));
  } else if (begins(short_name, "paper_70_15_15_", rest)) {
    compare_parts(split_70_15_15(y, number(rest, name)));
  } else if (begins(short_name, "paper_test_first_", rest)) {
    compare_parts(split_test_first(y, number(rest, name)));
  } else if (begins(short_name, "shuffled_", rest)) {
    const data::TrainTestSplitOptions options{.test_size = 0.25, .random_state = number(rest, name)};
    compare("test", name + "/test", data::train_test_split(static_cast<std::int64_t>(y.size()), options).test);
  } else if (begins(short_name, "stratified_kfold", rest)) {
    const std::size_t cut = rest.find('_');
    const std::string_view how = cut == std::string_view::npos ? "" : rest.substr(cut + 1);
    data::KFoldOptions options{.n_splits = number(rest.substr(0, cut), name)};
    options.shuffle = how != "unshuffled";
    if (options.shuffle) options.random_state = number(how, name);
    compare("folds", name, folds_of(y, options));
  } else {
    throw NotKnown(text("no split of this name: ", name));
  }
}

}  // namespace

void run_split_cases(Report& report, const ReferenceFile& file) {
  std::set<std::string> names;  // split/<case>, of split/<case> and split/<case>/<part>
  for (const auto& [name, entry] : file.tensors()) {
    if (name.starts_with("split/")) names.insert(name.substr(0, name.find('/', 6)));
  }
  for (const std::string& name : names) {
    if (!file.wants(name)) continue;
    run_case(report, name, [&](CaseRows& rows) { run_one(rows, file, name); });
  }
  for (const std::string& set : data_sets(file)) {
    const std::string name = set + "/split";
    if (!file.wants(name)) continue;
    run_case(report, name, [&](CaseRows& rows) {
      const Indices y = values_of<std::int64_t>(file, "data/" + set + "/y");
      const auto seed = file.metadata_as<std::int64_t>("seed") + 1;
      const data::Split split = data::train_test_split(y, {.test_size = 0.3, .random_state = seed});
      rows.add("train", share_different(split.train, values_of<std::int64_t>(file, set + "/train")), 0.0);
      rows.add("test", share_different(split.test, values_of<std::int64_t>(file, set + "/test")), 0.0);
    });
  }
}

}  // namespace qrs::parity
