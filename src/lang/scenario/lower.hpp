// The syntax tree to a program: names are looked up, addresses laid out, loops unrolled.
#pragma once

#include <optional>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

// What a program may be made of. More is an error of the scenario.
inline constexpr std::uint32_t kMaxFrames = 1U << 19;
inline constexpr std::uint32_t kMaxTables = 1U << 16;
inline constexpr std::uint32_t kMaxRegionPages = 1U << 19;
inline constexpr std::uint32_t kMaxCells = 1U << 21;
inline constexpr std::uint32_t kMaxSteps = 1U << 20;
inline constexpr std::uint32_t kMaxRoots = 16;
inline constexpr std::uint32_t kMaxDevices = 64;
inline constexpr std::uint32_t kMaxAgents = 256;
inline constexpr std::uint32_t kMaxObservers = 256;

// The program that the tree describes, or nothing if an error was noted.
std::optional<model::Program> lower(const ast::Scenario& scenario, Diagnostics& diagnostics);

}  // namespace amalgam::lang::scenario
