// Reads a weight file and writes it again, in the format of the second name: the C++ half of exchange_test.py.
#include <cstdio>

#include "../../../include/qrs/io/checkpoint.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s IN OUT\n", argv[0]);
    return 2;
  }
  try {
    qrs::io::write_checkpoint(argv[2], qrs::io::read_checkpoint(argv[1]));
    return 0;
  } catch (const qrs::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
