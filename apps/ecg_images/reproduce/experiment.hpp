// The experiment from images to report: data, split, networks, features, classifiers, scores; each repeat in turn.
#pragma once

#include <string>

#include "../report/results.hpp"
#include "plan.hpp"

namespace qrs::reproduce {

/// Runs the plan and writes everything into plan.out: results.json, predictions.csv, report.html, manifest.csv (the SHA-256
/// of every image, before anything is trained), and a folder a repeat with weights, histories and classifiers. *interrupted
/// tells that Ctrl-C ended it; a run with plan.resume then goes on to the same bits.
ecg_images::Results run_experiment(const Plan& plan, bool& interrupted);

/// Table 2 of the results as text.
std::string results_table(const ecg_images::Results& results);

}  // namespace qrs::reproduce
