// The program table of a herd test: one column a thread or handler, one instruction a row.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lang/herd/context.hpp"

namespace amalgam::lang::herd {

// Reads the table at the start of `text` into test.threads, with the addresses of layout.hpp and
// the branch targets resolved; ADR gets the address of its label as immediate. Gives what follows
// the table.
std::string_view read_program(std::string_view text, Context& context);

// Where the instruction with this label of this thread lies.
std::optional<Address> label_address(const Test& test, std::uint64_t thread,
                                     std::string_view label);

}  // namespace amalgam::lang::herd
