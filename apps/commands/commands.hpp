// The verbs of the program. Each stands in commands/<verb>.cpp and adds itself as a subcommand: options, help with
// examples, and a callback that does the work with the library. A new verb is a file there, a namespace here and a line in
// the table of qrs.cpp. Each has a namespace of its own, so that several may be compiled as one source.
//
// How a verb ends: it returns for exit status 0; it throws qrs::Error for `qrs: message` and status 1; it calls
// finish(status) for any other verdict that it has already printed.
#pragma once

#include <CLI/CLI.hpp>

namespace qrs::commands {

/// Ends the program with this exit status: 0 ok, 1 failed, 2 usage.
[[noreturn]] inline void finish(int status) { throw CLI::RuntimeError(status); }

namespace bench_verb {
void add(CLI::App& program);
}
namespace convert_verb {
void add(CLI::App& program);
}
namespace evaluate_verb {
void add(CLI::App& program);
}
namespace explain_verb {
void add(CLI::App& program);
}
namespace extract_verb {
void add(CLI::App& program);
}
namespace fit_verb {
void add(CLI::App& program);
}
namespace inspect_verb {
void add(CLI::App& program);
}
namespace parity_verb {
void add(CLI::App& program);
}
namespace predict_verb {
void add(CLI::App& program);
}
namespace predict_image_verb {
void add(CLI::App& program);
}
namespace preprocess_verb {
void add(CLI::App& program);
}
namespace reproduce_verb {
void add(CLI::App& program);
}
namespace search_verb {
void add(CLI::App& program);
}
namespace summary_verb {
void add(CLI::App& program);
}
namespace synthesize_verb {
void add(CLI::App& program);
}
namespace test_verb {
void add(CLI::App& program);
}
namespace train_verb {
void add(CLI::App& program);
}

}  // namespace qrs::commands
