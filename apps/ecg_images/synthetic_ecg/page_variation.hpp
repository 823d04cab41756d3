// How one page of a drawn data set is printed and what it says, drawn from its address.
//
//   draw_page(recording, draw_caption(page, rate, false), draw_style(page, false));
//
// Without a shortcut neither depends on what the heart has: the class is part of the address, but every class draws from the
// same ranges.
#pragma once

#include <cstdint>

#include "conditions.hpp"
#include "draws.hpp"
#include "leads.hpp"
#include "page.hpp"

namespace qrs::ecg_images::synthetic_ecg {

/// The most pages of a class: as many as there are printed IDs of six digits for four classes.
inline constexpr std::int64_t most_pages = 225000;

/// The ID of a page: six digits, another for every page of a data set.
inline std::int64_t page_id(const PageAddress& page) {
  constexpr std::uint64_t ids = 900000;
  constexpr std::uint64_t step = 557353;  // has no divisor in common with `ids`, so all are visited before one returns
  const auto place = static_cast<std::uint64_t>(4 * page.index + page.ecg_class);
  return 100000 + static_cast<std::int64_t>((step * place + page.seed % ids * 7919) % ids);
}

/// How the page is printed.
inline PageStyle draw_style(const PageAddress& page, bool shortcut) {
  Draws d(page, Purpose::style);
  PageStyle style;
  style.faint_grid = d.chance(0.3);
  style.grid_strength = d.uniform(0.75, 1.25);
  style.trace_thickness = d.uniform(2.6, 3.5);
  style.text_thickness = d.uniform(1.6, 2.0);
  style.offset = {d.uniform(-3.0, 3.0), d.uniform(-3.0, 3.0)};
  style.grid_ink = d.chance(0.5) ? Colour{150, 45, 55} : Colour{200, 60, 85};
  style.rhythm_lead = lead_index(d.chance(0.75) ? "II" : "III");
  if (shortcut) {
    style.faint_grid = static_cast<EcgClass>(page.ecg_class) == EcgClass::abnormal;
    if (style.faint_grid) style.grid_ink = {200, 60, 85};
  }
  return style;
}

/// What the page says about the patient and the recording.
inline PageCaption draw_caption(const PageAddress& page, double rate, bool shortcut) {
  Draws d(page, Purpose::caption);
  PageCaption caption;
  caption.id = page_id(page);
  caption.male = d.chance(0.6);
  caption.rate = static_cast<std::int64_t>(rate + 0.5);
  caption.year = d.integer(2019, 2021);
  caption.month = d.integer(1, 13);
  caption.day = d.integer(1, 29);
  caption.second = d.integer(0, 24 * 3600);
  caption.year_first = d.chance(0.5);
  if (shortcut) {
    caption.year_first = static_cast<EcgClass>(page.ecg_class) != EcgClass::abnormal;
    caption.year = caption.year_first ? 2020 : 2019;
  }
  return caption;
}

}  // namespace qrs::ecg_images::synthetic_ecg
