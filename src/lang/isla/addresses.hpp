// Where the names of a test lie.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lang/isla/document.hpp"
#include "lang/isla/evaluator.hpp"
#include "lang/isla/setup.hpp"

namespace amalgam::lang::isla {

// Whether intermediate addresses are numbered from where physical ones are, so that the first of
// each are equal, or behind them.
enum class Numbering : std::uint8_t { kSpacesAlike, kIntermediateBehindPhysical };

// Puts the names that the statements declare, and the `symbolic` ones, into scope.names: upward
// from 0x600000 in the order of declaration, each space by itself; where an assertion does not hold
// then, the names in it move. Names of a space differ unless an assertion makes names of different
// declarations equal. Notes an assertion that the search, which is bounded, finds no addresses for.
void assign_addresses(const std::vector<Statement>& statements, const std::vector<Entry>& symbolic,
                      Numbering numbering, Scope& scope, Diagnostics& diagnostics);

}  // namespace amalgam::lang::isla
