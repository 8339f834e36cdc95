// Attributes and addresses to descriptor values.
#pragma once

#include <cstdint>
#include <optional>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/attributes.hpp"

namespace amalgam::lang::scenario {

using model::Location;

// The value of a leaf at `level`. Attributes that are not named have their defaults. Notes
// attributes that such a leaf does not have, and a missing `rw` or `ro` at `where`.
std::optional<std::uint64_t> leaf_value(const ast::Machine& machine, int level,
                                        std::uint64_t address, const ast::Attributes& attributes,
                                        const Location& where, Diagnostics& diagnostics);

// What the attributes change in a leaf at `level`.
std::optional<BitChange> change_of(const ast::Machine& machine, int level,
                                   const ast::Attributes& attributes, Diagnostics& diagnostics);

// The value of a descriptor at `level` that links a table.
std::uint64_t table_value(const ast::Machine& machine, int level, std::uint64_t address);

}  // namespace amalgam::lang::scenario
