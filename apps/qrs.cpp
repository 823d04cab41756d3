// The program `qrs`: the command table. Exit status: 0 ok, 1 failed, 2 usage.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "outputs/outputs.hpp"
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

constexpr std::size_t stack_bytes = std::size_t{8} << 20;  // what systems usually give

bool stack_is_small() {
  rlimit limit{};
  return getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < stack_bytes;
}

/// Starts the program anew with OpenMP threads that sleep while they wait, unless the user has chosen. The runtime reads
/// the setting before main; its default, spinning for milliseconds, makes every loop wait for the scheduler where another
/// program shares the cores: measured, three times slower beside a compiler. Likewise where a small limit on stacks would be the
/// size of the threads' stacks too.
void set_up_threads([[maybe_unused]] char** argv) {
#if defined(__linux__) && defined(_OPENMP)
  bool changed = false;
  const auto choose = [&changed](const char* name, const char* value) {
    if (std::getenv(name) == nullptr && setenv(name, value, 0) == 0) changed = true;
  };
  if (std::getenv("GOMP_SPINCOUNT") == nullptr) choose("OMP_WAIT_POLICY", "passive");
  if (stack_is_small()) choose("OMP_STACKSIZE", "8M");
  if (changed) execv("/proc/self/exe", argv);  // returns only where it failed
#endif
}

/// The name of the verb that was called, for messages.
std::string verb_of(const CLI::App& program) {
  const auto verbs = program.get_subcommands();
  return verbs.empty() ? program.get_name() : verbs.front()->get_name();
}

/// Runs the verb; its exit status.
int run(CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& verdict) {
    return verdict.get_exit_code();
  } catch (const CLI::ParseError& error) {  // --help and --version arrive here too, as "errors" of status 0
    return program.exit(error) == 0 ? 0 : usage_error;
  } catch (const qrs::Error& error) {
    std::fprintf(stderr, "qrs: %s\n", error.what());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "qrs: [%s] expected enough memory for what was asked, got none left: ask for less at a time\n",
                 verb_of(program).c_str());
  } catch (const std::exception& error) {  // of another library, which does not say who asked
    std::fprintf(stderr, "qrs: [%s] expected to finish, got: %s\n", verb_of(program).c_str(), error.what());
  }
  return 1;
}

/// The same on a stack of the usual size, where the system gives the first thread a small one.
int run_with_room(CLI::App& program, int argc, char** argv) {
  if (!stack_is_small()) return run(program, argc, argv);
  int status = 1;
  auto body = [&] { status = run(program, argc, argv); };
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  const auto call = [](void* erased) -> void* {
    (*static_cast<decltype(body)*>(erased))();
    return nullptr;
  };
  const int failed = pthread_create(&thread, &attributes, call, &body);
  pthread_attr_destroy(&attributes);
  if (failed != 0) return run(program, argc, argv);
  pthread_join(thread, nullptr);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  qrs::outputs::open_standard_streams();
  set_up_threads(argv);
  CLI::App program{"Train, run and audit the networks and learners of QRS.", "qrs"};
  program.set_version_flag("--version",
                           qrs::text("qrs ", qrs::version_major, ".", qrs::version_minor, ".", qrs::version_patch));
  program.footer(
      "`qrs VERB --help` tells a verb's options and shows examples.\n"
      "Exit status: 0 ok, 1 failed, 2 usage.");
  program.require_subcommand(1);
  for (const AddCommand add : command_table) add(program);

  const int status = run_with_room(program, argc, argv);
  try {
    qrs::outputs::finish();
  } catch (const qrs::Error& error) {
    std::fprintf(stderr, "qrs: %s\n", error.what());
    return status == 0 ? 1 : status;
  }
  return status;
}
