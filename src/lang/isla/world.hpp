// The memory that a test starts with: its names and its page tables.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lang/isla/document.hpp"
#include "lang/isla/evaluator.hpp"
#include "lang/isla/setup.hpp"
#include "lang/isla/tables.hpp"

namespace amalgam::lang::isla {

inline constexpr Address kStage1Base = 0x300000;
inline constexpr Address kStage2Base = 0x200000;
inline constexpr Address kCodeBase = 0x400000;
inline constexpr Address kCodeStride = 0x1000;

struct World {
  Scope scope;  // with the tables in scope.memory
  bool has_default_tables = true;
  bool self_map = true;  // new tables are mapped in themselves
  // Stage 2 is more than an identity map that the setup leaves alone.
  bool stage2_matters = false;
  std::set<Address> descriptors;  // that the setup says something about

  // Where an address of any space lies in physical memory, by the tables as they start; nothing if
  // it is not mapped there.
  [[nodiscard]] std::optional<Address> translate(const Datum& address) const;
};

// Builds what the statements describe for `threads` threads. The statements must outlive the
// result. Nothing if something was noted.
std::optional<World> build_world(const std::vector<Statement>& statements,
                                 const std::vector<Entry>& symbolic, std::size_t threads,
                                 Diagnostics& diagnostics);

}  // namespace amalgam::lang::isla
