#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "amalgam/arch/assumption.hpp"
#include "amalgam/arch/change_table.hpp"
#include "arch/docs.hpp"

namespace amalgam::arch {
namespace {

std::string text_of(LevelAnswer answer) {
  switch (answer) {
    case LevelAnswer::kNo:
      return "no";
    case LevelAnswer::kYes:
      return "yes";
    case LevelAnswer::kBreakOrNt:
      return "yes, or nT";
    case LevelAnswer::kUnclear:
      return "unclear, taken as yes";
    case LevelAnswer::kThoughtLegal:
      return "thought not";
    case LevelAnswer::kOtherRows:
      return "see why";
    case LevelAnswer::kNotListed:
      return "not listed";
    case LevelAnswer::kDoesNotApply:
      break;
  }
  return "-";
}

std::string text_of(TlbiOwed tlbi) {
  switch (tlbi) {
    case TlbiOwed::kNone:
      return "none";
    case TlbiOwed::kLastLevel:
      return "last level";
    case TlbiOwed::kAllLevels:
      return "all levels";
    case TlbiOwed::kWholeGroup:
      return "whole group";
    case TlbiOwed::kAllAsids:
      return "all ASIDs";
    case TlbiOwed::kWholeAsid:
      return "whole ASID";
    case TlbiOwed::kWholeVmid:
      return "whole VMID";
    case TlbiOwed::kWholeRegime:
      break;
  }
  return "whole regime";
}

std::string text_of(TlbiWhen when) {
  switch (when) {
    case TlbiWhen::kNever:
      return "";
    case TlbiWhen::kForEffect:
      return ", for effect";
    case TlbiWhen::kEventually:
      return ", eventually";
    case TlbiWhen::kBeforeReuse:
      return ", before reuse";
    case TlbiWhen::kBeforeReliance:
      return ", before reliance";
    case TlbiWhen::kInSequence:
      break;
  }
  return ", in sequence";
}

std::string text_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kSingleSource:
      return "single source";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      break;
  }
  return "high";
}

std::string document_line(const Row& r) {
  std::string line = "| " + std::to_string(static_cast<int>(r.id)) + " | " + std::string(r.title);
  for (const LevelAnswer answer : r.answers) line += " | " + text_of(answer);
  line += " | " + text_of(r.tlbi) + text_of(r.when) + " | " + std::string(r.label) + " | ";
  return line + std::string(r.reason) + " | " + text_of(r.confidence) + " |";
}

TEST(ChangeTable, DocumentPrintsTheData) {
  std::vector<std::string> expected;
  for (const Row& r : kChangeTable) expected.push_back(document_line(r));
  EXPECT_EQ(test::table_lines("docs/change-table.md", "| # | change |"), expected)
      << test::joined(expected);
}

TEST(ChangeTable, DocumentPrintsTheAssumptions) {
  std::vector<std::string> expected;
  for (const AssumptionInfo& entry : kAssumptions) {
    expected.push_back("| `" + std::string(entry.name) + "` | " + std::string(entry.statement) +
                       " | " + (holds({}, entry.id) ? "on" : "off") + " |");
  }
  EXPECT_EQ(test::table_lines("docs/change-table.md", "| assumption |"), expected)
      << test::joined(expected);
}

}  // namespace
}  // namespace amalgam::arch
