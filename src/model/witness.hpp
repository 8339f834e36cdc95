// From a run of the explorer to numbered steps that a reader can follow, and to a sentence on what
// went wrong.
#pragma once

#include "model/check.hpp"
#include "model/explorer.hpp"

namespace amalgam::model {

// The finding with its location, its sentence and its witness.
Finding make_finding(const Slice& slice, const Found& found);

}  // namespace amalgam::model
