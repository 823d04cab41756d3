// Ten seconds of twelve leads: the beats of a rhythm with the waves of a heart, and what an electrode adds.
//
//   const Recording r = draw_recording({.seed = 7, .ecg_class = 0, .index = 3});     r.leads[1][2500]: II at 5 s, mV
//
// Noise is drawn for the measured leads, so the other four follow from them with it: wander below 0.4 Hz by breathing and
// skin, mains of 50 Hz, and muscle, white noise through a low pass of first order.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "conditions.hpp"
#include "draws.hpp"
#include "heart_model.hpp"
#include "leads.hpp"
#include "rhythm.hpp"

namespace qrs::ecg_images::synthetic_ecg {

struct Recording {
  Condition condition = Condition::normal;
  Heart heart;
  Rhythm rhythm;
  double qt = 0.0;                            // seconds, of a beat with a healthy QRS
  std::array<std::vector<double>, 12> leads;  // in the order of lead_names, 5000 samples each at 500 Hz, mV
};

namespace detail {

/// f waves: three sines near the fibrillation's rate whose phases drift, so that no two look alike.
inline void add_fibrillation(Signal& signal, const LeadVector& leads, Draws& d) {
  constexpr double turn = 6.283185307179586;
  for (int wave = 0; wave < 3; ++wave) {
    const double rate = d.uniform(5.2, 7.8);
    const double drift_rate = d.uniform(0.3, 0.9);
    const double phase = d.uniform(0.0, turn);
    const double drift_phase = d.uniform(0.0, turn);
    for (std::size_t i = 0; i < signal.size(); ++i) {
      const double t = static_cast<double>(i) / sampling_rate;
      const double drift = 1.2 * std::sin(turn * drift_rate * t + drift_phase);
      signal[i] += 0.6 * std::sin(turn * rate * t + phase + drift) * leads;
    }
  }
}

inline void add_noise(Signal& signal, Draws& d) {
  constexpr double turn = 6.283185307179586;
  const double wander = d.uniform(0.01, 0.05);                         // mV
  const double mains = d.uniform(0.0, 0.006);                          // mV
  const double muscle = d.uniform(0.002, 0.008);                       // mV, standard deviation
  const double breathing = d.uniform(0.18, 0.33);                      // Hz
  constexpr double keep = 0.72;                                        // low pass at about 25 Hz
  const double drive = muscle * std::sqrt(3.0 * (1.0 - keep * keep));  // uniform on [-1, 1) has variance 1/3
  for (std::size_t lead = 0; lead < measured_leads; ++lead) {
    const double slow = d.uniform(0.05, 0.12);
    const double slow_height = wander * d.uniform(0.2, 1.0);
    const double breathing_height = wander * d.uniform(0.2, 1.0);
    const double phases[3] = {d.uniform(0.0, turn), d.uniform(0.0, turn), d.uniform(0.0, turn)};
    double state = 0.0;
    for (std::size_t i = 0; i < signal.size(); ++i) {
      const double t = static_cast<double>(i) / sampling_rate;
      state = keep * state + drive * d.uniform(-1.0, 1.0);
      signal[i].values[lead] += slow_height * std::sin(turn * slow * t + phases[0]) +
                                breathing_height * std::sin(turn * breathing * t + phases[1]) +
                                mains * std::sin(turn * 50.0 * t + phases[2]) + state;
    }
  }
}

}  // namespace detail

/// The recording of a page. Without noise it is what the heart alone gives, for measurements.
inline Recording draw_recording(const PageAddress& page, bool noise = true) {
  Draws condition_draws(page, Purpose::condition);
  Draws heart_draws(page, Purpose::heart);
  Draws rhythm_draws(page, Purpose::rhythm);
  Draws noise_draws(page, Purpose::noise);
  Recording out;
  out.condition = draw_condition(static_cast<EcgClass>(page.ecg_class), condition_draws);
  out.heart = draw_heart(out.condition, heart_draws);
  out.rhythm = draw_rhythm(out.condition, out.heart, rhythm_draws);
  out.qt = qt_interval(out.heart.corrected_qt, 60.0 / out.rhythm.rate());

  Signal signal(static_cast<std::size_t>(recorded_samples));
  for (const Beat& beat : out.rhythm.atria) {
    add_atrial(signal, beat.time, beat.ectopic ? out.heart.ectopic_atria : out.heart.atria);
  }
  for (const Beat& beat : out.rhythm.ventricles) {
    add_ventricular(signal, beat.time, beat.ectopic ? out.heart.ectopic_ventricles : out.heart.ventricles, out.qt);
  }
  if (out.condition == Condition::atrial_fibrillation) {
    detail::add_fibrillation(signal, out.heart.fibrillation, rhythm_draws);
  }
  if (noise) detail::add_noise(signal, noise_draws);

  for (std::vector<double>& lead : out.leads) lead.reserve(signal.size());
  for (const LeadVector& measured : signal) {
    const std::array<double, 12> values = twelve_leads(measured);
    for (std::size_t lead = 0; lead < values.size(); ++lead) out.leads[lead].push_back(values[lead]);
  }
  return out;
}

}  // namespace qrs::ecg_images::synthetic_ecg
