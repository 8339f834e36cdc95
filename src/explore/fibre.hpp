// A function on a stack of its own, which can be left in the middle for good.
//
// User code that runs into a bound is abandoned and not unwound: it may stand in a destructor or in
// a function that throws nothing, where an exception would end the program. Its stack, and what it
// owns, stay where they are.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace amalgam::explorer {

class Fibre {
 public:
  Fibre();
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  // Runs `body` until it returns or abandons. What it throws is text on return, else empty.
  std::string run(const std::function<void()>& body);
  // Called by `body`, however deep: run() returns, and the body never goes on.
  [[noreturn]] void abandon();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace amalgam::explorer
