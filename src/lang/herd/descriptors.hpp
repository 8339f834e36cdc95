// Descriptor constants of herd tests, as real level 3 descriptors.
#pragma once

#include "lang/herd/constants.hpp"

namespace amalgam::lang::herd {

// "(oa:PA(x), valid:0)": fields in any order, those left out at their defaults. `own_page` is the
// page if none is said; nullptr: one has to be said.
Value read_descriptor(Cursor& cursor, Context& context, const Symbol* own_page);

}  // namespace amalgam::lang::herd
