#include "plan.hpp"

#include <algorithm>
#include <string_view>

#include "classifier_grids.hpp"
#include "qrs/core/split_text.hpp"
#include "qrs/models/model.hpp"

namespace qrs::reproduce {

namespace {

/// Collects settings in the order in which they act.
class SettingList {
 public:
  SettingList(std::vector<ecg_images::Setting>& settings, bool quick) : settings_(settings), quick_(quick) {}

  bool quick() const { return quick_; }
  /// The flag's value, or the paper's.
  template <class T>
  T paper(const char* name, const std::optional<T>& flag, T stated, const char* note) {
    return add(name, flag, std::move(stated), "paper", note);
  }
  /// The flag's value, or ours where the paper states none.
  template <class T>
  T ours(const char* name, const std::optional<T>& flag, T value, const char* note) {
    return add(name, flag, std::move(value), "default", note);
  }
  /// The flag's value, or what the preset quick takes instead of the paper's.
  template <class T>
  T quick_or_paper(const char* name, const std::optional<T>& flag, T quick, T stated, const char* note) {
    return quick_ ? add(name, flag, std::move(quick), "preset", note) : paper(name, flag, std::move(stated), note);
  }
  /// A value that no flag changes.
  void fixed(const char* name, std::string value, const char* source, const char* note) {
    settings_.push_back({name, std::move(value), source, note});
  }

 private:
  template <class T>
  T add(const char* name, const std::optional<T>& flag, T value, const char* source, const char* note) {
    if (flag) value = *flag;
    settings_.push_back({name, text(value), flag ? "flag" : source, note});
    return value;
  }

  std::vector<ecg_images::Setting>& settings_;
  bool quick_;
};

/// A flag that was given, of one that cannot be told from its default.
std::optional<std::string> given(bool flag, const char* value) {
  return flag ? std::optional<std::string>(value) : std::nullopt;
}

void plan_images(Plan& plan, const Flags& flags, SettingList& list) {
  if (plan.drawn) {
    plan.per_class = list.ours("drawn pages a class", flags.per_class, std::int64_t{list.quick() ? 40 : 232},
                               "no images were given: pages are drawn, and say nothing of the paper's data");
    QRS_CHECK(plan.per_class >= 10, "[reproduce] expected --per-class of at least 10, got ", plan.per_class);
  }
  list.fixed("size", "224 x 224", "paper", "resized with PIL; the aspect ratio is not kept");
  plan.data.filter = list.ours("resize filter", flags.filter, std::string("bicubic"), "not stated; Pillow's default");
  plan.data.pillow = list.ours("resize passes of Pillow", flags.pillow, datasets::newest_pillow,
                               "not stated; 13 and 12 differ on tall pictures alone");
  list.ours("grey", given(flags.grey_first, "before the resize"), std::string("after the resize"),
            "single-channel grey; before or after the resize is not stated");
  list.fixed("contrast", "equalised", "paper", "PIL ImageOps.equalize");
  list.fixed("range", "[0, 1]", "paper", "ImageNet's mean and deviation are not mentioned: none");
}

void plan_split(Plan& plan, const Flags& flags, SettingList& list) {
  const std::string split = list.ours("split", flags.split, std::string("random"),
                                      "stratified 7 : 1.5 : 1.5; groups of equal images are not mentioned");
  QRS_CHECK(split == "random" || split == "grouped", "[reproduce] expected --split random or grouped, got ", split);
  plan.grouped = split == "grouped";
  list.fixed("order of the cuts", "test first", "default",
             "not stated; the printed scores fit 648, 140 and 140 images");
  plan.parts.seed = list.ours("seed", flags.seed, std::int64_t{42},
                              "not stated; of the split, the initial weights, the order of batches, the learners");
  QRS_CHECK(plan.parts.seed >= 0 && plan.parts.seed <= 0xffffff, "[reproduce] expected --seed in [0, 2^24), got ",
            plan.parts.seed);
  plan.repeats =
      list.ours("repeats", flags.repeats, std::int64_t{1}, "one run is printed; repeat r adds r - 1 to the seed");
  QRS_CHECK(plan.repeats >= 1 && plan.repeats <= 1000, "[reproduce] expected --repeats from 1 to 1000, got ",
            plan.repeats);
}

void plan_networks(Plan& plan, const Flags& flags, SettingList& list) {
  const std::string backbones = list.quick_or_paper("backbones", flags.backbones, std::string("resnet18"),
                                                    std::string("resnet18,resnet34,densenet121,efficientnet_b0"),
                                                    "ResNet18, ResNet34, DenseNet121, EfficientNet-B0");
  for (const std::string_view name : split_text(backbones, ',')) {
    QRS_CHECK(models::known(name), "[reproduce] expected --backbones of ", models::names_text(), ", got '", name, "'");
    QRS_CHECK(std::find(plan.backbones.begin(), plan.backbones.end(), name) == plan.backbones.end(),
              "[reproduce] expected each of --backbones once, got ", name, " twice");
    plan.backbones.emplace_back(name);
  }
  list.ours("initial weights", flags.weights.empty() ? std::nullopt : std::optional<std::string>("files"),
            std::string("drawn"), "transfer learning; the source of the weights is not stated");
  list.fixed("input channels", "1", "default", "how grey meets weights for colour is not stated; summed over RGB");
  list.fixed("frozen layers", "none", "default", "not stated");
}

void plan_training(Plan& plan, const Flags& flags, SettingList& list) {
  list.fixed("loss", "cross-entropy", "paper", "");
  list.fixed("optimizer", "Adam", "paper", "betas 0.9 and 0.999, eps 1e-8: PyTorch's defaults");
  train::FitOptions& fit = plan.fit;
  fit.optimizer.lr = list.paper("learning rate", flags.lr, 1e-3, "");
  fit.epochs = list.quick_or_paper("epochs at most", flags.epochs, std::int64_t{6}, std::int64_t{20}, "at most 20");
  fit.batch_size = list.ours("batch size", flags.batch_size, std::int64_t{list.quick() ? 8 : 32}, "not stated");
  fit.plateau.factor =
      list.ours("plateau factor", flags.plateau_factor, 0.5, "ReduceLROnPlateau is stated, its factor is not");
  fit.plateau.patience = list.ours("plateau patience", flags.plateau_patience, std::int64_t{2}, "not stated");
  fit.early_stopping.patience = list.ours("early stopping patience", flags.patience, std::int64_t{5},
                                          "early stopping is stated, its patience is not");
  list.fixed("watched", "validation loss", "default",
             "not stated; by plateau and early stopping, best weights restored");
  list.fixed("augmentation", "none", "default", "not mentioned");
  QRS_CHECK(fit.epochs >= 1 && fit.batch_size >= 1,
            "[reproduce] expected --epochs and --batch-size of at least 1, got ", fit.epochs, " and ", fit.batch_size);
}

void plan_classifiers(Plan& plan, const Flags& flags, SettingList& list) {
  list.fixed("selection", "validation accuracy", "paper",
             "the best network on the validation images; equal ones by their loss");
  list.fixed("features", "before the last layer", "paper", "last fully connected layer dropped, frozen");
  plan.scale = flags.scale;
  list.ours("scaling", given(flags.scale, "standardised"), std::string("none"), "before PCA: not stated");
  plan.pca = list.ours("PCA", flags.pca, 0.95, "number of components or share of variance not stated");
  QRS_CHECK(plan.pca > 0.0 && plan.pca < 1.0, "[reproduce] expected --pca as a share of variance in (0, 1), got ",
            plan.pca);
  for (const ClassifierPlan& classifier : classifier_plans()) {
    list.fixed(classifier.grid_name, classifier.grid_text(), "default", "grid-searched; the grid is not stated");
  }
  plan.folds = list.ours("folds", flags.folds, std::int64_t{list.quick() ? 3 : 5},
                         "not stated; stratified, within the training images, PCA fitted inside each");
  QRS_CHECK(plan.folds >= 2, "[reproduce] expected --folds of at least 2, got ", plan.folds);
  list.fixed("scoring", "accuracy", "default", "not stated");
}

}  // namespace

Plan make_plan(const Flags& flags) {
  Plan plan;
  const bool quick = flags.preset == "quick";
  QRS_CHECK(quick || flags.preset == "paper", "[reproduce] expected --preset quick or paper, got ", flags.preset);
  plan.preset = flags.preset;
  plan.out = flags.out;
  plan.weights = flags.weights;
  plan.allow_missing = flags.allow_missing;
  plan.resume = flags.resume;
  plan.drawn = flags.data.empty();
  plan.data.source = flags.data;
  plan.data.skip_bad = flags.skip_bad;
  plan.data.picture_memory = flags.picture_memory;
  plan.data.grey_first = flags.grey_first;
  plan.data.cache = flags.out + "/images.safetensors";
  SettingList list(plan.settings, quick);
  plan_images(plan, flags, list);
  plan_split(plan, flags, list);
  plan_networks(plan, flags, list);
  plan_training(plan, flags, list);
  plan_classifiers(plan, flags, list);
  return plan;
}

}  // namespace qrs::reproduce
