// Expressions of page table setups, reset values and conditions: one grammar for all three.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/isla/tokens.hpp"

namespace amalgam::lang::isla {

struct Expression {
  enum class Kind : std::uint8_t {
    kName,     // text
    kInteger,  // value, of no width
    kBits,     // value of width_bits bits
    kLabel,    // text: the address of an instruction, written "L0:"
    kCall,     // text(arguments); operators and slices are calls of what isla names them
  };
  Kind kind = Kind::kInteger;
  std::string text;
  std::uint64_t value = 0;
  unsigned width_bits = 0;
  std::vector<Expression> arguments;
  std::vector<std::string> keywords;  // of each argument; empty for one without
  Location location;
};

// Reads one expression. Nesting is bounded.
Expression read_expression(TokenReader& in);

// The same without binary operators: what stands right of a condition's `=`.
Expression read_primary(TokenReader& in);

// The number of a decimal, hexadecimal or binary token; at most 64 bits.
Expression read_number(TokenReader& in);

}  // namespace amalgam::lang::isla
