// The twelve leads: eight that are measured, four that follow from two of them.
//
//   III = II - I     aVR = -(I + II) / 2     aVL = (I - III) / 2     aVF = (II + III) / 2        in mV
//
// A wave of the heart is a vector in the frontal plane (magnitude, axis in degrees, 0 to the left, 90 to the feet), which
// gives I and II, and six values of the chest leads. Voltages are multiples of 2^-10 mV, the step of the converter: all
// sums above are exact in double.
// Source: Einthoven's triangle and Goldberger's leads; Malmivuo and Plonsey, Bioelectromagnetism, 1995, chapter 15.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace qrs::ecg_images::synthetic_ecg {

inline constexpr std::size_t measured_leads = 8;  // I, II, V1 to V6
inline constexpr std::array<std::string_view, 12> lead_names = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                                                "V1", "V2", "V3",  "V4",  "V5",  "V6"};

/// The place of a lead in lead_names; 12 where there is none of this name.
constexpr std::size_t lead_index(std::string_view name) {
  std::size_t at = 0;
  while (at < lead_names.size() && lead_names[at] != name) ++at;
  return at;
}

/// Millivolts in the measured leads.
struct LeadVector {
  std::array<double, measured_leads> values{};

  LeadVector& operator+=(const LeadVector& other) {
    for (std::size_t i = 0; i < measured_leads; ++i) values[i] += other.values[i];
    return *this;
  }
  friend LeadVector operator+(LeadVector a, const LeadVector& b) { return a += b; }
  friend LeadVector operator*(double factor, LeadVector a) {
    for (double& value : a.values) value *= factor;
    return a;
  }
};

/// Chest leads V1 to V6.
using ChestLeads = std::array<double, 6>;

/// A vector of the frontal plane and values of the chest leads.
inline LeadVector lead_vector(double magnitude, double axis_degrees, const ChestLeads& chest) {
  constexpr double degree = 3.141592653589793 / 180.0;
  LeadVector out;
  out.values[0] = magnitude * std::cos(axis_degrees * degree);
  out.values[1] = magnitude * std::cos((axis_degrees - 60.0) * degree);
  std::copy(chest.begin(), chest.end(), out.values.begin() + 2);
  return out;
}

/// The chest leads of a heart that is turned by `shift` electrodes: lead v takes what lies at v + shift.
inline ChestLeads turned(const ChestLeads& chest, double shift) {
  ChestLeads out;
  for (std::size_t v = 0; v < chest.size(); ++v) {
    const double at = std::clamp(static_cast<double>(v) + shift, 0.0, 5.0);
    const auto low = std::min<std::size_t>(static_cast<std::size_t>(at), 4);
    const double part = at - static_cast<double>(low);
    out[v] = (1.0 - part) * chest[low] + part * chest[low + 1];
  }
  return out;
}

/// A voltage as the converter gives it.
inline double converted(double millivolts) { return std::nearbyint(millivolts * 1024.0) / 1024.0; }

/// All twelve, in the order of lead_names.
inline std::array<double, 12> twelve_leads(const LeadVector& measured) {
  const double one = converted(measured.values[0]);
  const double two = converted(measured.values[1]);
  const double three = two - one;
  std::array<double, 12> out{one, two, three, -0.5 * (one + two), 0.5 * (one - three), 0.5 * (two + three)};
  for (std::size_t v = 0; v < 6; ++v) out[6 + v] = converted(measured.values[2 + v]);
  return out;
}

}  // namespace qrs::ecg_images::synthetic_ecg
