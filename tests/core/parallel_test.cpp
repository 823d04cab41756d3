// Loops: what is refused, and what a child of a fork does.
#include "qrs/core/parallel.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "../sanitised.hpp"

namespace parallel_test {

using qrs::tests::contains;
using qrs::tests::error_message;

TEST_CASE("a grain below 1 is refused, and none and huge ones are cut right") {
  const auto chunks = [](std::int64_t count, std::int64_t grain) {
    std::atomic<std::int64_t> calls{0};
    std::atomic<std::int64_t> items{0};
    qrs::parallel_chunks(count, grain, [&](std::int64_t begin, std::int64_t end) {
      ++calls;
      items += end - begin;
    });
    return std::vector<std::int64_t>{calls, items};
  };
  CHECK(contains(error_message([&] { chunks(5, 0); }), "[parallel_chunks] expected a grain of at least 1, got 0"));
  CHECK(contains(error_message([&] { chunks(5, -3); }), "got -3"));
  CHECK(chunks(0, 3) == std::vector<std::int64_t>{0, 0});
  CHECK(chunks(-5, 3) == std::vector<std::int64_t>{0, 0});
  CHECK(chunks(7, 3) == std::vector<std::int64_t>{3, 7});
  CHECK(chunks(7, std::numeric_limits<std::int64_t>::max()) == std::vector<std::int64_t>{1, 7});
}

TEST_CASE("a child of a fork runs its loops though the parent has run some") {
  const qrs::ThreadLimit threads(4);
  const auto sum = [] {
    std::atomic<std::int64_t> total{0};
    qrs::parallel_for(100, [&](std::int64_t i) { total += i; });
    return total.load();
  };
  CHECK(sum() == 4950);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // a child that hangs is ended, and the test sees by what
    ::_exit(sum() == 4950 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(sum() == 4950);
}

}  // namespace parallel_test
