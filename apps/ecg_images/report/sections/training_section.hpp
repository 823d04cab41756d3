// How the networks learnt: their loss and accuracy by epoch.
#pragma once

#include <string>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/report/charts/learning_curves.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

inline Markup network_curves(const ModelRecord& model) {
  const std::string title = model_title(model.name);
  std::string words = std::to_string(model.epochs.size()) + " epochs";
  if (model.stopped_early) words += ", stopped early";
  if (model.best_epoch > 0)
    words += "; the weights of epoch " + std::to_string(model.best_epoch) + " were kept (dotted line)";
  if (!model.epochs.empty()) {
    words += "; learning rate " + short_text(model.epochs.front().learning_rate) + " at first, " +
             short_text(model.epochs.back().learning_rate) + " in the last epoch";
  }
  words +=
      ". Initial weights: " + (model.initial_weights.empty() ? std::string(no_number) : model.initial_weights) + ".";
  const Markup drawings = element(
      "div", {{"class", "pair"}},
      {loss_chart(title, model.epochs, model.best_epoch), accuracy_chart(title, model.epochs, model.best_epoch)});
  return element("h3", {title}) + figure(drawings, Markup(words));
}

}  // namespace detail

inline Markup training_section(const Results& results) {
  return by_run(results, [](const RunRecord& run) {
    Markup out;
    for (const ModelRecord& model : run.backbones) {
      out += model.epochs.empty() ? element("h3", {model_title(model.name)}) + paragraph({"No epochs were recorded."})
                                  : detail::network_curves(model);
    }
    return out.empty() ? paragraph({"No network was trained."}) : out;
  });
}

}  // namespace qrs::ecg_images
