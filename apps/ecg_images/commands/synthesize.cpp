// qrs synthesize: a drawn data set of ECG pages, whose truth is known.
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "../../commands/commands.hpp"
#include "../../outputs/outputs.hpp"
#include "../../progress/progress_line.hpp"
#include "../synthetic_ecg/data_set.hpp"
#include "qrs/core/timer.hpp"

namespace qrs::commands::synthesize_verb {

namespace {

namespace ecg = ecg_images::synthetic_ecg;

struct Options {
  ecg::SynthesisOptions set;
  std::string format = "png";
  bool json = false;
};

void print(const Options& options, const ecg::SynthesisSummary& summary, double seconds) {
  std::map<ecg::Condition, std::int64_t> conditions;
  for (const ecg::PageTruth& page : summary.pages) {
    if (page.duplicate_of.empty()) ++conditions[page.condition];
  }
  if (options.json) {
    nlohmann::ordered_json out{{"out", options.set.out},
                               {"seed", options.set.seed},
                               {"per_class", options.set.per_class},
                               {"files", summary.pages.size()},
                               {"bytes", summary.bytes},
                               {"duplicates", options.set.duplicates},
                               {"id_repeats", options.set.id_repeats},
                               {"shortcut", options.set.shortcut},
                               {"size", options.set.page.scale},
                               {"format", options.format},
                               {"seconds", seconds},
                               {"truth", options.set.out + "/truth.csv"}};
    for (const auto& [condition, count] : conditions) {
      out["conditions"][std::string(ecg::condition_name(condition))] = count;
    }
    outputs::print_json(out);
    return;
  }
  std::printf("%lld pages of each class, %zu files, %.1f MB, in %.1f s\n",
              static_cast<long long>(options.set.per_class), summary.pages.size(),
              1e-6 * static_cast<double>(summary.bytes), seconds);
  for (const auto& [condition, count] : conditions) {
    std::printf("  %-28s %lld\n", std::string(ecg::condition_name(condition)).c_str(), static_cast<long long>(count));
  }
  std::printf("wrote %s; what is on each page stands in %s/truth.csv\n", options.set.out.c_str(),
              options.set.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  ecg::SynthesisOptions& set = options->set;
  CLI::App* verb = program.add_subcommand("synthesize", "Draw a data set of 12-lead ECG pages, whose truth is known.");
  verb->footer(
      "Four classes as in the published data set: MI, History_MI, Abnormal, Normal. A page depends on the seed,\n"
      "its class and its number alone, so a larger set begins with the smaller one. DIR is new or empty;\n"
      "DIR/truth.csv, written last, tells of every file what is on it, and what was planted.\n"
      "Examples:\n"
      "  qrs synthesize --out drawn --per-class 100 --seed 7\n"
      "  qrs synthesize --out small --per-class 50 --seed 7 --size 0.25 --format grey\n"
      "  qrs synthesize --out planted --per-class 40 --seed 7 --duplicates 20 --id-repeats 10 --shortcut\n"
      "  qrs synthesize --out named --per-class 12 --seed 1 --published-names");
  verb->add_option("--out", set.out, "The folder to write, new or empty")->required();
  verb->add_option("--per-class", set.per_class, "Distinct pages of each class")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, ecg::most_pages));
  verb->add_option("--seed", set.seed, "Another seed draws other pages")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--size", set.page.scale, "Scale of the page: 1 is 2213 x 1572 pixels")
      ->check(CLI::Range(ecg::smallest_scale, ecg::largest_scale))
      ->capture_default_str();
  verb->add_option("--format", options->format, "png: colour; grey: PNG of one channel")
      ->check(CLI::IsMember({"png", "grey"}))
      ->capture_default_str();
  verb->add_option("--duplicates", set.duplicates, "Plant: the first K pages of each class once more, at the end")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--id-repeats", set.id_repeats, "Plant: K printed IDs, each on one page of every class")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--shortcut", set.shortcut, "Plant: Abnormal on another grid and of another year than the rest");
  verb->add_flag("--published-names", set.published_names, "Folders and files named as in the published data set");
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] {
    ecg::SynthesisOptions& chosen = options->set;
    if (chosen.duplicates > chosen.per_class || chosen.id_repeats > chosen.per_class) {
      throw CLI::ValidationError("--duplicates and --id-repeats", "expected at most --per-class");
    }
    chosen.page.grey = options->format == "grey";
    const Timer timer;
    ecg::SynthesisSummary summary;
    {
      ProgressLine line("synthesize");
      summary =
          ecg::synthesize(chosen, [&](std::int64_t done, std::int64_t total) { line.progress("page", done, total); });
    }
    print(*options, summary, timer.seconds());
  });
}

}  // namespace qrs::commands::synthesize_verb
