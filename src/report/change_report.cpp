#include "report/change_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/columns.hpp"
#include "report/descriptor_text.hpp"
#include "report/levels.hpp"
#include "report/sequence.hpp"

namespace amalgam::report {

namespace {

struct DifferenceName {
  arch::Difference difference;
  std::string_view name;
};

constexpr std::array<DifferenceName, 18> kDifferences{{
    {arch::Difference::kOutputAddress, "output address"},
    {arch::Difference::kPermissionWidened, "permission widened"},
    {arch::Difference::kPermissionNarrowed, "permission narrowed"},
    {arch::Difference::kMemoryType, "memory type"},
    {arch::Difference::kTagged, "tagged"},
    {arch::Difference::kShareability, "shareability"},
    {arch::Difference::kCacheability, "cacheability"},
    {arch::Difference::kSize, "size"},
    {arch::Difference::kNt, "nT"},
    {arch::Difference::kContiguous, "contiguous bit"},
    {arch::Difference::kGlobal, "global"},
    {arch::Difference::kAccessFlag, "access flag"},
    {arch::Difference::kDirty, "dirty state"},
    {arch::Difference::kSoftware, "software bits"},
    {arch::Difference::kOther, "PBHA, GP or FnXS"},
    {arch::Difference::kHints, "hints"},
    {arch::Difference::kTablePointer, "table pointer"},
    {arch::Difference::kHierarchical, "hierarchical attributes"},
}};

std::vector<std::string> differences(arch::DiffMask mask) {
  std::vector<std::string> names;
  for (const DifferenceName& each : kDifferences) {
    if (mask.has(each.difference)) names.emplace_back(each.name);
  }
  return names;
}

std::string_view hazard_text(arch::Hazard hazard) {
  static constexpr std::array<std::string_view, 4> kTexts{
      "", "an access uses either entry until the TLBI; never a mixture, never an abort",
      "an access uses either entry, or takes a TLB conflict abort",
      "an access may mix fields of both entries, or take a TLB conflict abort"};
  return kTexts[static_cast<std::size_t>(hazard)];
}

std::string_view owed_text(arch::TlbiOwed owed) {
  static constexpr std::array<std::string_view, 8> kTexts{
      "none",
      "of the leaf",
      "of all levels, so that walk caches forget the table",
      "of every address of the contiguous group",
      "of every ASID",
      "of the whole ASID",
      "of the whole VMID, both stages",
      "of the whole regime"};
  return kTexts[static_cast<std::size_t>(owed)];
}

std::string_view when_text(arch::TlbiWhen when) {
  static constexpr std::array<std::string_view, 6> kTexts{
      "",
      "needed only for the change to take effect everywhere",
      "may wait, but not beyond the next change",
      "before the old page, table or address is reused",
      "before anyone relies on what the new entry denies",
      "inside the break-before-make sequence"};
  return kTexts[static_cast<std::size_t>(when)];
}

std::string requirement(const arch::Change& change) {
  if (!change.break_required) return "no break needed: one store is legal";
  if (change.in_place_with_nt) return "break-before-make or the nT protocol required";
  return "break-before-make required";
}

Ink requirement_ink(const arch::Change& change) {
  return change.break_required ? Ink::kBad : Ink::kGood;
}

std::string tlbi_text(const ChangeAnswer& answer, const arch::Change& change) {
  if (change.tlbi == arch::TlbiOwed::kNone) return "none owed";
  return fmt::format("{}, {}: {}", owed_mnemonic(answer.old_entry, answer.context, change),
                     owed_text(change.tlbi), when_text(change.when));
}

std::vector<std::string> cautions(const arch::Change& change) {
  std::vector<std::string> texts;
  if (change.atomic_update_needed) {
    texts.emplace_back("a plain store can lose a hardware update of AF or the dirty state");
  }
  if (change.cache_maintenance_needed) {
    texts.emplace_back("the memory becomes non-cacheable: maintain the data cache by address");
  }
  if (change.judge_leaf_pairs) {
    texts.emplace_back("a table is involved: each pair of leaves below has an answer of its own");
  }
  if (change.stage1_tlbi_too) {
    texts.emplace_back("combined entries hold stage 2 too: a stage 1 TLBI must follow");
  }
  return texts;
}

std::string row_line(std::string_view label, std::string_view text) {
  return hanging(padded("  " + std::string(label), 12), text);
}

std::string steps_text(std::string_view label, const std::vector<SequenceStep>& steps) {
  std::string result;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string head = padded("  " + std::string(i == 0 ? label : ""), 12);
    result += hanging(fmt::format("{}{}  ", head, i + 1), steps[i].text);
  }
  return result;
}

std::string row_reason(const arch::Change& change) {
  const arch::Row& row = arch::row(change.row);
  if (change.row == arch::RowId::kNone) return std::string(row.reason);
  return fmt::format("{} [{}; row {} of docs/change-table.md; confidence {}]", row.reason,
                     change.label, static_cast<unsigned>(change.row), name(change.confidence));
}

// Levels whose answer differs in nothing but the assumption that it depends on.
struct Block {
  arch::Change change;
  std::vector<Level> levels;
  std::vector<Level> depend;  // those of them where `depends_on` decides
};

bool alike(arch::Change a, arch::Change b) {
  if (a.depends_on && b.depends_on && a.depends_on != b.depends_on) return false;
  a.depends_on.reset();
  b.depends_on.reset();
  return a == b;
}

std::vector<Block> blocks_of(const std::vector<ChangeAtLevel>& levels) {
  std::vector<Block> blocks;
  for (const auto& [bbm, change] : levels) {
    const auto same = [&](const Block& block) { return alike(block.change, change); };
    auto found = std::ranges::find_if(blocks, same);
    if (found == blocks.end()) found = blocks.insert(blocks.end(), {change, {}, {}});
    found->levels.push_back({.bbm = bbm});
    if (!change.depends_on) continue;
    found->change.depends_on = change.depends_on;
    found->depend.push_back({.bbm = bbm});
  }
  return blocks;
}

std::string depends_text(const Block& block) {
  const arch::AssumptionInfo& about = arch::info(*block.change.depends_on);
  return fmt::format("at {} on {}: {}", level_list(block.depend, false), about.name,
                     about.statement);
}

std::string sequences_text(const ChangeAnswer& answer, const arch::Change& change) {
  if (change.row == arch::RowId::kNone) return {};
  const auto& [old_entry, new_entry, context, cpu, levels] = answer;
  return steps_text(change.break_required ? "instead" : "sequence",
                    legal_sequence(old_entry, new_entry, context, change)) +
         steps_text("or", way_without_break(old_entry, new_entry, context, change));
}

// `previous` is the sequence that the block before this one printed.
std::string block_text(const ChangeAnswer& answer, const Block& block, std::string& previous,
                       const Painter& paint) {
  const arch::Change& change = block.change;
  std::string result = paint(Ink::kStrong, level_list(block.levels, false) + ": ") +
                       paint(requirement_ink(change), requirement(change)) + '\n';
  result += row_line("change", arch::row(change.row).title);
  result += row_line("why", row_reason(change));
  result += row_line("tlbi", tlbi_text(answer, change));
  if (change.hazard != arch::Hazard::kNone) {
    result +=
        row_line(change.break_required ? "otherwise" : "meanwhile", hazard_text(change.hazard));
  }
  for (const std::string& caution : cautions(change)) result += row_line("note", caution);
  if (change.depends_on) result += row_line("depends", depends_text(block));
  const std::string sequences = sequences_text(answer, change);
  if (!sequences.empty() && sequences == previous) {
    return result + row_line(change.break_required ? "instead" : "sequence", "as above");
  }
  previous = sequences;
  return result + sequences;
}

Json steps_json(const std::vector<SequenceStep>& steps) {
  Json json = Json::array();
  for (const SequenceStep& step : steps) {
    json.push_back(
        {{"text", step.text}, {"store", step.store ? Json(hex(step.store->raw)) : Json(nullptr)}});
  }
  return json;
}

Json entry_json(const arch::Entry& entry, const arch::ChangeContext& context) {
  return {{"descriptor", hex(entry.descriptor.raw)},
          {"level", entry.level},
          {"summary", summary(entry, context)}};
}

Json level_json(const ChangeAnswer& answer, const ChangeAtLevel& level) {
  const arch::Change& change = level.change;
  const arch::Row& row = arch::row(change.row);
  const auto& [old_entry, new_entry, context, cpu, levels] = answer;
  return {{"bbm", level.bbm},
          {"break_required", change.break_required},
          {"in_place_with_nt", change.in_place_with_nt},
          {"row", static_cast<unsigned>(change.row)},
          {"change", row.title},
          {"label", change.label},
          {"reason", row.reason},
          {"confidence", name(change.confidence)},
          {"tlbi", name(change.tlbi)},
          {"tlbi_operation", owed_mnemonic(old_entry, context, change)},
          {"tlbi_when", name(change.when)},
          {"tlbi_may_wait", change.tlbi_may_wait},
          {"tlbi_whole_group", change.tlbi_whole_group},
          {"hazard", name(change.hazard)},
          {"notes", cautions(change)},
          {"depends_on", change.depends_on ? Json(arch::name(*change.depends_on)) : Json(nullptr)},
          {"sequence", steps_json(legal_sequence(old_entry, new_entry, context, change))},
          {"alternative", steps_json(way_without_break(old_entry, new_entry, context, change))}};
}

std::string entry_line(std::string_view label, const ChangeAnswer& answer,
                       const arch::Entry& entry) {
  return row_line(label, hex(entry.descriptor.raw) + "  " + summary(entry, answer.context));
}

}  // namespace

std::string change_text(const ChangeAnswer& answer, const Painter& paint) {
  const arch::Geometry& geometry = answer.context.geometry;
  const bool same_level = answer.old_entry.level == answer.new_entry.level;
  std::string result = entry_line("old", answer, answer.old_entry);
  if (!same_level) result += row_line("at", setting(geometry, answer.old_entry.level));
  result += entry_line("new", answer, answer.new_entry);
  result += row_line("at", setting(geometry, answer.new_entry.level));
  if (!answer.cpu.empty()) result += row_line("cpu", answer.cpu);
  if (!answer.levels.empty()) {
    const auto names = differences(answer.levels.front().change.differs);
    if (!names.empty()) result += row_line("differ in", join(names, ", "));
  }
  std::string previous;
  for (const Block& block : blocks_of(answer.levels)) {
    result += block_text(answer, block, previous, paint);
  }
  return result;
}

Json change_json(const ChangeAnswer& answer) {
  Json json = document();
  json["old"] = entry_json(answer.old_entry, answer.context);
  json["new"] = entry_json(answer.new_entry, answer.context);
  json["stage"] = answer.context.geometry.stage == arch::Stage::kStage1 ? 1 : 2;
  json["regime"] = name(answer.context.geometry.regime);
  json["granule"] = name(answer.context.geometry.granule);
  json["contents"] = name(answer.context.contents);
  json["cpu"] = answer.cpu.empty() ? Json(nullptr) : Json(answer.cpu);
  json["differs"] = answer.levels.empty() ? Json::array()
                                          : Json(differences(answer.levels.front().change.differs));
  Json levels = Json::array();
  for (const ChangeAtLevel& level : answer.levels) levels.push_back(level_json(answer, level));
  json["levels"] = std::move(levels);
  return json;
}

}  // namespace amalgam::report
