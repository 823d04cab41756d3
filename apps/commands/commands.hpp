// The verbs of the program. Each stands in commands/<verb>.cpp and adds itself as a subcommand: options, help with
// examples, and a callback that does the work with the library. A new verb is a file there, a line here and a line in
// the table of qrs.cpp.
//
// How a verb ends: it returns for exit status 0; it throws qrs::Error for `qrs: message` and status 1; it calls
// finish(status) for any other verdict that it has already printed.
#pragma once

#include <CLI/CLI.hpp>

namespace qrs::commands {

/// Ends the program with this exit status: 0 ok, 1 failed, 2 usage.
[[noreturn]] inline void finish(int status) { throw CLI::RuntimeError(status); }

void add_bench(CLI::App& program);
void add_convert(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_explain(CLI::App& program);
void add_extract(CLI::App& program);
void add_fit(CLI::App& program);
void add_inspect(CLI::App& program);
void add_parity(CLI::App& program);
void add_predict(CLI::App& program);
void add_predict_image(CLI::App& program);
void add_preprocess(CLI::App& program);
void add_reproduce(CLI::App& program);
void add_search(CLI::App& program);
void add_summary(CLI::App& program);
void add_synthesize(CLI::App& program);
void add_train(CLI::App& program);

}  // namespace qrs::commands
