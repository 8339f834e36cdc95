// What the program's steps do to the descriptors of a slice, as far as their text tells.
#pragma once

#include "model/slice.hpp"

namespace amalgam::model {

// Sets Entry::is_new: made by a step of the program or by hardware on its account, or in a table
// that a step links. Needs the slice's events.
void mark_new_entries(Slice& slice);

// Sets VaPoint::rank: the succession of pages that each address leads to. Only one agent's stores
// have a known order, and a page that comes back makes "older" meaningless: then nothing is ranked.
// Needs the slice's events.
void rank_pages(Slice& slice);

// Whether the event may give its descriptor the value, to change it.
bool may_store(const Slice& slice, const Event& event, ValueIndex value);

}  // namespace amalgam::model
