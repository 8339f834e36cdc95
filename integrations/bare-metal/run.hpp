// Builds the tables of one geometry, turns translation on, and runs the scenarios.
#pragma once

#include <cstdint>

namespace bare_metal {

// How it all went.
struct Totals {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;

  Totals& operator+=(const Totals& other) {
    passed += other.passed;
    failed += other.failed;
    return *this;
  }
};

// One for each geometry: stage 1 at EL1 and at EL2, and stage 2 at EL2. Needs CPU 1 not yet
// started. `paced`: CPU 1 gets its turn after every step of a change; else both run as they like.
Totals run_4k_el1(bool paced);
Totals run_16k_el1(bool paced);
Totals run_64k_el1(bool paced);
Totals run_4k_el2(bool paced);
Totals run_16k_el2(bool paced);
Totals run_64k_el2(bool paced);
Totals run_4k_guest(bool paced);
Totals run_16k_guest(bool paced);
Totals run_64k_guest(bool paced);

}  // namespace bare_metal
