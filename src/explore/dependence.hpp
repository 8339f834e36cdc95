// Which operations of a task depend on which of its reads, as far as its paths tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "amalgam/arch/geometry.hpp"
#include "explore/action.hpp"

namespace amalgam::explorer {

// Of one action: reads (indices of actions) that hardware cannot run it before.
struct Dependence {
  std::vector<std::size_t> after;
  // A store whose value follows from what the task read of the same descriptor: that value.
  std::optional<std::uint64_t> computed_from;
};

// The dependences of paths[path], by action. Where another value read leads to another path, what
// differs between the two follows from the value: another value stored is a data dependency,
// another operation a control dependency of all stores and invalidations from there on. An
// operation on a table follows from the read that named the table (address dependency). Loads that
// are not addressed by a read depend on none: hardware may do them early. Cost: linear in the
// lengths of the paths.
std::vector<Dependence> find_dependences(const std::vector<Path>& paths, std::size_t path,
                                         const arch::Geometry& geometry);

}  // namespace amalgam::explorer
