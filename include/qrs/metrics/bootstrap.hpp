// The bootstrap: how a statistic would vary over other samples, from samples drawn with replacement from this one.
//
//   auto result = bootstrap(n, [&](std::span<const std::int64_t> drawn) { return accuracy of those samples; });
//   result.estimate, result.interval, result.standard_error
//
// What is drawn are units: samples, or whole groups of samples (a patient's images, say), because samples of one group are
// not independent and intervals that pretend so are too narrow. Strata are drawn from apart, each as often as it has units.
//
// percentile  the quantiles of the replicates
// bca         the same at levels corrected for bias and skewness (Efron, JASA 82, 1987; Efron and Tibshirani, An
//             Introduction to the Bootstrap, 1993, 14.3); the skewness comes from leaving out one unit at a time. Of several
//             strata the contributions are added as Davison and Hinkley, 1997, 5.3 do.
//
// Replicate r draws with a generator seeded by (seed, r) alone: the same bits for any number of threads. A replicate in which
// the statistic has no value (NaN: the AUC of a draw without positives) is left out and counted.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/philox.hpp"
#include "../core/rng.hpp"
#include "intervals.hpp"
#include "labels.hpp"

namespace qrs::metrics {

enum class BootstrapMethod { percentile, bca };

struct BootstrapOptions {
  std::int64_t replicates = 2000;
  double confidence = 0.95;
  BootstrapMethod method = BootstrapMethod::bca;
  std::uint64_t seed = 0;
  Labels strata = {};                 // one a sample; none: one stratum
  Labels groups = {};                 // one a sample; none: each sample is its own. A group lies in one stratum.
  std::int64_t jackknife_max = 1000;  // bca leaves out blocks of units where there are more units than this
};

struct Bootstrap {
  double estimate = 0.0;        // on the sample itself; NaN where it has no value there, and then nothing else has
  Interval interval;            // NaN where the estimate is
  double standard_error = 0.0;  // the standard deviation of the replicates
  std::int64_t left_out = 0;    // replicates without a value
  std::vector<double> replicates;
};

/// NumPy's percentile: the linear interpolation between the order statistics of sorted values, q in [0, 1].
inline double sorted_quantile(std::span<const double> sorted, double q) {
  QRS_CHECK(!sorted.empty() && q >= 0.0 && q <= 1.0, "[quantile] expected values and a level in [0, 1], got ",
            sorted.size(), " values and level ", q);
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The acceleration of BCa from the statistic with one unit left out, one list a stratum. Values that are NaN do not count.
inline double bca_acceleration(std::span<const std::vector<double>> left_out_values) {
  double cubes = 0.0;
  double squares = 0.0;
  for (const std::vector<double>& values : left_out_values) {
    double sum = 0.0;
    double n = 0.0;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      sum += value;
      n += 1.0;
    }
    if (n < 2.0) continue;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      const double influence = (n - 1.0) * (sum / n - value) / n;
      cubes += influence * influence * influence;
      squares += influence * influence;
    }
  }
  return squares > 0.0 ? cubes / (6.0 * squares * std::sqrt(squares)) : 0.0;
}

/// The interval of sorted replicates around an estimate. Where every replicate lies on one side of the estimate the bias
/// correction would be infinite; it is held at half a replicate.
inline Interval bca_interval(std::span<const double> sorted, double estimate, double acceleration, double confidence) {
  const double count = static_cast<double>(sorted.size());
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), estimate);
  const double below = 0.5 * static_cast<double>((first - sorted.begin()) + (last - sorted.begin()));
  const double bias = normal_quantile(std::clamp(below / count, 0.5 / count, 1.0 - 0.5 / count));
  const auto level = [&](double z) {
    const double moved = bias + z;
    const double denominator = 1.0 - acceleration * moved;
    if (!(denominator > 0.0)) return moved > 0.0 ? 1.0 : 0.0;
    return normal_cdf(bias + moved / denominator);
  };
  const double z = normal_width(confidence);
  return {sorted_quantile(sorted, level(-z)), sorted_quantile(sorted, level(z))};
}

/// Quantiles of sorted replicates.
inline Interval percentile_interval(std::span<const double> sorted, double confidence) {
  return {sorted_quantile(sorted, 0.5 - 0.5 * confidence), sorted_quantile(sorted, 0.5 + 0.5 * confidence)};
}

namespace detail {

/// What is drawn: units, each a list of samples, stratum by stratum.
class ResamplingPlan {
 public:
  ResamplingPlan(std::string_view op, std::int64_t samples, const BootstrapOptions& options)
      : first_seed_(philox_block(options.seed, 0, 0).words[0]) {
    QRS_CHECK(samples >= 1, "[", op, "] expected at least one sample, got ", samples);
    QRS_CHECK(options.replicates >= 1, "[", op, "] expected at least one replicate, got ", options.replicates);
    QRS_CHECK(options.jackknife_max >= 2, "[", op, "] expected jackknife_max >= 2, got ", options.jackknife_max);
    check_confidence(op, options.confidence);
    const auto count = static_cast<std::size_t>(samples);
    QRS_CHECK(options.strata.empty() || options.strata.size() == count, "[", op, "] expected ", count, " strata, got ",
              options.strata.size());
    QRS_CHECK(options.groups.empty() || options.groups.size() == count, "[", op, "] expected ", count, " groups, got ",
              options.groups.size());
    struct Place {
      std::size_t stratum;
      std::size_t unit;
    };
    std::map<std::int64_t, std::size_t> stratum_of;
    std::map<std::int64_t, Place> place_of;
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t label = options.strata.empty() ? 0 : options.strata[i];
      const std::size_t stratum = stratum_of.try_emplace(label, stratum_of.size()).first->second;
      if (stratum == strata_.size()) strata_.emplace_back();
      std::vector<std::vector<std::int64_t>>& units = strata_[stratum];
      if (options.groups.empty()) {
        units.push_back({static_cast<std::int64_t>(i)});
        continue;
      }
      const auto [found, fresh] = place_of.try_emplace(options.groups[i], Place{stratum, units.size()});
      if (fresh) units.emplace_back();
      QRS_CHECK(found->second.stratum == stratum, "[", op, "] expected each group in one stratum, got group ",
                options.groups[i], " in two");
      units[found->second.unit].push_back(static_cast<std::int64_t>(i));
    }
  }

  const std::vector<std::vector<std::vector<std::int64_t>>>& strata() const { return strata_; }

  /// How often replicate r draws each sample.
  void draw(std::int64_t replicate, std::span<std::int64_t> counts) const {
    std::fill(counts.begin(), counts.end(), std::int64_t{0});
    Mt19937 generator(first_seed_ + static_cast<std::uint32_t>(replicate));
    for (const auto& units : strata_) {
      for (std::size_t k = 0; k < units.size(); ++k) {
        const std::int64_t unit = generator.randint(0, static_cast<std::int64_t>(units.size()));
        for (const std::int64_t sample : units[static_cast<std::size_t>(unit)])
          ++counts[static_cast<std::size_t>(sample)];
      }
    }
  }

 private:
  std::uint32_t first_seed_;
  std::vector<std::vector<std::vector<std::int64_t>>> strata_;  // stratum, unit, samples
};

/// Units of one stratum that the jackknife leaves out together: `first` and those that follow at distance `step`.
struct JackknifeBlock {
  std::size_t stratum;
  std::size_t first;
  std::size_t step;
};

inline std::vector<JackknifeBlock> jackknife_blocks(const ResamplingPlan& plan, std::int64_t most_a_stratum) {
  std::vector<JackknifeBlock> blocks;
  for (std::size_t s = 0; s < plan.strata().size(); ++s) {
    const std::size_t units = plan.strata()[s].size();
    const std::size_t step = std::min(units, static_cast<std::size_t>(most_a_stratum));
    for (std::size_t first = 0; units > 1 && first < step; ++first) blocks.push_back({s, first, step});
  }
  return blocks;
}

inline constexpr std::int64_t resamples_a_chunk = 8;

/// The statistics of each replicate, a row each.
template <class Statistic>
std::vector<double> of_replicates(const ResamplingPlan& plan, std::int64_t replicates, std::size_t samples,
                                  std::size_t width, const Statistic& statistic) {
  constexpr std::int64_t most = std::int64_t{1} << 27;  // values: 1 GiB
  QRS_CHECK(replicates <= most / std::max<std::int64_t>(1, static_cast<std::int64_t>(width)),
            "[bootstrap] expected at most ", most / std::max<std::int64_t>(1, static_cast<std::int64_t>(width)),
            " replicates of ", width, " scores, got ", replicates);
  std::vector<double> rows(static_cast<std::size_t>(replicates) * width);
  parallel_chunks(replicates, resamples_a_chunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> counts(samples);
    for (std::int64_t r = begin; r < end; ++r) {
      plan.draw(r, counts);
      statistic(std::span<const std::int64_t>(counts),
                std::span(rows).subspan(static_cast<std::size_t>(r) * width, width));
    }
  });
  return rows;
}

/// The statistics of all samples but those of each block, a row each.
template <class Statistic>
std::vector<double> without_blocks(const ResamplingPlan& plan, std::span<const JackknifeBlock> blocks,
                                   std::size_t samples, std::size_t width, const Statistic& statistic) {
  std::vector<double> rows(blocks.size() * width);
  parallel_chunks(std::ssize(blocks), resamples_a_chunk, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> counts(samples, 1);
    for (std::int64_t b = begin; b < end; ++b) {
      const JackknifeBlock block = blocks[static_cast<std::size_t>(b)];
      const auto set = [&](std::int64_t value) {
        const auto& units = plan.strata()[block.stratum];
        for (std::size_t u = block.first; u < units.size(); u += block.step) {
          for (const std::int64_t sample : units[u]) counts[static_cast<std::size_t>(sample)] = value;
        }
      };
      set(0);
      statistic(std::span<const std::int64_t>(counts),
                std::span(rows).subspan(static_cast<std::size_t>(b) * width, width));
      set(1);
    }
  });
  return rows;
}

inline double standard_deviation(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double degrees = static_cast<double>(std::max<std::size_t>(values.size(), 2) - 1);
  return std::sqrt(squares / degrees);
}

}  // namespace detail

/// Several statistics over the same draws. statistic(counts, out) writes them, counts telling how often each sample stands;
/// it is called from several threads. Interval and standard error are NaN where more than half of the replicates have no value.
template <class Statistic>
std::vector<Bootstrap> bootstrap_counts(std::int64_t samples, std::int64_t statistics, const Statistic& statistic,
                                        const BootstrapOptions& options = {}) {
  constexpr std::string_view op = "bootstrap";
  const detail::ResamplingPlan plan(op, samples, options);
  const auto width = static_cast<std::size_t>(statistics);
  const auto size = static_cast<std::size_t>(samples);

  std::vector<double> estimates(width);
  statistic(std::span<const std::int64_t>(std::vector<std::int64_t>(size, 1)), std::span<double>(estimates));

  const std::vector<double> drawn = detail::of_replicates(plan, options.replicates, size, width, statistic);
  std::vector<detail::JackknifeBlock> blocks;
  if (options.method == BootstrapMethod::bca) blocks = detail::jackknife_blocks(plan, options.jackknife_max);
  const std::vector<double> jackknife = detail::without_blocks(plan, blocks, size, width, statistic);

  std::vector<Bootstrap> out(width);
  for (std::size_t j = 0; j < width; ++j) {
    Bootstrap& result = out[j];
    result.estimate = estimates[j];
    result.interval = {undefined, undefined};
    result.standard_error = undefined;
    if (std::isnan(result.estimate)) continue;
    for (std::size_t r = 0; r < static_cast<std::size_t>(options.replicates); ++r) {
      const double value = drawn[r * width + j];
      if (!std::isnan(value)) result.replicates.push_back(value);
    }
    result.left_out = options.replicates - static_cast<std::int64_t>(result.replicates.size());
    if (2 * result.left_out > options.replicates) continue;
    result.standard_error = detail::standard_deviation(result.replicates);

    std::vector<double> sorted = result.replicates;
    std::sort(sorted.begin(), sorted.end());
    if (options.method == BootstrapMethod::percentile) {
      result.interval = percentile_interval(sorted, options.confidence);
      continue;
    }
    std::vector<std::vector<double>> left_out_values(plan.strata().size());
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      left_out_values[blocks[b].stratum].push_back(jackknife[b * width + j]);
    }
    result.interval = bca_interval(sorted, result.estimate, bca_acceleration(left_out_values), options.confidence);
  }
  return out;
}

/// One statistic of the drawn samples, which are given as their indices, ascending, repeated as often as drawn. Throws
/// where more than half of the replicates have no value.
template <class Statistic>
Bootstrap bootstrap(std::int64_t samples, const Statistic& statistic, const BootstrapOptions& options = {}) {
  const auto of_counts = [&](std::span<const std::int64_t> counts, std::span<double> out) {
    std::vector<std::int64_t> indices;
    indices.reserve(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      indices.insert(indices.end(), static_cast<std::size_t>(counts[i]), static_cast<std::int64_t>(i));
    }
    out[0] = statistic(std::span<const std::int64_t>(indices));
  };
  Bootstrap out = std::move(bootstrap_counts(samples, 1, of_counts, options).front());
  QRS_CHECK(2 * out.left_out <= options.replicates,
            "[bootstrap] expected a value in half of the replicates or more, got none in ", out.left_out, " of ",
            options.replicates, "; strata keep every class in every draw");
  return out;
}

}  // namespace qrs::metrics
