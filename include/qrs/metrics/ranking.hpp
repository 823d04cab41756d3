// What every curve over thresholds is computed from: the samples in order of descending score, equal scores together.
//
// The area under the ROC curve is the share of pairs (positive, negative) in which the positive has the greater score,
// ties counting one half (Mann and Whitney). doubled_wins counts such pairs, doubled so that halves are whole: the count
// is exact, and so is the area to one rounding. It counts against each other class apart: their sum is one-vs-rest, one
// of them one-vs-one.
//
// A sample may stand several times (`counts`, how often each one was drawn), so that a bootstrap sorts once and then
// walks over the order: O(n) a replicate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "labels.hpp"

namespace qrs::metrics {

/// One column of scores, ranked.
struct Ranking {
  std::vector<std::int64_t> order;   // samples, greatest score first; equal scores in the order of the samples
  std::vector<std::uint8_t> closes;  // 1 where the next sample has another score, or there is none
};

/// Ranks a column. The scores are finite.
inline Ranking ranking(Scores scores, std::int64_t column = 0) {
  struct Place {
    double score;
    std::int64_t sample;
  };
  std::vector<Place> places;  // side by side, because a sort that looks scores up elsewhere waits for memory
  places.reserve(static_cast<std::size_t>(scores.rows()));
  for (std::int64_t i = 0; i < scores.rows(); ++i) places.push_back({scores.at(i, column), i});
  std::sort(places.begin(), places.end(),
            [](Place a, Place b) { return a.score > b.score || (a.score == b.score && a.sample < b.sample); });
  Ranking out;
  out.order.reserve(places.size());
  out.closes.reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    out.order.push_back(places[i].sample);
    out.closes.push_back(i + 1 == places.size() || places[i].score != places[i + 1].score ? 1 : 0);
  }
  return out;
}

/// How often each sample stands: once each where the list is empty.
class Multiplicity {
 public:
  Multiplicity() = default;
  explicit Multiplicity(std::span<const std::int64_t> counts) : counts_(counts) {}
  std::int64_t operator[](std::int64_t sample) const {
    return counts_.empty() ? 1 : counts_[static_cast<std::size_t>(sample)];
  }

 private:
  std::span<const std::int64_t> counts_;
};

/// Samples of each of k classes.
inline std::vector<std::int64_t> class_totals(std::span<const std::int32_t> codes, std::int64_t k,
                                              Multiplicity counts = {}) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(k));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    out[static_cast<std::size_t>(codes[i])] += counts[static_cast<std::int64_t>(i)];
  }
  return out;
}

/// For each class b other than `positive`: 2 #(score of positive > score of b) + #(score of positive == score of b) over
/// all pairs of their samples. Exact while 2 m n < 2^64.
inline std::vector<std::uint64_t> doubled_wins(const Ranking& ranking, std::span<const std::int32_t> codes,
                                               std::int64_t k, std::int32_t positive, Multiplicity counts = {}) {
  std::vector<std::uint64_t> wins(static_cast<std::size_t>(k));
  std::uint64_t above = 0;  // positives with a greater score than those of the present ties
  for (std::size_t begin = 0; begin < ranking.order.size();) {
    std::uint64_t level = 0;  // positives among the present ties
    std::size_t end = begin;
    for (bool more = true; more; ++end) {
      const std::int64_t sample = ranking.order[end];
      if (codes[static_cast<std::size_t>(sample)] == positive) level += static_cast<std::uint64_t>(counts[sample]);
      more = ranking.closes[end] == 0;
    }
    for (; begin < end; ++begin) {
      const std::int64_t sample = ranking.order[begin];
      const std::int32_t other = codes[static_cast<std::size_t>(sample)];
      if (other != positive) {
        wins[static_cast<std::size_t>(other)] += static_cast<std::uint64_t>(counts[sample]) * (2 * above + level);
      }
    }
    above += level;
  }
  return wins;
}

/// The area that these wins of m positives over n negatives are; NaN where one of them has no sample.
inline double area_of_wins(std::uint64_t doubled, std::int64_t positives, std::int64_t negatives) {
  if (positives == 0 || negatives == 0) return undefined;
  return static_cast<double>(doubled) / (2.0 * static_cast<double>(positives) * static_cast<double>(negatives));
}

/// The area under the precision-recall steps, sum (R_i - R_{i-1}) P_i over the thresholds; NaN without positives.
inline double average_precision_of(const Ranking& ranking, std::span<const std::int32_t> codes, std::int32_t positive,
                                   Multiplicity counts = {}) {
  std::int64_t seen = 0;
  std::int64_t hits = 0;
  std::int64_t hits_before = 0;
  double sum = 0.0;
  for (std::size_t i = 0; i < ranking.order.size(); ++i) {
    const std::int64_t sample = ranking.order[i];
    seen += counts[sample];
    if (codes[static_cast<std::size_t>(sample)] == positive) hits += counts[sample];
    if (ranking.closes[i] == 0 || hits == hits_before) continue;
    sum += static_cast<double>(hits - hits_before) * static_cast<double>(hits) / static_cast<double>(seen);
    hits_before = hits;
  }
  return hits > 0 ? sum / static_cast<double>(hits) : undefined;
}

}  // namespace qrs::metrics
