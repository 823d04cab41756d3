// The sampling variance of an AUC, and of the difference of two AUCs of the same samples, without resampling.
//
//   V_i = share of negatives below positive i (ties one half)        W_j = share of positives above negative j
//   AUC = mean V = mean W        var AUC = S_V / m + S_W / n          S the sample variance; the covariance of two likewise
//
// V and W come from ranks: with midranks T in the pooled sample and P among the positives alone, V_i = (T_i - P_i) / n, so
// everything takes O(N log N). Sources: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988; Sun and Xu, IEEE Signal
// Processing Letters 21, 2014 (midranks).
//
// The interval is symmetric on the scale of log(AUC / (1 - AUC)), so it never leaves [0, 1] (Pepe, 2003, 5.2). An AUC of 0
// or 1 has estimated variance 0; the score interval of Newcombe (Statistics in Medicine 25, 2006, method 5) stands in for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "intervals.hpp"
#include "labels.hpp"

namespace qrs::metrics {

struct DelongAuc {
  double auc = 0.0;
  double variance = 0.0;
  Interval interval;
  std::int64_t positives = 0;
  std::int64_t negatives = 0;
};

struct DelongDifference {
  DelongAuc first;
  DelongAuc second;
  double covariance = 0.0;  // of the two areas
  double difference = 0.0;  // first - second
  double variance = 0.0;    // of the difference
  Interval interval;        // of the difference, in [-1, 1]
  double z = 0.0;
  double p_value = 1.0;  // two-sided, of no difference; 1 where the variance and the difference are 0
};

/// Ranks 1 ... n; equal values share the mean of their ranks.
inline std::vector<double> midranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = 0.5 * static_cast<double>(begin + end + 1);
    for (; begin < end; ++begin) out[order[begin]] = rank;
  }
  return out;
}

/// The interval that inverts a score test with Hanley and McNeil's variance: the areas t with
/// (auc - t)^2 <= z^2 t (1 - t) / (m n) [1 + h ((1 - t) / (2 - t) + t / (1 + t))], h = (m + n) / 2 - 1.
inline Interval newcombe_auc_interval(double auc, std::int64_t positives, std::int64_t negatives,
                                      double confidence = 0.95) {
  check_confidence("newcombe_auc_interval", confidence);
  QRS_CHECK(auc >= 0.0 && auc <= 1.0 && positives >= 1 && negatives >= 1,
            "[newcombe_auc_interval] expected an AUC in [0, 1] of positives and negatives, got ", auc, " of ",
            positives, " and ", negatives);
  const double m = static_cast<double>(positives);
  const double n = static_cast<double>(negatives);
  const double half = 0.5 * (m + n) - 1.0;
  const double z2 = normal_width(confidence) * normal_width(confidence);
  const auto accepted = [&](double t) {
    const double variance = t * (1.0 - t) / (m * n) * (1.0 + half * ((1.0 - t) / (2.0 - t) + t / (1.0 + t)));
    return (auc - t) * (auc - t) <= z2 * variance;
  };
  const auto edge = [&](double outside) {
    double inside = auc;
    for (int step = 0; step < 100; ++step) {
      const double middle = 0.5 * (inside + outside);
      (accepted(middle) ? inside : outside) = middle;
    }
    return inside;
  };
  return {auc == 0.0 ? 0.0 : edge(0.0), auc == 1.0 ? 1.0 : edge(1.0)};
}

namespace detail {

/// V of each positive and W of each negative, in the order of the samples.
struct Placements {
  std::vector<double> positive;
  std::vector<double> negative;
  double auc = 0.0;
};

inline Placements placements(std::string_view op, Labels y, std::span<const double> scores, std::int64_t pos_label) {
  check_scores(op, y, {scores, 1});
  std::vector<double> positive_scores;
  std::vector<double> negative_scores;
  for (std::size_t i = 0; i < y.size(); ++i) {
    (y[i] == pos_label ? positive_scores : negative_scores).push_back(scores[i]);
  }
  QRS_CHECK(positive_scores.size() >= 2 && negative_scores.size() >= 2, "[", op,
            "] expected two samples or more of the label ", pos_label, " and of others, got ", positive_scores.size(),
            " and ", negative_scores.size());
  const std::vector<double> pooled = midranks(scores);
  const std::vector<double> among_positives = midranks(positive_scores);
  const std::vector<double> among_negatives = midranks(negative_scores);
  const double m = static_cast<double>(positive_scores.size());
  const double n = static_cast<double>(negative_scores.size());
  Placements out;
  double rank_sum = 0.0;  // a multiple of one half: exact
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] == pos_label) {
      const double below = pooled[i] - among_positives[out.positive.size()];
      out.positive.push_back(below / n);
      rank_sum += below;
    } else {
      out.negative.push_back(1.0 - (pooled[i] - among_negatives[out.negative.size()]) / m);
    }
  }
  out.auc = rank_sum / (m * n);
  return out;
}

/// The sample covariance of two lists around known means, divided by their length.
inline double covariance_of_mean(std::span<const double> a, double mean_a, std::span<const double> b, double mean_b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / (static_cast<double>(a.size() - 1) * static_cast<double>(a.size()));
}

inline double covariance(const Placements& a, const Placements& b) {
  return covariance_of_mean(a.positive, a.auc, b.positive, b.auc) +
         covariance_of_mean(a.negative, a.auc, b.negative, b.auc);
}

inline DelongAuc delong_auc(const Placements& p, double confidence) {
  DelongAuc out{.auc = p.auc,
                .variance = covariance(p, p),
                .interval = {},
                .positives = static_cast<std::int64_t>(p.positive.size()),
                .negatives = static_cast<std::int64_t>(p.negative.size())};
  if (out.variance <= 0.0 || out.auc <= 0.0 || out.auc >= 1.0) {
    out.interval = newcombe_auc_interval(std::clamp(out.auc, 0.0, 1.0), out.positives, out.negatives, confidence);
    return out;
  }
  const double logit = std::log(out.auc / (1.0 - out.auc));
  const double reach = normal_width(confidence) * std::sqrt(out.variance) / (out.auc * (1.0 - out.auc));
  out.interval = {1.0 / (1.0 + std::exp(reach - logit)), 1.0 / (1.0 + std::exp(-reach - logit))};
  return out;
}

}  // namespace detail

/// The AUC of one column of scores for the positive label against all others, with its variance and interval.
inline DelongAuc delong_auc(Labels y, std::span<const double> scores, std::int64_t pos_label = 1,
                            double confidence = 0.95) {
  check_confidence("delong_auc", confidence);
  return detail::delong_auc(detail::placements("delong_auc", y, scores, pos_label), confidence);
}

/// The difference of the AUCs of two columns of scores of the same samples.
inline DelongDifference delong_difference(Labels y, std::span<const double> first, std::span<const double> second,
                                          std::int64_t pos_label = 1, double confidence = 0.95) {
  constexpr std::string_view op = "delong_difference";
  check_confidence(op, confidence);
  const detail::Placements a = detail::placements(op, y, first, pos_label);
  const detail::Placements b = detail::placements(op, y, second, pos_label);
  DelongDifference out;
  out.first = detail::delong_auc(a, confidence);
  out.second = detail::delong_auc(b, confidence);
  out.covariance = detail::covariance(a, b);
  out.difference = out.first.auc - out.second.auc;
  out.variance = std::max(0.0, out.first.variance + out.second.variance - 2.0 * out.covariance);
  const double deviation = std::sqrt(out.variance);
  const double reach = normal_width(confidence) * deviation;
  out.interval = {std::max(-1.0, out.difference - reach), std::min(1.0, out.difference + reach)};
  if (deviation > 0.0) {
    out.z = out.difference / deviation;
    out.p_value = std::erfc(std::abs(out.z) * 0.70710678118654752440);
  } else if (out.difference != 0.0) {
    out.z = std::copysign(std::numeric_limits<double>::infinity(), out.difference);
    out.p_value = 0.0;
  }
  return out;
}

}  // namespace qrs::metrics
