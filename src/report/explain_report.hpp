// Every field of a descriptor, as text and as JSON.
#pragma once

#include <string>

#include "amalgam/arch/change_types.hpp"
#include "report/ink.hpp"
#include "report/json.hpp"

namespace amalgam::report {

// A line a field: bits, name, value, meaning. MAIR of the context says what AttrIndx selects.
std::string explain_text(const arch::Entry& entry, const arch::ChangeContext& context,
                         const Painter& paint);

Json explain_json(const arch::Entry& entry, const arch::ChangeContext& context);

}  // namespace amalgam::report
