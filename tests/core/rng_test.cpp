// Mt19937 against numbers that numpy.random.RandomState drew (NumPy 2.4; the legacy stream is frozen).
#include <doctest/doctest.h>
#include <qrs/core/error.hpp>
#include <qrs/core/rng.hpp>
#include <qrs/core/sha256.hpp>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

using qrs::Mt19937;

TEST_CASE("32-bit draws and 53-bit doubles are RandomState's") {
  Mt19937 words(42);
  for (const std::uint32_t expected : {1608637542u, 3421126067u, 4083286876u}) CHECK(words.next() == expected);
  Mt19937 zero(0);
  for (const double expected : {0x1.18fe1565f12a8p-1, 0x1.6e2d4cf608733p-1, 0x1.349d66b6e894bp-1}) {
    CHECK(zero.random_sample() == expected);
  }
  Mt19937 largest(4294967295u);
  for (const double expected : {0x1.8fe69a3924820p-4, 0x1.d323d824032b1p-1, 0x1.93fc6f61af3f9p-1}) {
    CHECK(largest.random_sample() == expected);
  }
}

TEST_CASE("uniform, normal and randint are RandomState's, bit for bit") {
  Mt19937 uniform(42);
  for (const double expected : {0x1.01f0b713efb24p+0, 0x1.cb0c958e1a1dcp+2, 0x1.3544fac38aa2fp+2}) {
    CHECK(uniform.uniform(-3, 7.7) == expected);
  }
  Mt19937 normal(42);
  for (const double expected :
       {0x1.9fca2a28a9308p+0, 0x1.7726ad7d10fd7p+0, 0x1.a973baa048bcdp+0, 0x1.e179523806a8bp+0, 0x1.7103a190542cep+0}) {
    CHECK(normal.normal(1.5, 0.25) == expected);
  }
  Mt19937 integers(42);
  for (const int expected : {97, 430, 855, 265, 101, 66, 695, 15}) CHECK(integers.randint(-5, 1000) == expected);
  for (const std::int64_t expected : {440001501305, 902372521174, 319800038858}) {
    CHECK(integers.randint(0, std::int64_t{1} << 40) == expected);
  }
  CHECK(integers.randint(3, 4) == 3);  // no draw
  CHECK(integers.randint(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) ==
        6754757701360545140);
}

TEST_CASE("permutation and shuffle are RandomState's") {
  Mt19937 rng(0);
  CHECK(rng.permutation(10) == std::vector<std::int64_t>{2, 8, 4, 9, 1, 6, 7, 3, 0, 5});
  std::vector<int> five{0, 1, 2, 3, 4};
  rng.shuffle(std::span(five));
  CHECK(five == std::vector<int>{1, 0, 2, 3, 4});
  CHECK(rng.permutation(0).empty());
}

TEST_CASE("choice is RandomState's, with and without replacement and probabilities") {
  using List = std::vector<std::int64_t>;
  const std::vector<double> p{.1, .2, .3, .1, .2, .1};
  Mt19937 rng(5);
  CHECK(rng.choice(10, 6) == List{3, 6, 6, 0, 9, 8});
  CHECK(rng.choice(10, 4, false) == List{2, 1, 9, 8});
  CHECK(rng.choice(p, 8) == List{4, 3, 4, 1, 4, 1, 1, 1});
  CHECK(rng.choice(p, 5, false) == List{4, 2, 0, 1, 5});
  CHECK(rng.choice(p, 6, false) == List{4, 5, 2, 0, 1, 3});
  CHECK(rng.choice(1, 2) == List{0, 0});  // no draw
  CHECK(rng.randint(0, 1000) == 245);
  CHECK(rng.randint(0, 1000) == 135);
  for (const std::int64_t expected : {std::int64_t{2646236004}, std::int64_t{98496876}}) {
    CHECK(rng.randint(0, std::int64_t{1} << 32) == expected);  // all 32 bits of one draw
  }
  for (const std::int64_t expected : {std::int64_t{7053067}, std::int64_t{2747899329}}) {
    CHECK(rng.randint(0, (std::int64_t{1} << 32) + 1) == expected);  // two draws
  }
  // randint(..., dtype=int32) draws 32 bits as well
  for (const int expected : {24631892, 1112815687, 857985870}) CHECK(rng.randint(-7, 2147483647) == expected);
}

TEST_CASE("choice refuses what NumPy refuses") {
  Mt19937 rng(1);
  const std::vector<double> two_of_three{0.5, 0.5, 0.0};
  CHECK_THROWS_WITH_AS(rng.choice(3, 4, false), "[choice] expected at most 3 without replacement, got 4", qrs::Error);
  CHECK_THROWS_AS(rng.choice(0, 1), qrs::Error);
  CHECK_THROWS_AS(rng.choice(two_of_three, 3, false), qrs::Error);
  CHECK_THROWS_WITH_AS(rng.choice(std::vector<double>{0.5, 0.4}, 1),
                       "[choice] expected probabilities that sum to 1, got 0.9", qrs::Error);
  CHECK_THROWS_WITH_AS(rng.choice(std::vector<double>{1.5, -0.5}, 1),
                       "[choice] expected probabilities >= 0, got -0.5 for 1", qrs::Error);
}

TEST_CASE("a hundred thousand normals, then a permutation, then a double: the whole stream is RandomState's") {
  Mt19937 rng(7);
  std::vector<double> normals(100000);
  for (double& value : normals) value = rng.gauss();
  CHECK(qrs::sha256(std::as_bytes(std::span(normals))) ==
        "8604e4b9ae2ab5cbecbca033dcc1c4f83460db39aa4db4e2feacc60d7f944934");
  const std::vector<std::int64_t> order = rng.permutation(5000);
  CHECK(std::accumulate(order.begin(), order.begin() + 100, std::int64_t{0}) == 270351);
  CHECK(rng.random_sample() == 0x1.b11cb5913e52ep-2);
}

TEST_CASE("an empty range is an error that names both ends") {
  Mt19937 rng(1);
  CHECK_THROWS_WITH_AS(rng.randint(5, 5), "[randint] expected low < high, got 5 and 5", qrs::Error);
}

TEST_CASE("Rng draws what its generator draws, and its seed is all 64 bits") {
  qrs::Rng rng(42);
  CHECK(rng.uniform(-3, 7.7) == 0x1.01f0b713efb24p+0);
  CHECK(qrs::Rng(1).uniform(0, 1) != qrs::Rng(1 + (std::uint64_t{1} << 40)).uniform(0, 1));
}
