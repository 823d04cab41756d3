// What a heart may have, by class, and the waves that show it.
//
//   Draws draws(page, Purpose::heart);    const Heart heart = draw_heart(Condition::inferior_mi, draws);
//
// Class and territory decide which leads change; how much, the axis, the voltages and the widths are drawn. Voltages are mV.
//   infarction          ST raised at the territory (0.2 mV and more in neighbouring leads), lowered opposite, tall T
//   history of it       Q of 30 ms and 0.1 mV and more, or no R at all, over the territory; T flat or inverted; ST at rest
//   bundle blocks       QRS of 120 ms and more, T against the last part of QRS
// Source: Thygesen and others, Fourth universal definition of myocardial infarction, Circulation 138, 2018, tables 1 to 3;
// Surawicz and others, AHA/ACCF/HRS recommendations for the standardization and interpretation of the
// electrocardiogram, part III, Circulation 119, 2009 (bundle blocks).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "draws.hpp"
#include "heart_model.hpp"
#include "leads.hpp"

namespace qrs::ecg_images::synthetic_ecg {

/// The four classes of the published data set.
enum class EcgClass : std::int64_t { mi, history_mi, abnormal, normal };
inline constexpr std::array<EcgClass, 4> all_classes = {EcgClass::mi, EcgClass::history_mi, EcgClass::abnormal,
                                                        EcgClass::normal};

enum class Condition : std::int64_t {
  normal,
  anterior_mi,
  inferior_mi,
  lateral_mi,
  anterior_history,
  inferior_history,
  lateral_history,
  ventricular_premature,
  atrial_premature,
  atrial_fibrillation,
  first_degree_block,
  wenckebach_block,
  complete_block,
  left_bundle_block,
  right_bundle_block,
};
inline constexpr std::array<std::string_view, 15> condition_names = {
    "normal",
    "anterior MI",
    "inferior MI",
    "lateral MI",
    "history of anterior MI",
    "history of inferior MI",
    "history of lateral MI",
    "premature ventricular beats",
    "premature atrial beats",
    "atrial fibrillation",
    "first-degree AV block",
    "Wenckebach AV block",
    "complete AV block",
    "left bundle-branch block",
    "right bundle-branch block",
};

inline std::string_view condition_name(Condition condition) {
  return condition_names[static_cast<std::size_t>(condition)];
}

/// One of the conditions of a class, which are consecutive values.
inline Condition draw_condition(EcgClass ecg_class, Draws& draws) {
  const auto from = [&](Condition first, std::int64_t count) {
    return static_cast<Condition>(static_cast<std::int64_t>(first) + draws.integer(0, count));
  };
  switch (ecg_class) {
    case EcgClass::mi:
      return from(Condition::anterior_mi, 3);
    case EcgClass::history_mi:
      return from(Condition::anterior_history, 3);
    case EcgClass::abnormal:
      return from(Condition::ventricular_premature, 8);
    default:
      return Condition::normal;
  }
}

/// The waves of one heart.
struct Heart {
  AtrialForm atria;
  AtrialForm ectopic_atria;
  VentricularForm ventricles;
  VentricularForm ectopic_ventricles;
  double corrected_qt = 0.4;  // seconds
  LeadVector fibrillation;    // voltage of the f waves; zero where the atria beat
};

namespace detail {

/// The parts of a beat before they become waves; conditions change them.
struct BeatParts {
  double axis = 0.0;     // of the main vector of QRS, degrees
  double voltage = 1.0;  // factor
  double width = 1.0;    // factor of the times of QRS
  LeadVector initial;    // the septum
  LeadVector main;       // the free walls
  LeadVector terminal;   // the base
  LeadVector t;
  LeadVector st;
};

inline BeatParts draw_healthy(Draws& d) {
  // Each draw is a statement: the order of evaluation inside a call is the compiler's choice.
  BeatParts parts;
  parts.axis = d.uniform(-5.0, 80.0);
  parts.voltage = d.uniform(0.75, 1.2);
  parts.width = d.uniform(0.88, 1.12);
  const double v = parts.voltage;
  const double shift = d.uniform(-0.5, 0.5);  // of the transition in the chest leads, electrodes
  const double initial_height = d.uniform(0.05, 0.13);
  const double main_height = d.uniform(0.75, 1.3);
  const double terminal_height = d.uniform(0.08, 0.25);
  const double terminal_turn = d.uniform(90.0, 200.0);
  const double t_factor = d.uniform(0.75, 1.25);
  const double t_height = d.uniform(0.22, 0.34);
  const double t_axis = 0.6 * parts.axis + d.uniform(5.0, 30.0);
  const double t_v1 = d.uniform(-0.08, 0.1);
  parts.initial =
      v * lead_vector(initial_height, parts.axis - 150.0, turned({0.28, 0.42, 0.45, 0.05, -0.09, -0.1}, shift));
  parts.main = v * lead_vector(main_height, parts.axis, turned({-0.85, -1.25, 0.15, 1.35, 1.35, 1.05}, shift));
  parts.terminal = v * lead_vector(terminal_height, parts.axis - terminal_turn,
                                   turned({-0.15, -0.5, -0.85, -0.55, -0.22, -0.08}, shift));
  parts.t = t_factor * lead_vector(t_height, t_axis, turned({t_v1, 0.42, 0.5, 0.45, 0.34, 0.24}, shift));
  parts.st = lead_vector(0.015, parts.axis, {0.02, 0.05, 0.05, 0.03, 0.01, 0.0});
  return parts;
}

inline VentricularForm form_of(const BeatParts& parts) {
  const double w = parts.width;
  VentricularForm form;
  form.depolarisation = {{-0.022 * w, 0.009 * w, 0.009 * w, parts.initial},
                         {0.0, 0.0105 * w, 0.0105 * w, parts.main},
                         {0.024 * w, 0.010 * w, 0.010 * w, parts.terminal}};
  form.recovery = {t_wave(parts.t)};
  add_st_segment(form.recovery, parts.st);
  return form;
}

inline AtrialForm draw_atria(Draws& d, double axis, double direction) {
  const double height = d.uniform(0.85, 1.35);
  AtrialForm form;
  form.waves = {{-0.014, 0.015, 0.016,
                 height * lead_vector(0.075, axis, {0.05, 0.05, 0.045, 0.045, 0.04, 0.04})},  // right atrium
                {0.014, 0.016, 0.015,
                 height * direction * lead_vector(0.07, axis - 15.0, {-0.045, 0.01, 0.03, 0.035, 0.04, 0.04})}};
  return form;
}

inline void infarct(BeatParts& parts, Condition territory, Draws& d) {
  const double height = d.uniform(1.0, 1.5);
  LeadVector injury;
  LeadVector tall;
  if (territory == Condition::anterior_mi) {
    injury = lead_vector(0.16, d.uniform(-75.0, -50.0), {0.17, 0.31, 0.34, 0.26, 0.12, 0.05});
    tall = lead_vector(0.1, -20.0, {0.12, 0.4, 0.5, 0.38, 0.15, 0.05});
    parts.main += parts.voltage * lead_vector(0.0, 0.0, {0.0, 0.1, -0.1, -0.45, -0.25, 0.0});
    parts.t = lead_vector(0.22, 30.0, {parts.t.values[2], 0.42, 0.5, 0.45, 0.3, 0.2});
  } else if (territory == Condition::inferior_mi) {
    const double axis = d.uniform(92.0, 108.0);
    injury = lead_vector(0.33, axis, {-0.03, -0.13, -0.11, -0.05, 0.03, 0.06});
    tall = lead_vector(0.3, axis - 10.0, {0.0, -0.18, -0.15, -0.05, 0.03, 0.05});
    parts.initial += lead_vector(d.uniform(0.0, 0.15), axis - 180.0, {});
  } else {
    const double axis = d.uniform(-30.0, -8.0);
    injury = lead_vector(0.27, axis, {-0.08, -0.09, -0.03, 0.08, 0.22, 0.24});
    tall = lead_vector(0.22, axis + 10.0, {0.0, -0.1, -0.05, 0.1, 0.25, 0.22});
    parts.initial += lead_vector(d.uniform(0.0, 0.1), axis - 180.0, {});
  }
  parts.st += height * injury;
  parts.t += d.uniform(0.7, 1.3) * tall;
}

/// The scar of an old infarction: no voltage from where it lies, so the first vector points away.
inline void scar(BeatParts& parts, Condition territory, Draws& d) {
  const double depth = d.uniform(0.85, 1.25);
  const double t_height = d.uniform(0.35, 1.2);  // from flat to inverted
  const double v = parts.voltage;
  if (territory == Condition::anterior_history) {
    parts.initial = depth * v * lead_vector(0.06, parts.axis - 150.0, {-0.28, -0.5, -0.55, -0.42, -0.12, -0.08});
    parts.main = v * lead_vector(0.85, parts.axis, {-0.75, -0.95, -0.45, 0.35, 0.85, 0.9});
    parts.terminal += v * lead_vector(0.0, 0.0, {0.0, 0.1, 0.35, 0.3, 0.1, 0.0});
    parts.t = t_height * lead_vector(0.14, 95.0, {-0.05, -0.2, -0.3, -0.3, -0.18, -0.06});
  } else if (territory == Condition::inferior_history) {
    const double axis = d.uniform(-95.0, -75.0);
    const double main_axis = d.uniform(0.0, 35.0);
    const double t_axis = d.uniform(-55.0, -35.0);
    parts.initial = depth * lead_vector(0.38, axis, {0.2, 0.3, 0.25, 0.05, -0.07, -0.12});
    parts.main = v * lead_vector(0.85, main_axis, {-0.7, -0.9, 0.3, 1.2, 1.25, 1.0});
    parts.t = t_height * lead_vector(0.28, t_axis, {0.1, 0.4, 0.42, 0.35, 0.22, 0.1});
  } else {
    const double axis = d.uniform(150.0, 175.0);
    const double main_axis = d.uniform(55.0, 85.0);
    const double t_axis = d.uniform(110.0, 135.0);
    parts.initial = depth * lead_vector(0.32, axis, {0.3, 0.4, 0.4, 0.05, -0.3, -0.32});
    parts.main = v * lead_vector(0.85, main_axis, {-0.6, -0.8, 0.3, 1.1, 0.95, 0.7});
    parts.t = t_height * lead_vector(0.24, t_axis, {0.15, 0.4, 0.35, 0.1, -0.2, -0.22});
  }
  parts.st = {};
}

/// The widest first wave that a scar leaves: Q of 30 ms and more.
inline void widen_initial(VentricularForm& form) {
  Wave& q = form.depolarisation.front();
  q.at -= 0.004;
  q.rise *= 1.5;
  q.fall *= 1.35;
}

inline VentricularForm left_bundle_form(Draws& d) {
  const double v = d.uniform(0.8, 1.15);
  const double w = d.uniform(0.82, 1.0);
  const double axis = d.uniform(-35.0, 30.0);
  VentricularForm form;
  form.depolarisation = {
      {-0.033 * w, 0.018 * w, 0.019 * w, v * lead_vector(0.65, axis + 10.0, {-0.4, -0.8, -0.8, -0.1, 0.65, 0.75})},
      {-0.003 * w, 0.017 * w, 0.017 * w, v * lead_vector(0.0, 0.0, {-0.35, -0.6, -0.55, -0.15, 0.0, 0.0})},
      {0.024 * w, 0.022 * w, 0.021 * w, v * lead_vector(0.75, axis - 10.0, {-0.85, -1.5, -1.3, -0.35, 0.75, 0.9})}};
  form.recovery = {t_wave(v * lead_vector(0.3, axis + 180.0, {0.3, 0.6, 0.55, 0.2, -0.2, -0.28}))};
  add_st_segment(form.recovery, v * lead_vector(0.08, axis + 180.0, {0.12, 0.24, 0.2, 0.06, -0.07, -0.1}));
  return form;
}

inline VentricularForm right_bundle_form(BeatParts parts, Draws& d) {
  const double v = parts.voltage;
  parts.initial.values[2] = 0.25 * v;                 // r of V1
  parts.main.values[2] = -d.uniform(0.25, 0.45) * v;  // S of V1, small before R'
  parts.terminal = 0.5 * parts.terminal;
  parts.terminal.values[2] = 0.0;
  parts.t.values[2] = -d.uniform(0.15, 0.28);
  parts.t.values[3] = -d.uniform(0.05, 0.2);
  VentricularForm form = form_of(parts);
  const double w = d.uniform(0.95, 1.1);
  const double late = d.uniform(0.25, 0.4);
  const double late_axis = d.uniform(170.0, 200.0);
  form.depolarisation.push_back(
      {0.056 * w, 0.017 * w, 0.019 * w, v * lead_vector(late, late_axis, {0.85, 0.5, 0.05, -0.2, -0.32, -0.35})});
  return form;
}

/// A beat that begins in one ventricle: wide, its T against its QRS.
inline VentricularForm ventricular_form(Draws& d) {
  const double v = d.uniform(0.9, 1.3);
  const double w = d.uniform(0.95, 1.15);
  const bool right = d.chance(0.5);  // from the right ventricle it looks like a left bundle block
  const double axis = right ? d.uniform(60.0, 100.0) : d.uniform(-90.0, -50.0);
  const ChestLeads first =
      right ? ChestLeads{-0.3, -0.5, -0.4, 0.1, 0.6, 0.7} : ChestLeads{0.6, 0.8, 0.6, 0.4, 0.0, -0.2};
  const ChestLeads second =
      right ? ChestLeads{-0.9, -1.4, -1.1, 0.2, 0.9, 0.9} : ChestLeads{1.0, 1.1, 0.7, 0.0, -0.6, -0.9};
  const ChestLeads t =
      right ? ChestLeads{0.4, 0.6, 0.5, -0.1, -0.4, -0.4} : ChestLeads{-0.45, -0.5, -0.35, 0.0, 0.3, 0.4};
  VentricularForm form;
  form.depolarisation = {{-0.030 * w, 0.020 * w, 0.022 * w, v * lead_vector(0.6, axis + 15.0, first)},
                         {0.022 * w, 0.024 * w, 0.022 * w, v * lead_vector(1.0, axis - 5.0, second)}};
  form.recovery = {{0.58, 0.22, 0.16, v * lead_vector(0.45, axis + 180.0, t)}};
  return form;
}

}  // namespace detail

/// A heart with this condition.
inline Heart draw_heart(Condition condition, Draws& draws) {
  detail::BeatParts parts = detail::draw_healthy(draws);
  Heart heart;
  heart.corrected_qt = draws.uniform(0.375, 0.425);
  const double p_axis = draws.uniform(40.0, 65.0);
  heart.atria = detail::draw_atria(draws, p_axis, 1.0);
  heart.ectopic_atria = detail::draw_atria(draws, draws.uniform(-10.0, 20.0), 0.6);
  heart.ectopic_ventricles = detail::ventricular_form(draws);
  switch (condition) {
    case Condition::anterior_mi:
    case Condition::inferior_mi:
    case Condition::lateral_mi:
      detail::infarct(parts, condition, draws);
      break;
    case Condition::anterior_history:
    case Condition::inferior_history:
    case Condition::lateral_history:
      detail::scar(parts, condition, draws);
      break;
    case Condition::atrial_fibrillation:
      heart.fibrillation = lead_vector(0.05, draws.uniform(50.0, 90.0), {0.08, 0.05, 0.03, 0.02, 0.015, 0.015});
      heart.fibrillation = draws.uniform(0.7, 1.2) * heart.fibrillation;
      break;
    default:
      break;
  }
  heart.ventricles = detail::form_of(parts);
  if (condition == Condition::anterior_history || condition == Condition::inferior_history ||
      condition == Condition::lateral_history) {
    detail::widen_initial(heart.ventricles);
  }
  if (condition == Condition::left_bundle_block) heart.ventricles = detail::left_bundle_form(draws);
  if (condition == Condition::right_bundle_block) heart.ventricles = detail::right_bundle_form(parts, draws);
  return heart;
}

}  // namespace qrs::ecg_images::synthetic_ecg
