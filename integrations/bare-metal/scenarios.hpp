// Every operation of the library, as a change that CPU 1 watches: one line each in the table of its
// file.
#pragma once

#include "scenario.hpp"
#include "scenarios_hvo.hpp"
#include "scenarios_marks.hpp"
#include "scenarios_moves.hpp"
#include "scenarios_ranges.hpp"
#include "scenarios_roots.hpp"
#include "scenarios_sizes.hpp"
#include "scenarios_slots.hpp"

namespace bare_metal {

// Calls f(const Scenario<kGeometry>&) for each, HVO last.
template <arch::Geometry kGeometry, typename F>
void for_each_scenario(const F& f) {
  const auto all_of = [&](const auto& table) {
    for (const Scenario<kGeometry>& scenario : table) f(scenario);
  };
  all_of(RangeScenarios<kGeometry>::kAll);
  all_of(SizeScenarios<kGeometry>::kAll);
  all_of(MoveScenarios<kGeometry>::kAll);
  all_of(MarkScenarios<kGeometry>::kAll);
  all_of(RootScenarios<kGeometry>::kAll);
  all_of(SlotScenarios<kGeometry>::kAll);
  all_of(HvoScenarios<kGeometry>::kAll);
}

}  // namespace bare_metal
