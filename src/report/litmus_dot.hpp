// An execution of a litmus test as a drawing.
#pragma once

#include <string>
#include <string_view>

#include "model/litmus/execution.hpp"

namespace amalgam::report {

// Text for graphviz' `dot`, titled by the test and by whether the model allows the execution: a
// cluster a thread with its events in program order, initial writes and spurious updates apart;
// edges of po between neighbours, of rf, co and fr; and of a refused execution the cycle that
// refuses it, in red and named after the axiom.
std::string litmus_dot(const model::litmus::Candidate& execution,
                       const model::litmus::Refusal& refusal, std::string_view title);

// The drawing of a test of which no candidate execution satisfies the condition: its title alone.
std::string empty_litmus_dot(std::string_view title);

}  // namespace amalgam::report
