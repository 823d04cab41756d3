// A heartbeat as a sum of Gaussian waves, each with its voltage in every lead.
//
//   v(t) = sum over waves of  a exp(-(t - t_i)^2 / 2 b_i^2)          a: mV in each lead;  b_i: before and after the peak
//
// Source: McSharry, Clifford, Tarassenko and Smith, A dynamical model for generating synthetic electrocardiogram signals,
// IEEE TBME 50(3), 2003, equation 1. Differences: the waves themselves and not the differential equation that they drive,
// which makes their place exact; many leads; the waves of depolarisation in seconds instead of angles, so that PR and QRS
// keep their length at any rate, and those of repolarisation in parts of the interval from J to the end of T, which follows
// the rate; a T wave may rise more slowly than it falls.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "leads.hpp"

namespace qrs::ecg_images::synthetic_ecg {

inline constexpr double sampling_rate = 500.0;  // Hz
inline constexpr double recorded_seconds = 10.0;
inline constexpr std::int64_t recorded_samples = 5000;

/// A Gaussian: place of its peak, widths before and after it (standard deviations), voltages.
struct Wave {
  double at = 0.0;
  double rise = 0.0;
  double fall = 0.0;
  LeadVector leads;
};

/// How many standard deviations from its peak a wave begins and ends, for the intervals that a reader measures.
inline constexpr double visible_deviations = 2.4;

/// The P wave: times in seconds from its middle.
struct AtrialForm {
  std::vector<Wave> waves;
  static constexpr double half_width = 0.048;  // seconds from its begin to its middle
};

/// QRS and what follows: depolarisation in seconds from the middle of QRS, recovery in parts of J to the end of T.
struct VentricularForm {
  std::vector<Wave> depolarisation;
  std::vector<Wave> recovery;

  /// Seconds from the middle of QRS to its begin (negative) and to its end, the point J.
  double begin() const {
    double first = 0.0;
    for (const Wave& wave : depolarisation) first = std::min(first, wave.at - visible_deviations * wave.rise);
    return first;
  }
  double end() const {
    double last = 0.0;
    for (const Wave& wave : depolarisation) last = std::max(last, wave.at + visible_deviations * wave.fall);
    return last;
  }
  double width() const { return end() - begin(); }
};

/// QRS of a healthy heart, taken off QT where the interval from J to the end of T is meant.
inline constexpr double healthy_qrs = 0.092;  // seconds

/// QT at this interval between beats (Fridericia): QTc times its cube root.
inline double qt_interval(double corrected, double seconds_between_beats) {
  return corrected * std::cbrt(seconds_between_beats);
}

/// The voltages of the measured leads, one vector a sample.
using Signal = std::vector<LeadVector>;

/// Adds a wave whose peak is at this time.
inline void add_wave(Signal& signal, double time, double rise, double fall, const LeadVector& leads) {
  constexpr double reach = 4.5;  // standard deviations: what lies beyond is below 1/20000 of the peak
  const auto size = static_cast<double>(signal.size());
  const double first = std::clamp(std::ceil((time - reach * rise) * sampling_rate), 0.0, size);
  const double last = std::clamp(std::floor((time + reach * fall) * sampling_rate) + 1.0, 0.0, size);
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    const double t = static_cast<double>(i) / sampling_rate - time;
    const double width = t < 0.0 ? rise : fall;
    signal[i] += std::exp(-0.5 * t * t / (width * width)) * leads;
  }
}

inline void add_atrial(Signal& signal, double time, const AtrialForm& form) {
  for (const Wave& wave : form.waves) add_wave(signal, time + wave.at, wave.rise, wave.fall, wave.leads);
}

inline void add_ventricular(Signal& signal, double time, const VentricularForm& form, double qt) {
  for (const Wave& wave : form.depolarisation) add_wave(signal, time + wave.at, wave.rise, wave.fall, wave.leads);
  const double j = time + form.end();
  const double length = qt - healthy_qrs;
  for (const Wave& wave : form.recovery) {
    add_wave(signal, j + length * wave.at, length * wave.rise, length * wave.fall, wave.leads);
  }
}

/// The T wave as a part of the recovery.
inline Wave t_wave(const LeadVector& leads) { return {.at = 0.70, .rise = 0.20, .fall = 0.125, .leads = leads}; }

/// A shifted ST segment, level from J to the rise of T: four Gaussians side by side.
inline void add_st_segment(std::vector<Wave>& recovery, const LeadVector& level) {
  constexpr double spacing = 0.19;
  constexpr double width = 0.12;
  const double share = spacing / (width * 2.5066282746310002);  // Gaussians at this spacing add up to 1 / share
  for (int i = 0; i < 4; ++i) {
    recovery.push_back({.at = 0.03 + spacing * i, .rise = width, .fall = width, .leads = share * level});
  }
}

}  // namespace qrs::ecg_images::synthetic_ecg
