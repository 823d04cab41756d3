// What every verb of the program shares: exit status, help, version, one line for an error.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "../contains.hpp"
#include "program.hpp"
#include "qrs/core/error.hpp"
#include "qrs/version.hpp"

namespace qrs_test {

namespace {

using qrs::tests::contains;

}  // namespace

TEST_CASE("the version is the library's" * doctest::skip(!program::available())) {
  const program::Outcome out = program::qrs("--version");
  CHECK(out.status == 0);
  CHECK(out.output == qrs::text("qrs ", qrs::version_major, ".", qrs::version_minor, ".", qrs::version_patch, "\n"));
}

TEST_CASE("help is no error, for the program and for a verb" * doctest::skip(!program::available())) {
  const program::Outcome all = program::qrs("--help");
  CHECK(all.status == 0);
  CHECK(contains(all.output, "inspect"));
  const program::Outcome verb = program::qrs("inspect --help");
  CHECK(verb.status == 0);
  CHECK(contains(verb.output, "--json"));
}

TEST_CASE("a wrong call exits with 2" * doctest::skip(!program::available())) {
  CHECK(program::qrs("").status == 2);
  CHECK(program::qrs("no-such-verb").status == 2);
  CHECK(program::qrs("inspect").status == 2);
  CHECK(program::qrs("inspect --no-such-option x").status == 2);
}

TEST_CASE("a failure is one line that begins with the program's name, and exits with 1" *
          doctest::skip(!program::available())) {
  const program::Outcome out = program::qrs("inspect LICENSE");
  CHECK(out.status == 1);
  CHECK(out.output.starts_with("qrs: "));
  CHECK(contains(out.output, "LICENSE"));
  CHECK(std::count(out.output.begin(), out.output.end(), '\n') == 1);
}

}  // namespace qrs_test
