// What Arm requires for replacing one descriptor by another, as text and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "report/ink.hpp"
#include "report/json.hpp"

namespace amalgam::report {

// What classify said at one FEAT_BBM level.
struct ChangeAtLevel {
  std::uint8_t bbm = 0;
  arch::Change change;
};

struct ChangeAnswer {
  arch::Entry old_entry;
  arch::Entry new_entry;
  arch::ChangeContext context;  // its features' FEAT_BBM level does not matter
  std::string cpu;              // the preset that chose the levels, with its source; or empty
  std::vector<ChangeAtLevel> levels;
};

// Both descriptors, how they differ, and for each answer: the requirement, the row and its reason,
// the TLBI owed and when, what an access may meet otherwise, and the sequence to use. Levels that
// answer alike stand together.
std::string change_text(const ChangeAnswer& answer, const Painter& paint);

// The same as one document; each level stands for itself.
Json change_json(const ChangeAnswer& answer);

// Names as in JSON.
std::string_view name(arch::TlbiOwed owed);
std::string_view name(arch::TlbiWhen when);
std::string_view name(arch::Confidence confidence);
std::string_view name(arch::Hazard hazard);
std::string_view name(arch::Contents contents);
std::string_view name(arch::LevelAnswer answer);

}  // namespace amalgam::report
