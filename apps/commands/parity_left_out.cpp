// qrs parity in a build without it (QRS_PARITY=OFF): a third of the program's compilation, and needed by none who only runs
// the experiment.
#include "commands.hpp"
#include "qrs/core/error.hpp"

namespace qrs::commands::parity_verb {

void add(CLI::App& program) {
  CLI::App* verb = program.add_subcommand("parity", "Compare with reference files (left out of this build).");
  verb->allow_extras();
  verb->callback([] { fail("[parity] expected a build with it, got one made without: run ./run build"); });
}

}  // namespace qrs::commands::parity_verb
