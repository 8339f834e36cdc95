// The code of a thread or a handler.
#pragma once

#include <optional>
#include <string>

#include "lang/diagnostic.hpp"
#include "lang/isla/source_text.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::lang::isla {

// Reads assembler text as GNU as does: an instruction a line (or between ';'), any number of labels
// before it, "//" and "/* */" comments, numeric labels such as "1:" that "1b" and "1f" refer to.
model::litmus::Code read_code(const SourceText& source, model::litmus::Address base,
                              Diagnostics& diagnostics);

// The address that a label of `code` names, or nothing.
std::optional<model::litmus::Address> label_address(const model::litmus::Code& code,
                                                    const std::string& label);

}  // namespace amalgam::lang::isla
