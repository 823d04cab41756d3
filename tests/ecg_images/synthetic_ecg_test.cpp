// Drawn recordings: the leads fit together, and a reader measures on each condition what its name says.
#include "../../apps/ecg_images/synthetic_ecg/recording.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../../include/qrs/core/compare.hpp"
#include "ecg_measures.hpp"

namespace {

namespace ecg = qrs::ecg_images::synthetic_ecg;
using ecg::Condition;
using ecg::EcgClass;
using qrs::tests::BeatMeasure;
using qrs::tests::inner_beats;
using qrs::tests::irregularity;
using qrs::tests::middle_beat;
using qrs::tests::pr_intervals;
using qrs::tests::recordings_of;

constexpr std::size_t each = 12;  // recordings of a condition

/// Calls check(recording, its middle beat) for some recordings of a condition.
template <class Check>
void for_each_of(Condition condition, EcgClass ecg_class, const Check& check) {
  const std::vector<ecg::Recording> recordings = recordings_of(condition, ecg_class, each);
  REQUIRE(recordings.size() == each);
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    CAPTURE(ecg::condition_name(condition));
    CAPTURE(i);
    check(recordings[i], middle_beat(recordings[i]));
  }
}

/// How many of the leads have their ST segment this high, mV.
int raised(const BeatMeasure& beat, std::initializer_list<std::string_view> leads, double least) {
  return static_cast<int>(
      std::count_if(leads.begin(), leads.end(), [&](std::string_view lead) { return beat.st(lead) >= least; }));
}
int lowered(const BeatMeasure& beat, std::initializer_list<std::string_view> leads, double most) {
  return static_cast<int>(
      std::count_if(leads.begin(), leads.end(), [&](std::string_view lead) { return beat.st(lead) <= most; }));
}
/// How many of the leads have a pathological Q: 30 ms and 0.1 mV.
int deep_q(const BeatMeasure& beat, std::initializer_list<std::string_view> leads) {
  return static_cast<int>(std::count_if(leads.begin(), leads.end(), [&](std::string_view lead) {
    const auto [seconds, depth] = beat.q_wave(lead);
    return seconds >= 0.03 && depth <= -0.1;
  }));
}

/// The beats whose T of the beat before has ended 0.25 s before them.
std::vector<double> beats_after_rest(const ecg::Recording& r) {
  std::vector<double> times;
  double before = 0.0;
  for (const ecg::Beat& beat : inner_beats(r.rhythm.ventricles)) {
    if (beat.time - before > r.qt + 0.22) times.push_back(beat.time);
    before = beat.time;
  }
  return times;
}
double voltage(const ecg::Recording& r, std::string_view lead, double seconds) {
  return r.leads[ecg::lead_index(lead)][static_cast<std::size_t>(seconds * ecg::sampling_rate)];
}
/// Mean voltage of II 0.16 s before the middle of QRS against 0.06 s before it.
double mean_before_qrs(const ecg::Recording& r) {
  const std::vector<double> times = beats_after_rest(r);
  REQUIRE_FALSE(times.empty());
  double sum = 0.0;
  for (const double t : times) sum += voltage(r, "II", t - 0.16) - voltage(r, "II", t - 0.06);
  return sum / static_cast<double>(times.size());
}
/// How far a lead moves between T and P: 0.26 s to 0.22 s before QRS there is neither.
double resting_unrest(const ecg::Recording& r, std::string_view lead) {
  qrs::Difference most;
  for (const double t : beats_after_rest(r)) {
    for (double early = 0.22; early < 0.26; early += 0.005) {
      most.add(voltage(r, lead, t - early) - voltage(r, lead, t - 0.22), 0.0);
    }
  }
  return most.max_error;
}

}  // namespace

TEST_CASE("the leads of Einthoven and Goldberger follow from I and II exactly, noise and all") {
  for (const EcgClass ecg_class : ecg::all_classes) {
    const ecg::Recording r = ecg::draw_recording({5, static_cast<std::int64_t>(ecg_class), 1});
    const auto lead = [&](std::string_view name) { return r.leads[ecg::lead_index(name)]; };
    const auto one = lead("I"), two = lead("II"), three = lead("III");
    const auto right = lead("aVR"), left = lead("aVL"), foot = lead("aVF");
    REQUIRE(one.size() == 5000);
    int wrong = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
      wrong += one[i] + three[i] == two[i] ? 0 : 1;
      wrong += right[i] == -(one[i] + two[i]) / 2 ? 0 : 1;
      wrong += left[i] == (one[i] - three[i]) / 2 ? 0 : 1;
      wrong += foot[i] == (two[i] + three[i]) / 2 ? 0 : 1;
      wrong += right[i] + left[i] + foot[i] == 0.0 ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(qrs::difference(two, std::vector<double>(two.size())).max_error > 0.1);
  }
}

TEST_CASE("a vector of the frontal plane is greatest in the lead along it and absent from the one across") {
  const auto leads = [](double axis) { return ecg::twelve_leads(ecg::lead_vector(1.0, axis, {})); };
  CHECK(leads(0.0)[ecg::lead_index("I")] == 1.0);
  CHECK(leads(60.0)[ecg::lead_index("II")] == 1.0);
  CHECK(leads(120.0)[ecg::lead_index("III")] == doctest::Approx(1.0).epsilon(0.002));
  CHECK(std::abs(leads(90.0)[ecg::lead_index("I")]) < 0.001);
  CHECK(std::abs(leads(0.0)[ecg::lead_index("aVF")]) < 0.001);
  CHECK(ecg::lead_index("V7") == ecg::lead_names.size());
}

TEST_CASE("a recording depends on its address alone") {
  const ecg::Recording a = ecg::draw_recording({1, 0, 4});
  CHECK(a.leads == ecg::draw_recording({1, 0, 4}).leads);
  for (const ecg::PageAddress other :
       {ecg::PageAddress{2, 0, 4}, ecg::PageAddress{1, 3, 4}, ecg::PageAddress{1, 0, 5}}) {
    CHECK(a.leads[1] != ecg::draw_recording(other).leads[1]);
  }
}

TEST_CASE("noise is small, and without it the heart alone is left") {
  const ecg::Recording noisy = ecg::draw_recording({3, 3, 0});
  const ecg::Recording clean = ecg::draw_recording({3, 3, 0}, false);
  double square = 0.0;
  for (std::size_t i = 0; i < 5000; ++i) square += std::pow(noisy.leads[6][i] - clean.leads[6][i], 2) / 5000.0;
  CHECK(std::sqrt(square) > 0.001);
  CHECK(std::sqrt(square) < 0.1);
}

TEST_CASE("every condition of a class is drawn, about equally often") {
  for (const EcgClass ecg_class : ecg::all_classes) {
    std::vector<int> counts(ecg::condition_names.size(), 0);
    for (std::int64_t index = 0; index < 400; ++index) {
      ecg::Draws draws({9, static_cast<std::int64_t>(ecg_class), index}, ecg::Purpose::condition);
      ++counts[static_cast<std::size_t>(ecg::draw_condition(ecg_class, draws))];
    }
    const auto drawn = std::count_if(counts.begin(), counts.end(), [](int c) { return c > 0; });
    CHECK(drawn == (ecg_class == EcgClass::normal ? 1 : ecg_class == EcgClass::abnormal ? 8 : 3));
    for (const int count : counts) {
      if (count > 0) CHECK(std::abs(count - 400.0 / static_cast<double>(drawn)) < 40);
    }
  }
}

TEST_CASE("a healthy recording measures healthy") {
  for_each_of(Condition::normal, EcgClass::normal, [](const ecg::Recording& r, const BeatMeasure& beat) {
    CHECK(beat.width() > 0.070);
    CHECK(beat.width() < 0.110);
    CHECK(r.rhythm.rate() > 57.0);
    CHECK(r.rhythm.rate() < 101.0);
    CHECK(irregularity(r) < 0.06);
    CHECK(irregularity(r) > 0.002);
    for (const double pr : pr_intervals(r)) {
      CHECK(pr > 0.120);
      CHECK(pr < 0.200);
    }
    const double corrected = r.qt / std::cbrt(60.0 / r.rhythm.rate());
    CHECK(corrected > 0.36);
    CHECK(corrected < 0.44);
    CHECK(beat.highest_before("II", 0.2, 0.03) > 0.06);  // P
    CHECK(-beat.s_wave("aVR") > beat.r_wave("aVR"));
    CHECK(beat.t_wave("aVR") < 0.0);
    CHECK(-beat.s_wave("V1") > 2.0 * beat.r_wave("V1"));
    CHECK(beat.r_wave("V6") > 2.0 * -beat.s_wave("V6"));
    CHECK(beat.r_wave("V1") < beat.r_wave("V3"));
    CHECK(beat.r_wave("V3") < beat.r_wave("V4"));
    for (const std::string_view lead : {"I", "II", "V3", "V4", "V5", "V6"}) CHECK(beat.t_wave(lead) > 0.05);
    CHECK(raised(beat, {"I", "II", "III", "aVL", "aVF", "V1", "V4", "V5", "V6"}, 0.1) == 0);
    CHECK(deep_q(beat, {"I", "II", "V3", "V4", "V5", "V6"}) == 0);
  });
}

TEST_CASE("an infarction raises ST by 2 mm over its territory and lowers it opposite") {
  for_each_of(Condition::anterior_mi, EcgClass::mi, [](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(raised(beat, {"V2", "V3", "V4"}, 0.2) == 3);
    CHECK(lowered(beat, {"III", "aVF"}, -0.05) == 2);
    CHECK(beat.t_wave("V3") > 0.6);
  });
  for_each_of(Condition::inferior_mi, EcgClass::mi, [](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(raised(beat, {"II", "III", "aVF"}, 0.2) == 3);
    CHECK(lowered(beat, {"aVL", "V2"}, -0.05) == 2);
    CHECK(raised(beat, {"V3", "V4"}, 0.1) == 0);
  });
  for_each_of(Condition::lateral_mi, EcgClass::mi, [](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(raised(beat, {"I", "aVL", "V5", "V6"}, 0.2) == 4);
    CHECK(beat.st("III") < -0.05);
    CHECK(raised(beat, {"III", "aVF", "V1", "V2"}, 0.1) == 0);
  });
}

TEST_CASE("a history of infarction leaves Q waves and a T that is flat or inverted, and ST at rest") {
  const auto at_rest = [](const BeatMeasure& beat) {
    for (const std::string_view lead : ecg::lead_names) CHECK(std::abs(beat.st(lead)) < 0.05);
  };
  for_each_of(Condition::anterior_history, EcgClass::history_mi, [&](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(deep_q(beat, {"V2", "V3", "V4"}) == 3);
    CHECK(beat.r_wave("V3") < 0.05);
    CHECK(beat.t_wave("V3") < -0.05);
    at_rest(beat);
  });
  for_each_of(Condition::inferior_history, EcgClass::history_mi, [&](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(deep_q(beat, {"II", "III", "aVF"}) == 3);
    CHECK(deep_q(beat, {"V2", "V3", "V4"}) == 0);
    CHECK(beat.t_wave("III") < 0.0);
    at_rest(beat);
  });
  for_each_of(Condition::lateral_history, EcgClass::history_mi, [&](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(deep_q(beat, {"I", "aVL", "V5", "V6"}) == 4);
    CHECK(beat.t_wave("V6") < 0.0);
    at_rest(beat);
  });
}

TEST_CASE("bundle-branch blocks are 120 ms wide and look the right way") {
  for_each_of(Condition::left_bundle_block, EcgClass::abnormal, [](const ecg::Recording&, const BeatMeasure& beat) {
    CHECK(beat.width() >= 0.120);
    CHECK(-beat.s_wave("V1") > 3.0 * beat.r_wave("V1"));
    CHECK(beat.r_wave("V6") > 0.4);
    CHECK(beat.q_wave("V6").second > -0.05);
    CHECK(beat.t_wave("V6") < 0.0);
    CHECK(beat.t_wave("V1") > 0.0);
  });
  for_each_of(Condition::right_bundle_block, EcgClass::abnormal, [](const ecg::Recording& r, const BeatMeasure& beat) {
    CHECK(beat.width() >= 0.120);
    CHECK(beat.r_wave("V1") > 0.4);
    CHECK(beat.s_wave("V1") < -0.15);
    CHECK(beat.s_wave("V6") < -0.2);
    CHECK(beat.s_wave("I") < -0.1);
    CHECK(beat.t_wave("V1") < 0.0);
    // R' comes after S: the highest voltage of V1 lies in the second half of QRS.
    const auto& v1 = r.leads[ecg::lead_index("V1")];
    const auto from = v1.begin() + static_cast<std::ptrdiff_t>(beat.begin() * ecg::sampling_rate);
    const auto to = v1.begin() + static_cast<std::ptrdiff_t>(beat.end() * ecg::sampling_rate);
    CHECK(std::max_element(from, to) - from > (to - from) / 2);
  });
}

TEST_CASE("fibrillating atria have no P, an unquiet line and no order") {
  // Before QRS, where a P would stand, against the line just before QRS: in the mean over beats f waves leave nothing.
  double fibrillating = 0.0;
  double healthy = 0.0;
  for_each_of(Condition::atrial_fibrillation, EcgClass::abnormal, [&](const ecg::Recording& r, const BeatMeasure&) {
    CHECK(irregularity(r) > 0.1);
    CHECK(r.rhythm.atria.empty());
    CHECK(resting_unrest(r, "V1") > 0.04);
    fibrillating += mean_before_qrs(r) / static_cast<double>(each);
  });
  for_each_of(Condition::normal, EcgClass::normal, [&](const ecg::Recording& r, const BeatMeasure&) {
    CHECK(resting_unrest(r, "V1") < 0.02);
    healthy += mean_before_qrs(r) / static_cast<double>(each);
  });
  CHECK(healthy > 0.04);
  CHECK(std::abs(fibrillating) < 0.02);
}

TEST_CASE("blocks of conduction: long, lengthening, none") {
  for_each_of(Condition::first_degree_block, EcgClass::abnormal, [](const ecg::Recording& r, const BeatMeasure& beat) {
    CHECK(beat.width() < 0.11);
    const std::vector<double> pr = pr_intervals(r);
    CHECK(*std::min_element(pr.begin(), pr.end()) > 0.2);
    CHECK(*std::max_element(pr.begin(), pr.end()) - *std::min_element(pr.begin(), pr.end()) < 0.01);
  });
  for_each_of(Condition::wenckebach_block, EcgClass::abnormal, [](const ecg::Recording& r, const BeatMeasure&) {
    const std::vector<double> pr = pr_intervals(r);
    int dropped = 0;
    int grown = 0;
    for (std::size_t i = 0; i < pr.size(); ++i) {
      if (pr[i] == 0.0) {
        ++dropped;
      } else if (i > 0 && pr[i - 1] > 0.0) {
        CHECK(pr[i] > pr[i - 1]);
        ++grown;
      }
    }
    CHECK(dropped >= 1);
    CHECK(grown >= 1);
  });
  for_each_of(Condition::complete_block, EcgClass::abnormal, [](const ecg::Recording& r, const BeatMeasure&) {
    CHECK(r.rhythm.rate() < 55.0);
    CHECK(irregularity(r) < 0.03);
    const auto atria = inner_beats(r.rhythm.atria).size();
    const auto ventricles = inner_beats(r.rhythm.ventricles).size();
    CHECK(atria > ventricles);
    // Where P stands before each QRS is another place each time.
    std::set<int> places;
    for (const ecg::Beat& beat : inner_beats(r.rhythm.ventricles)) {
      double before = 0.0;
      for (const ecg::Beat& p : r.rhythm.atria) {
        if (p.time < beat.time) before = beat.time - p.time;
      }
      places.insert(static_cast<int>(before / 0.02));
    }
    CHECK(places.size() >= 3);
  });
}

TEST_CASE("premature beats come early: wide from a ventricle, narrow from the atria") {
  const auto check = [](const ecg::Recording& r, Condition condition) {
    const double usual = 60.0 / r.rhythm.rate();
    int early = 0;
    const std::vector<ecg::Beat> beats = inner_beats(r.rhythm.ventricles);
    for (std::size_t i = 1; i < beats.size(); ++i) {
      if (beats[i].time - beats[i - 1].time > 0.8 * usual) continue;
      ++early;
      const BeatMeasure measure(r, beats[i].time);
      if (condition == Condition::ventricular_premature) {
        CHECK(measure.width() >= 0.120);
        CHECK(beats[i].ectopic);
        if (i + 1 < beats.size()) CHECK(beats[i + 1].time - beats[i].time > 1.1 * usual);
      } else {
        CHECK(measure.width() < 0.110);
      }
    }
    CHECK(early >= 1);
  };
  for (const Condition condition : {Condition::ventricular_premature, Condition::atrial_premature}) {
    for_each_of(condition, EcgClass::abnormal,
                [&](const ecg::Recording& r, const BeatMeasure&) { check(r, condition); });
  }
}
