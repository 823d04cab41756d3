// The paper's Table 2 as printed, and what a reader can compute from it.
//
// Source: Li et al., Journal of Image and Signal Processing 15(2), 2026, pages 302-308, Table 2; licence CC BY 4.0.
// Numbers copied as they stand; the names of the models translated.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../classes.hpp"
#include "results.hpp"

namespace qrs::ecg_images {

inline constexpr std::string_view paper_citation =
    "Li, Wu, Xu, Qin, Wang, Guo: ECG Image Classification Based on Deep Transfer Learning and Machine Learning. "
    "Journal of Image "
    "and Signal Processing 15(2), 302-308, 2026. CC BY 4.0.";
inline constexpr std::string_view paper_doi = "10.12677/jisp.2026.152026";

/// Test images in the paper: 15 % of 928, and every accuracy it prints for them is a count of 140.
inline constexpr std::int64_t paper_test_images = 140;

/// Images of each class of the paper's data, in the order of their labels; 928 in all.
inline constexpr std::array<std::int64_t, 4> paper_class_images = {239, 172, 233, 284};

/// Whether a run saw the paper's images: its classes, in its order, with its number of images each. Scores on any other images
/// are not to be judged by the paper's.
inline bool is_papers_data(const DataRecord& data) {
  if (data.drawn || data.classes.size() != classes.size()) return false;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (data.classes[k].name != classes[k].name || data.classes[k].files != paper_class_images[k]) return false;
  }
  return true;
}

inline const std::vector<PaperRow>& paper_table() {
  static const std::vector<PaperRow> rows = {
      {"SVM", 0.9375, 0.8643, 0.8628, 0.8643, 0.8631, 0.9762},
      {"XGBoost", 0.8357, 0.8357, 0.8339, 0.8357, 0.8345, 0.9599},
      {"Random forest", 0.8143, 0.8286, 0.8383, 0.8286, 0.8253, 0.9577},
      {"DenseNet121", 0.9143, 0.8214, 0.8347, 0.8214, 0.8119, 0.9574},
      {"EfficientNet-B0", 0.8500, 0.7714, 0.7821, 0.7714, 0.7630, 0.9461},
      {"ResNet18", 0.8286, 0.7286, 0.7482, 0.7286, 0.7218, 0.9236},
      {"ResNet34", 0.7929, 0.6786, 0.7073, 0.6786, 0.6467, 0.9019},
  };
  return rows;
}

/// A model's name as the paper writes it; any other name as it is.
inline std::string model_title(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> titles = {
      {{"svc", "SVM"},
       {"boost", "XGBoost"},
       {"forest", "Random forest"},
       {"tree", "Decision tree"},
       {"densenet121", "DenseNet121"},
       {"efficientnet_b0", "EfficientNet-B0"},
       {"resnet18", "ResNet18"},
       {"resnet34", "ResNet34"}}};
  for (const auto& [own, title] : titles) {
    if (own == name) return std::string(title);
  }
  return std::string(name);
}

/// The paper's row of a model of ours; null where it has none.
inline const PaperRow* paper_row(std::string_view model) {
  for (const PaperRow& row : paper_table()) {
    if (row.name == model_title(model)) return &row;
  }
  return nullptr;
}

/// The count k for which k / n, to four decimals, is the value; -1 where no count does it.
inline std::int64_t printed_count(double value, std::int64_t n) {
  const std::int64_t k = std::llround(value * static_cast<double>(n));
  const double share = static_cast<double>(k) / static_cast<double>(n);
  return std::abs(share - value) <= 0.5e-4 + 1e-12 ? k : -1;
}

}  // namespace qrs::ecg_images
