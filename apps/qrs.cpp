// The program `qrs`: the command table. Exit status: 0 ok, 1 failed, 2 usage.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "qrs/core/error.hpp"
#include "qrs/version.hpp"

namespace {

namespace commands = qrs::commands;
using AddCommand = void (*)(CLI::App& program);

/// Every verb, in the order of `qrs --help`.
const std::vector<AddCommand> command_table = {
    commands::summary_verb::add,       commands::inspect_verb::add,    commands::convert_verb::add,
    commands::bench_verb::add,         commands::synthesize_verb::add, commands::preprocess_verb::add,
    commands::train_verb::add,         commands::test_verb::add,       commands::extract_verb::add,
    commands::predict_image_verb::add, commands::explain_verb::add,    commands::fit_verb::add,
    commands::predict_verb::add,       commands::search_verb::add,     commands::evaluate_verb::add,
    commands::reproduce_verb::add,     commands::parity_verb::add,
};

constexpr int usage_error = 2;

/// Starts the program anew with OpenMP threads that sleep while they wait, unless the user has chosen. The runtime reads
/// the setting before main; its default, spinning for milliseconds, makes every loop wait for the scheduler where another
/// program shares the cores: measured, three times slower beside a compiler.
void let_waiting_threads_sleep([[maybe_unused]] char** argv) {
#if defined(__linux__) && defined(_OPENMP)
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  if (setenv("OMP_WAIT_POLICY", "passive", 0) == 0) execv("/proc/self/exe", argv);  // returns only where it failed
#endif
}

}  // namespace

int main(int argc, char** argv) {
  let_waiting_threads_sleep(argv);
  CLI::App program{"Train, run and audit the networks and learners of QRS.", "qrs"};
  program.set_version_flag("--version",
                           qrs::text("qrs ", qrs::version_major, ".", qrs::version_minor, ".", qrs::version_patch));
  program.footer(
      "`qrs VERB --help` tells a verb's options and shows examples.\n"
      "Exit status: 0 ok, 1 failed, 2 usage.");
  program.require_subcommand(1);
  for (const AddCommand add : command_table) add(program);

  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& verdict) {
    return verdict.get_exit_code();
  } catch (const CLI::ParseError& error) {  // --help and --version arrive here too, as "errors" of status 0
    return program.exit(error) == 0 ? 0 : usage_error;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "qrs: %s\n", error.what());
    return 1;
  }
}
