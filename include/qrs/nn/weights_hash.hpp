// The name of a set of weights: SHA-256 over the bytes of all entries of a network's state dict, in its order.
//
// Parameters, buffers and counters, in torch's layout; names are not hashed. Two runs with the same hash are the same
// network bit for bit.
#pragma once

#include <string>

#include "../core/sha256.hpp"
#include "state.hpp"

namespace qrs::nn {

template <class T>
std::string weights_sha256(Module<T>& module) {
  Sha256 hash;
  for (const auto& [name, entry] : state_dict(module)) hash.update(entry.bytes);
  return hash.hex();
}

}  // namespace qrs::nn
