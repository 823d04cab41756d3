// When atria and ventricles beat during the recording.
//
//   RR(t) = mean (1 + m sin(2 pi 0.1 t + .) + r sin(2 pi f t + .))          Mayer waves and breathing, f about 0.25 Hz
//
// The sinus rhythm's intervals have the two peaks of the spectrum in McSharry and others 2003, section II-B, as two sines
// instead of a spectrum with random phases. Ectopic beats, blocks and fibrillation change which beats are conducted and when.
// Times in seconds from the begin of the recording; beats before it and after it are listed where their waves reach in.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "conditions.hpp"
#include "draws.hpp"
#include "heart_model.hpp"

namespace qrs::ecg_images::synthetic_ecg {

struct Beat {
  double time = 0.0;     // the middle of P or of QRS
  bool ectopic = false;  // with the ectopic form of its chamber
};

struct Rhythm {
  std::vector<Beat> atria;
  std::vector<Beat> ventricles;

  /// Seconds between the ventricles' beats that lie inside the recording.
  std::vector<double> intervals() const {
    std::vector<double> out;
    double before = -1.0;
    for (const Beat& beat : ventricles) {
      if (beat.time < 0.0 || beat.time >= recorded_seconds) continue;
      if (before >= 0.0) out.push_back(beat.time - before);
      before = beat.time;
    }
    return out;
  }
  /// Beats a minute: 60 over the mean interval.
  double rate() const {
    double sum = 0.0;
    const std::vector<double> all = intervals();
    for (const double interval : all) sum += interval;
    return all.empty() ? 0.0 : 60.0 * static_cast<double>(all.size()) / sum;
  }
};

namespace detail {

inline constexpr double rhythm_begin = -2.0;  // seconds
inline constexpr double rhythm_end = 12.0;

/// The sinus node's intervals.
class SinusNode {
 public:
  SinusNode(double mean, Draws& d)
      : mean_(mean),
        mayer_(d.uniform(0.005, 0.02)),
        breathing_(d.uniform(0.01, 0.04)),
        breathing_rate_(d.uniform(0.2, 0.32)),
        mayer_phase_(d.uniform(0.0, turn)),
        breathing_phase_(d.uniform(0.0, turn)) {}

  double mean() const { return mean_; }
  /// The interval that begins at this time.
  double interval(double time) const {
    return mean_ * (1.0 + mayer_ * std::sin(turn * 0.1 * time + mayer_phase_) +
                    breathing_ * std::sin(turn * breathing_rate_ * time + breathing_phase_));
  }
  /// Every firing from this time to the end.
  std::vector<double> firings(double first) const {
    std::vector<double> out;
    for (double t = first; t < rhythm_end; t += interval(t)) out.push_back(t);
    return out;
  }

 private:
  static constexpr double turn = 6.283185307179586;
  double mean_;
  double mayer_;
  double breathing_;
  double breathing_rate_;
  double mayer_phase_;
  double breathing_phase_;
};

/// Adds P and QRS of a conducted beat whose QRS has its middle at `time`.
inline void conduct(Rhythm& rhythm, const Heart& heart, double time, double pr, bool ectopic_atria = false) {
  rhythm.atria.push_back({time + heart.ventricles.begin() - pr + AtrialForm::half_width, ectopic_atria});
  rhythm.ventricles.push_back({time, false});
}

/// One beat in `every` comes early from a ventricle; the node keeps its time, so a pause follows.
inline void premature_ventricular(Rhythm& rhythm, const Heart& heart, const SinusNode& node, double first, double pr,
                                  Draws& d) {
  const std::int64_t every = d.integer(2, 6);
  const std::int64_t offset = d.integer(0, every);
  const double coupling = d.uniform(0.58, 0.68);
  const std::vector<double> firings = node.firings(first);
  for (std::size_t i = 0; i < firings.size(); ++i) {
    if (i > 0 && (static_cast<std::int64_t>(i) + offset) % every == 0) {
      rhythm.ventricles.push_back({firings[i - 1] + coupling * node.mean(), true});
    } else {
      conduct(rhythm, heart, firings[i], pr);
    }
  }
}

/// One beat in `every` comes early from the atria and resets the node.
inline void premature_atrial(Rhythm& rhythm, const Heart& heart, const SinusNode& node, double first, double pr,
                             Draws& d) {
  const std::int64_t every = d.integer(3, 6);
  const double coupling = d.uniform(0.62, 0.74);
  std::int64_t count = d.integer(0, every);
  for (double t = first; t < rhythm_end; ++count) {
    conduct(rhythm, heart, t, pr);
    if (count % every == 0) {
      t += coupling * node.interval(t);
      conduct(rhythm, heart, t, pr + 0.01, true);
      t += 0.1 * node.mean();
    }
    t += node.interval(t);
  }
}

/// PR grows from beat to beat until one P is not followed.
inline void wenckebach(Rhythm& rhythm, const Heart& heart, const SinusNode& node, double first, Draws& d) {
  const std::int64_t length = d.integer(3, 6);
  const double shortest = d.uniform(0.17, 0.21);
  const double growth = d.uniform(0.07, 0.10);
  std::int64_t at = d.integer(0, length);
  for (const double p : node.firings(first)) {
    rhythm.atria.push_back({p, false});
    if (at + 1 < length) {
      double pr = shortest;
      for (std::int64_t i = 0; i < at; ++i) pr += growth / static_cast<double>(i + 1);  // by less each time
      rhythm.ventricles.push_back({p - AtrialForm::half_width + pr - heart.ventricles.begin(), false});
    }
    at = (at + 1) % length;
  }
}

/// Atria and ventricles beat each at their own rate.
inline void dissociated(Rhythm& rhythm, const SinusNode& node, double first, Draws& d) {
  const bool from_ventricle = d.chance(0.5);
  const double escape = 60.0 / (from_ventricle ? d.uniform(30.0, 40.0) : d.uniform(40.0, 52.0));
  for (const double p : node.firings(first)) rhythm.atria.push_back({p, false});
  for (double t = first + d.uniform(0.0, escape); t < rhythm_end; t += escape * d.uniform(0.99, 1.01)) {
    rhythm.ventricles.push_back({t, from_ventricle});
  }
}

/// No order: each interval is drawn by itself.
inline void fibrillate(Rhythm& rhythm, double first, double mean, Draws& d) {
  constexpr double shortest = 0.38;
  constexpr double spread = 0.24;
  for (double t = first; t < rhythm_end; t += std::max(shortest, mean * std::exp(spread * d.normal()))) {
    rhythm.ventricles.push_back({t, false});
  }
}

}  // namespace detail

/// The beats of a recording with this condition.
inline Rhythm draw_rhythm(Condition condition, const Heart& heart, Draws& draws) {
  double low = 58.0;
  double high = 98.0;
  switch (condition) {
    case Condition::anterior_mi:
    case Condition::lateral_mi:
      low = 65.0, high = 108.0;
      break;
    case Condition::inferior_mi:
      low = 52.0, high = 95.0;
      break;
    case Condition::atrial_fibrillation:
      low = 70.0, high = 125.0;
      break;
    case Condition::first_degree_block:
      low = 52.0, high = 82.0;
      break;
    case Condition::complete_block:
    case Condition::wenckebach_block:
      low = 65.0, high = 90.0;
      break;
    case Condition::ventricular_premature:
    case Condition::atrial_premature:
      low = 60.0, high = 88.0;
      break;
    default:
      break;
  }
  const detail::SinusNode node(60.0 / draws.uniform(low, high), draws);
  const double pr = draws.uniform(0.13, 0.19);
  const double long_pr = draws.uniform(0.22, 0.34);
  const double first = detail::rhythm_begin + draws.uniform(0.0, node.mean());
  Rhythm rhythm;
  switch (condition) {
    case Condition::ventricular_premature:
      detail::premature_ventricular(rhythm, heart, node, first, pr, draws);
      break;
    case Condition::atrial_premature:
      detail::premature_atrial(rhythm, heart, node, first, pr, draws);
      break;
    case Condition::atrial_fibrillation:
      detail::fibrillate(rhythm, first, node.mean(), draws);
      break;
    case Condition::wenckebach_block:
      detail::wenckebach(rhythm, heart, node, first, draws);
      break;
    case Condition::complete_block:
      detail::dissociated(rhythm, node, first, draws);
      break;
    default:
      for (const double t : node.firings(first)) {
        detail::conduct(rhythm, heart, t, condition == Condition::first_degree_block ? long_pr : pr);
      }
  }
  return rhythm;
}

}  // namespace qrs::ecg_images::synthetic_ecg
