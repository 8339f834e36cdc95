// Which slices a program falls into, and when two of them are the same but for names.
#pragma once

#include <string>
#include <vector>

#include "model/slice_builder.hpp"

namespace amalgam::model {

// One request for each page of input address (for each pair of members, where contiguous groups are
// in play), and one for each agent whose final condition speaks of several addresses. A property of
// one address only needs the events that can affect its translation and its data. `slicing` off:
// one request for everything.
std::vector<SliceRequest> plan_slices(const ProgramIndex& index, bool slicing);

// Builds the slice, with the addresses whose observers may store to its pages.
Slice build_slice(const ProgramIndex& index, const SliceSettings& settings,
                  const SliceRequest& request);

// Equal keys mean equal explorations up to renaming of pages and addresses.
std::string slice_key(const Slice& slice);

}  // namespace amalgam::model
