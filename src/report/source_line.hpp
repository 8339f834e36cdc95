// The line of the input that a finding blames.
#pragma once

#include <string>
#include <string_view>

#include "model/program.hpp"
#include "report/ink.hpp"

namespace amalgam::report {

// The line with its number and, below it, an underline that `remark` follows. Long lines are cut
// at the right. Empty where `text` has no such line. Ends in a newline.
std::string source_line(std::string_view text, const model::Location& at, std::string_view remark,
                        const Painter& paint);

}  // namespace amalgam::report
