// Broken files: several hundred, made from the small seeds by fixed rules. Each is read, or refused with an Error that
// names the file and an offset; none crashes, hangs or asks for memory that its size does not justify.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../../include/qrs/io/checkpoint.hpp"
#include "io_files.hpp"

using namespace qrs::io;

namespace {

using File = std::vector<std::byte>;

/// Peak resident memory so far, in bytes.
std::size_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

/// A fixed sequence of positions.
class Positions {
 public:
  explicit Positions(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>((state_ >> 33) % end);
  }

 private:
  std::uint64_t state_;
};

void put_number(File& file, std::size_t at, std::uint64_t value) {
  if (at + 8 <= file.size()) std::memcpy(file.data() + at, &value, 8);
}

/// All broken versions of one file.
std::vector<File> mutations(const File& seed, std::uint64_t number) {
  std::vector<File> out;
  for (std::size_t i = 0; i < 16; ++i) {  // cut short: at the very start, all along, just before the end
    const std::size_t length = i < 6 ? i * 2 : i < 14 ? seed.size() * (i - 5) / 9 : seed.size() - (i - 13);
    out.emplace_back(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(std::min(length, seed.size())));
  }
  Positions positions(number);
  for (int i = 0; i < 24; ++i) {  // one bit flipped, half of them in the first 256 bytes, where headers are
    File file = seed;
    const std::size_t at = positions.below(i % 2 == 0 ? std::min<std::size_t>(256, file.size()) : file.size());
    file[at] ^= static_cast<std::byte>(1U << positions.below(8));
    out.push_back(std::move(file));
  }
  for (int i = 0; i < 12; ++i) {  // a number of 2^60, -1 or 2^31 over eight bytes
    File file = seed;
    static constexpr std::uint64_t values[] = {std::uint64_t{1} << 60, ~std::uint64_t{0}, std::uint64_t{1} << 31};
    const std::size_t at = i < 3 ? 0 : positions.below(file.size());
    put_number(file, at, values[i % 3]);
    out.push_back(std::move(file));
  }
  for (int i = 0; i < 6; ++i) {  // a run of bytes left out, or there twice
    File file = seed;
    const std::size_t at = positions.below(file.size());
    const std::size_t length = std::min<std::size_t>(1 + positions.below(40), file.size() - at);
    const File run(file.begin() + static_cast<std::ptrdiff_t>(at),
                   file.begin() + static_cast<std::ptrdiff_t>(at + length));
    if (i % 2 == 0) {
      file.erase(file.begin() + static_cast<std::ptrdiff_t>(at),
                 file.begin() + static_cast<std::ptrdiff_t>(at + length));
    } else {
      file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), run.begin(), run.end());
    }
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace

TEST_CASE("hundreds of broken files are read or refused by name, in little memory") {
  const std::size_t before = peak_memory();
  int files = 0;
  int refused = 0;
  const nlohmann::json seeds = io_test::read_json(io_test::seeds + "expected.json");
  for (const auto& [seed, tensors] : seeds.items()) {
    const std::vector<File> broken = mutations(read_file(io_test::seeds + seed), static_cast<std::uint64_t>(files));
    for (std::size_t i = 0; i < broken.size(); ++i) {
      const std::string name = qrs::text("broken_", i, "_", seed);
      CAPTURE(name);
      for (const TorchScope scope : {TorchScope::state_dict, TorchScope::everything}) {
        const std::string message = io_test::error_message([&] { parse_file(broken[i], name, scope); });
        ++files;
        if (message == "no error") continue;
        ++refused;
        CHECK(message.find(name) != std::string::npos);
        CHECK(message.find(", byte ") != std::string::npos);
        CHECK(message.size() < 500);
      }
    }
  }
  CHECK(files > 800);
  CHECK(refused > files / 2);
  CHECK(peak_memory() - before < (std::size_t{300} << 20));  // the sanitisers keep freed memory for a while
}

TEST_CASE("a damaged storage of a zip checkpoint is found by its checksum") {
  const File seed = read_file(io_test::seeds + "zip.pth");
  const ZipReader zip(seed, "zip.pth");
  int storages = 0;
  for (const ZipRecord& record : zip.records()) {
    if (record.size == 0 || record.name.find("/data/") == std::string_view::npos) continue;
    File file = seed;
    file[static_cast<std::size_t>(zip.offset_of(zip.data(record)))] ^= std::byte{4};
    const std::string message = io_test::error_message([&] { parse_file(file, "flipped.pth"); });
    CHECK(message.find("flipped.pth, byte ") != std::string::npos);
    CHECK(message.find("CRC-32") != std::string::npos);
    ++storages;
  }
  CHECK(storages > 10);
}
