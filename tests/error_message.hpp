// The text of the Error that a body throws, for tests of what is refused and how it is said.
#pragma once

#include <string>

#include "../include/qrs/core/error.hpp"

namespace qrs::tests {

/// What body() complains of, or "no error".
template <class Body>
std::string error_message(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace qrs::tests
