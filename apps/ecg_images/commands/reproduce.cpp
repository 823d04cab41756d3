// qrs reproduce: the published experiment from images to report, in one command.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "../../commands/commands.hpp"
#include "../report/results_json.hpp"
#include "../reproduce/experiment.hpp"
#include "../reproduce/plan.hpp"
#include "qrs/image/resize.hpp"

namespace qrs::commands::reproduce_verb {

namespace {

constexpr int interrupted_status = 130;  // what shells report after SIGINT

struct Options {
  reproduce::Flags flags;
  bool json = false;
};

void run(const Options& options) {
  bool interrupted = false;
  const reproduce::Plan plan = reproduce::make_plan(options.flags);
  const ecg_images::Results results = reproduce::run_experiment(plan, interrupted);
  if (interrupted) {
    std::fprintf(stderr, "qrs: interrupted; the same command with --resume goes on\n");
    finish(interrupted_status);
  }
  if (options.json) {
    std::printf("%s\n", ecg_images::results_json(results).c_str());
    return;
  }
  std::printf("\n%s\nreport: %s/report.html\n", reproduce::results_table(results).c_str(), plan.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  reproduce::Flags& f = options->flags;
  CLI::App* verb = program.add_subcommand("reproduce", "Run the published experiment, from images to report.");
  verb->footer(
      "Trains the networks, takes the features of the best, fits SVM, random forest and boosting on them, and writes\n"
      "results.json, predictions.csv, report.html and every model into --out. Without --data it draws ECG pages "
      "itself.\n"
      "--preset paper follows Li et al. 2026; quick is one network and few epochs. Killed runs go on with --resume.\n"
      "Examples:\n"
      "  qrs reproduce --out try\n"
      "  qrs reproduce --preset paper --data ecg --out paper\n"
      "  qrs reproduce --preset paper --data ecg --split grouped --backbones resnet18,densenet121 --out grouped\n"
      "  qrs reproduce --preset paper --data ecg --weights imagenet --repeats 5 --out transfer --resume");
  verb->add_option("--out", f.out, "The folder to write, new or empty unless --resume")->required();
  verb->add_option("--data", f.data, "Images as for qrs preprocess; none: pages are drawn");
  verb->add_option("--weights", f.weights, "A folder of weight files, each named as its network; none: from scratch");
  verb->add_flag("--allow-missing", f.allow_missing, "With --weights: load what fits and record the rest");
  verb->add_option("--preset", f.preset, "How much of the paper")
      ->check(CLI::IsMember({"quick", "paper"}))
      ->capture_default_str();
  verb->add_option("--split", f.split, "random as in the paper, or grouped: equal images on one side")
      ->check(CLI::IsMember({"random", "grouped"}));
  verb->add_option("--seed", f.seed, "Of everything that is drawn (42)");
  verb->add_option("--repeats", f.repeats, "Runs with seeds one after the other (1)");
  verb->add_option("--backbones", f.backbones, "Networks between commas");
  verb->add_option("--filter", f.filter, "Of the resize (bicubic)")
      ->check(CLI::IsMember(std::vector<std::string>(image::filter_names.begin(), image::filter_names.end())));
  verb->add_flag("--grey-first", f.grey_first, "Turn grey before the resize");
  datasets::add_pillow_argument(*verb, f.pillow);
  verb->add_option("--epochs", f.epochs, "The most epochs (quick: 6, paper: 20)");
  verb->add_option("--batch-size", f.batch_size, "Images a step (quick: 8, paper: 32)");
  verb->add_option("--lr", f.lr, "Learning rate of the first epoch (0.001)");
  verb->add_option("--plateau-factor", f.plateau_factor, "Factor of the rate where the validation loss stays (0.5)");
  verb->add_option("--plateau-patience", f.plateau_patience, "Epochs without progress before that (2)");
  verb->add_option("--patience", f.patience, "Epochs without progress that end training (5)");
  verb->add_flag("--scale", f.scale, "Standardise the features before PCA");
  verb->add_option("--pca", f.pca, "Share of the variance that PCA keeps (0.95)");
  verb->add_option("--folds", f.folds, "Of the grid searches (quick: 3, paper: 5)");
  verb->add_option("--per-class", f.per_class, "Drawn pages a class (quick: 40, paper: 232)");
  verb->add_flag("--skip-bad", f.skip_bad, "Leave out images that cannot be read, instead of stopping");
  datasets::add_picture_memory_argument(*verb, f.picture_memory);
  verb->add_flag("--resume", f.resume, "Go on with the run that --out holds");
  verb->add_flag("--json", options->json, "Print results.json instead of the table");
  verb->callback([options] { run(*options); });
}

}  // namespace qrs::commands::reproduce_verb
