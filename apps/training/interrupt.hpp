// Ctrl-C and SIGTERM as a question: asked() is true from the first of them on. The second ends the program at once.
#pragma once

#include <csignal>

namespace qrs::training {

class Interrupt {
 public:
  Interrupt() {
    struct sigaction action {};
    action.sa_handler = [](int) { flag() = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    ::sigaction(SIGINT, &action, &before_int_);
    ::sigaction(SIGTERM, &action, &before_term_);
  }
  ~Interrupt() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool asked() { return flag() != 0; }

 private:
  /// A signal handler can reach nothing but what is static.
  static volatile std::sig_atomic_t& flag() {
    static volatile std::sig_atomic_t value = 0;
    return value;
  }

  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

}  // namespace qrs::training
