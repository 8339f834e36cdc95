// Reads AArch64 assembler text, one instruction at a time, for every litmus format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lang/diagnostic.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::lang {

struct ParsedInstruction {
  // `target` is not set: only the reader of the whole program knows where its labels are.
  model::litmus::Instruction instruction;
  std::string target_label;  // of B, B.cond, CBZ, CBNZ and ADR as written ("L0", "1f"); else empty
};

// Reads one instruction without its labels and comments; blanks around it are ignored. Mnemonics,
// registers, conditions and options are read in any letter case; immediates with or without '#', in
// decimal, hexadecimal or binary, negative, or as a bracketed shift "#(1 << 12)".
// `at` is where `text` starts in its file; errors lie at the operand they are about, and name what
// is not supported. Gives nothing exactly if it noted an error.
std::optional<ParsedInstruction> parse_instruction(std::string_view text, const model::Location& at,
                                                   Diagnostics& diagnostics);

}  // namespace amalgam::lang
