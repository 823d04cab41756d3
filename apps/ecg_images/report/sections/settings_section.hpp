// Every setting with where it came from, and the record of what made the page: sources, compiler, machine, hashes.
#pragma once

#include <string>
#include <vector>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

inline Markup settings_section(const Results& results) {
  Table out{.caption =
                "Source \u201Cpaper\u201D: stated there. \u201CDefault\u201D: not stated there, our choice. "
                "\u201CFlag\u201D: asked "
                "for when this was run.",
            .columns = {{"setting"}, {"value"}, {"source"}, {"what the paper says"}},
            .rows = {}};
  for (const Setting& setting : results.settings) {
    out.rows.push_back({{setting.name},
                        {{setting.value, false, "file"},
                         {element("span", {{"class", "badge"}}, {setting.source})},
                         {setting.note.empty() ? Markup(no_number) : Markup(setting.note), false, "wide"}}});
  }
  return results.settings.empty() ? paragraph({"No settings were recorded."}) : table(out);
}

namespace detail {

inline Row provenance_row(const std::string& name, const std::string& value) {
  return {{name}, {{element("code", {value.empty() ? std::string(no_number) : value}), false, "wide"}}};
}

inline Markup weights_table(const RunRecord& run) {
  Table out{.caption = "The networks whose scores stand above.",
            .columns = {{"network"}, {"parameters", true}, {"initial weights"}, {"SHA-256 of the tested weights"}},
            .rows = {}};
  for (const ModelRecord& model : run.backbones) {
    out.rows.push_back(
        {{model_title(model.name)},
         {{std::to_string(model.parameters), true},
          {model.initial_weights.empty() ? std::string(no_number) : model.initial_weights, false, "file"},
          {element("code", {model.weights_sha256.empty() ? std::string(no_number) : model.weights_sha256}), false,
           "wide"}}});
  }
  return table(out);
}

}  // namespace detail

/// What differs between two equal runs, the machine and the moment, has rows of its own: lines of their own in the file.
inline Markup provenance_section(const Results& results) {
  const Provenance& p = results.provenance;
  Table sources{.caption = "Two runs that agree in these rows have the same numbers, on any number of threads.",
                .columns = {{"what"}, {"value"}},
                .rows = {detail::provenance_row("version", p.version), detail::provenance_row("commit", p.commit),
                         detail::provenance_row("compiler", p.compiler), detail::provenance_row("flags", p.flags),
                         detail::provenance_row("vector instructions", p.vectors),
                         detail::provenance_row("JPEG decoder", p.decoder.empty() ? results.data.decoder : p.decoder),
                         detail::provenance_row("SHA-256 of the manifest", results.data.manifest_sha256)}};
  Table machine{
      .caption = "The machine and the moment, which change no number.",
      .columns = {{"what"}, {"value"}},
      .rows = {detail::provenance_row("processor", p.cpu), detail::provenance_row("threads", std::to_string(p.threads)),
               detail::provenance_row("started (UTC)", p.started),
               detail::provenance_row("seconds", fixed(p.seconds, 1))}};
  return table(sources) + table(machine) + by_run(results, detail::weights_table);
}

}  // namespace qrs::ecg_images
