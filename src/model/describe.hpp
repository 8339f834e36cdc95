// Names for what a slice holds: descriptors, pages, walkers.
#pragma once

#include <string>

#include "model/machine.hpp"

namespace amalgam::model {

// "PAGE head RO", "BLOCK big[0] RW CONT", "TABLE pt", "invalid".
std::string describe_descriptor(const Program& program, std::uint64_t raw, int level);

// The same for an entry: a block or a neighbour's entry names the page that the access lands in.
std::string describe_entry(const Slice& slice, std::uint8_t entry);

// "head", "tail[3]", "table pt", "0x80001000" for an address that no page has.
std::string page_name(const Slice& slice, std::uint8_t page);

// "cpu 1"; a device's name.
std::string walker_name(const Slice& slice, std::uint8_t walker);

// "load", "store", "add", "cas".
std::string access_name(AccessKind kind);

}  // namespace amalgam::model
