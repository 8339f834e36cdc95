// How a slice's entries are put to the architecture's change table.
#pragma once

#include "amalgam/arch/change.hpp"
#include "model/slice.hpp"

namespace amalgam::model {

// The question's context: the machine at the slice's levels, with the slice's assumptions.
arch::ChangeContext change_context(const Program& program, const Slice& slice);

// An entry as a descriptor at a level. A companion of a contiguous group is moved to the output
// address that it gives the page in question, so that members of a consistent group look alike.
arch::Entry arch_entry(const Slice& slice, const arch::Geometry& geometry, const Entry& entry);

}  // namespace amalgam::model
