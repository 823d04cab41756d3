// What a reader measures on an ECG, from the voltages alone where that is possible: QRS, levels of ST, waves, intervals.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "../../apps/ecg_images/synthetic_ecg/recording.hpp"

namespace qrs::tests {

namespace ecg = ecg_images::synthetic_ecg;

/// Noiseless recordings of a condition: the first `count` pages of its class that have it.
inline std::vector<ecg::Recording> recordings_of(ecg::Condition condition, ecg::EcgClass ecg_class, std::size_t count,
                                                 std::uint64_t seed = 11) {
  std::vector<ecg::Recording> found;
  for (std::int64_t index = 0; found.size() < count && index < 400; ++index) {
    ecg::Recording r = ecg::draw_recording({seed, static_cast<std::int64_t>(ecg_class), index}, false);
    if (r.condition == condition) found.push_back(std::move(r));
  }
  return found;
}

/// One beat of a recording, measured.
class BeatMeasure {
 public:
  /// The beat whose QRS has its middle near `time`.
  BeatMeasure(const ecg::Recording& recording, double time) : r_(&recording) {
    // QRS is where the leads change fast: from the first to the last sample with 6 % of the steepest change.
    const std::int64_t from = sample(time - 0.095);
    const std::int64_t to = sample(time + 0.115);
    std::vector<double> change;
    for (std::int64_t i = from; i <= to; ++i) {
      double sum = 0.0;
      for (const auto& lead : r_->leads) sum += std::abs(at(lead, i + 1) - at(lead, i - 1));
      change.push_back(sum);
    }
    const double least = 0.06 * *std::max_element(change.begin(), change.end());
    const auto fast = [&](double c) { return c >= least; };
    begin_ = from + (std::find_if(change.begin(), change.end(), fast) - change.begin());
    end_ = to - (std::find_if(change.rbegin(), change.rend(), fast) - change.rbegin());
  }

  double begin() const { return static_cast<double>(begin_) / ecg::sampling_rate; }
  double end() const { return static_cast<double>(end_) / ecg::sampling_rate; }
  double width() const { return end() - begin(); }

  /// mV of a lead, seconds after the end of QRS, against the level before QRS.
  double after_end(std::string_view lead, double seconds) const { return level(lead, end_ + steps(seconds)); }
  double st(std::string_view lead) const { return after_end(lead, 0.06); }
  /// Greatest and least voltage of QRS.
  std::pair<double, double> peaks(std::string_view lead) const { return extremes(lead, begin_, end_); }
  double r_wave(std::string_view lead) const { return peaks(lead).second; }
  double s_wave(std::string_view lead) const { return peaks(lead).first; }
  /// The extreme of T with its sign.
  double t_wave(std::string_view lead) const {
    const auto [low, high] = extremes(lead, end_ + steps(0.1), end_ + steps(r_->qt - 0.1));
    return std::abs(low) > high ? low : high;
  }
  /// The greatest voltage in a window before QRS, seconds.
  double highest_before(std::string_view lead, double from, double to) const {
    return extremes(lead, begin_ - steps(from), begin_ - steps(to)).second;
  }
  /// How long the lead stays below -0.03 mV from the begin of QRS on, seconds, and how deep: the Q wave, or QS.
  std::pair<double, double> q_wave(std::string_view lead) const {
    std::int64_t i = begin_;
    while (i < end_ && level(lead, i) > -0.03 && level(lead, i) < 0.03) ++i;
    const std::int64_t from = i;
    double depth = 0.0;
    for (; i < end_ && level(lead, i) <= -0.03; ++i) depth = std::min(depth, level(lead, i));
    return {static_cast<double>(i - from) / ecg::sampling_rate, depth};
  }

 private:
  static std::int64_t sample(double seconds) {
    return static_cast<std::int64_t>(std::lround(seconds * ecg::sampling_rate));
  }
  static std::int64_t steps(double seconds) { return sample(seconds); }
  static double at(const std::vector<double>& lead, std::int64_t i) {
    return lead[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, ecg::recorded_samples - 1))];
  }
  double level(std::string_view lead, std::int64_t i) const {
    const auto& values = r_->leads[ecg::lead_index(lead)];
    return at(values, i) - at(values, begin_ - steps(0.01));
  }
  std::pair<double, double> extremes(std::string_view lead, std::int64_t from, std::int64_t to) const {
    std::pair<double, double> out{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (std::int64_t i = from; i <= to; ++i) {
      out.first = std::min(out.first, level(lead, i));
      out.second = std::max(out.second, level(lead, i));
    }
    return out;
  }

  const ecg::Recording* r_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
};

/// The beats that lie whole inside the recording.
inline std::vector<ecg::Beat> inner_beats(const std::vector<ecg::Beat>& beats) {
  std::vector<ecg::Beat> out;
  for (const ecg::Beat& beat : beats) {
    if (beat.time > 0.6 && beat.time < ecg::recorded_seconds - 0.6) out.push_back(beat);
  }
  return out;
}

/// A beat in the middle of the recording.
inline BeatMeasure middle_beat(const ecg::Recording& r) {
  const std::vector<ecg::Beat> beats = inner_beats(r.rhythm.ventricles);
  return {r, beats[beats.size() / 2].time};
}

/// Standard deviation of the intervals between beats over their mean.
inline double irregularity(const ecg::Recording& r) {
  const std::vector<double> intervals = r.rhythm.intervals();
  double mean = 0.0;
  for (const double x : intervals) mean += x / static_cast<double>(intervals.size());
  double square = 0.0;
  for (const double x : intervals) square += (x - mean) * (x - mean) / static_cast<double>(intervals.size());
  return std::sqrt(square) / mean;
}

/// From the begin of each P to the begin of the QRS that follows it within 0.6 s, in order; 0 where none does.
inline std::vector<double> pr_intervals(const ecg::Recording& r) {
  std::vector<double> out;
  for (const ecg::Beat& p : inner_beats(r.rhythm.atria)) {
    double pr = 0.0;
    for (const ecg::Beat& beat : r.rhythm.ventricles) {
      const double here = BeatMeasure(r, beat.time).begin() - (p.time - ecg::AtrialForm::half_width);
      if (beat.time > p.time && here < 0.6 && pr == 0.0) pr = here;
    }
    out.push_back(pr);
  }
  return out;
}

}  // namespace qrs::tests
