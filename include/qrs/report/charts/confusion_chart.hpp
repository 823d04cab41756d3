// The confusion matrix as a grid: the true class by row, the predicted one by column; each field its count and its share of
// the row, stronger in colour with the share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "../../metrics/confusion.hpp"
#include "../svg.hpp"

namespace qrs::report {

/// What a reader of the screen hears: each row in words.
inline std::string confusion_text(const metrics::ConfusionMatrix& matrix, const std::vector<std::string>& names) {
  std::string out;
  for (std::int64_t i = 0; i < matrix.size(); ++i) {
    out += (i > 0 ? "; " : "") + names[static_cast<std::size_t>(i)] + " told as";
    for (std::int64_t j = 0; j < matrix.size(); ++j) {
      out += (j > 0 ? ", " : " ") + names[static_cast<std::size_t>(j)] + " " + std::to_string(matrix.at(i, j));
    }
  }
  return out;
}

/// `names[k]` is the name of the matrix's k-th class.
inline Markup confusion_chart(const std::string& title, const metrics::ConfusionMatrix& matrix,
                              const std::vector<std::string>& names) {
  const std::int64_t k = matrix.size();
  constexpr double left = 108.0;
  constexpr double top = 46.0;
  const double cell = std::clamp(264.0 / static_cast<double>(std::max<std::int64_t>(k, 1)), 30.0, 88.0);
  const double side = cell * static_cast<double>(k);
  const auto letters = static_cast<std::size_t>(std::max(4.0, cell / 6.4));
  Svg svg(left + side + 10.0, top + side + 10.0, title + ": " + confusion_text(matrix, names));
  const std::vector<double> shares = metrics::normalized(matrix, metrics::Normalize::by_true);

  svg.text({left + 0.5 * side, 15.0}, "predicted", "name", Anchor::middle);
  svg.upright_text({13.0, top + 0.5 * side}, "true", "name");
  for (std::int64_t i = 0; i < k; ++i) {
    const double offset = cell * static_cast<double>(i);
    const std::string& name = names[static_cast<std::size_t>(i)];
    svg.text({left + offset + 0.5 * cell, top - 9.0}, shortened(name, letters), "tick", Anchor::middle);
    svg.text({left - 8.0, top + offset + 0.5 * cell - 1.0}, shortened(name, 12), "tick", Anchor::end);
    svg.text({left - 8.0, top + offset + 0.5 * cell + 13.0}, "n " + std::to_string(matrix.true_count(i)), "small",
             Anchor::end);
    for (std::int64_t j = 0; j < k; ++j) {
      const double share = shares[static_cast<std::size_t>(i * k + j)];
      const Point corner{left + cell * static_cast<double>(j), top + offset};
      const Point centre{corner.x + 0.5 * cell, corner.y + 0.5 * cell};
      const std::string ink = share > 0.72 ? " inverse" : share == 0.0 ? " none" : " ink";
      const bool two_lines = cell >= 44.0 && share > 0.0;
      svg.rectangle(corner, cell, cell, "cell");
      if (share > 0.0) svg.rectangle(corner, cell, cell, i == j ? "heat" : "heat miss", 0.08 + 0.92 * share);
      svg.text({centre.x, centre.y + (two_lines ? 0.0 : 5.0)}, std::to_string(matrix.at(i, j)), "count" + ink,
               Anchor::middle);
      if (two_lines) svg.text({centre.x, centre.y + 17.0}, percent(share, 0), "small" + ink, Anchor::middle);
    }
  }
  return svg.finish();
}

}  // namespace qrs::report
