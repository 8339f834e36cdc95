#include "report/explain_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "amalgam/arch/descriptor_explain.hpp"
#include "amalgam/arch/memory_attributes.hpp"
#include "report/columns.hpp"
#include "report/descriptor_text.hpp"

namespace amalgam::report {

namespace {

struct Row {
  std::string name;
  unsigned hi = 0;
  unsigned lo = 0;
  std::uint64_t value = 0;
  std::string meaning;
};

std::string_view cacheability_text(arch::Cacheability cacheability) {
  static constexpr std::array<std::string_view, 3> kTexts{"Non-cacheable", "Write-Through",
                                                          "Write-Back"};
  return kTexts[static_cast<std::size_t>(cacheability)];
}

std::string memory_text(const arch::MemoryAttributes& memory) {
  static constexpr std::array<std::string_view, 4> kDevices{"nGnRnE", "nGnRE", "nGRE", "GRE"};
  switch (memory.type) {
    case arch::MemoryType::kDevice:
      return fmt::format("Device-{}", kDevices[static_cast<std::size_t>(memory.device)]);
    case arch::MemoryType::kFromStage1:
      return "as stage 1 says";
    case arch::MemoryType::kNormalTagged:
      return "Normal-Tagged, Write-Back";
    case arch::MemoryType::kNormal:
      break;
  }
  if (memory.inner == memory.outer)
    return fmt::format("Normal, {}", cacheability_text(memory.inner));
  return fmt::format("Normal, inner {}, outer {}", cacheability_text(memory.inner),
                     cacheability_text(memory.outer));
}

// What depends on more than the descriptor: MAIR, or whether stage 2 forces write-back.
std::string memory_meaning(const arch::FieldRow& row, const arch::ChangeContext& context) {
  if (row.name == "MemAttr") {
    return memory_text(
        arch::decode_mem_attr(static_cast<unsigned>(row.value), context.features.fwb));
  }
  if (row.name != "AttrIndx") return std::string(row.meaning);
  const std::uint8_t byte = arch::mair_byte(context.mair, static_cast<unsigned>(row.value));
  return fmt::format("{} (MAIR byte 0x{:02x})", memory_text(arch::decode_mair_byte(byte)), byte);
}

std::vector<Row> rows_of(const arch::Entry& entry, const arch::ChangeContext& context) {
  std::array<arch::FieldRow, arch::kMaxFieldRows> found;
  const std::size_t count = arch::explain(context.geometry, entry.descriptor, entry.level, found);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(count, found.size()); ++i) {
    const arch::FieldRow& row = found[i];
    rows.push_back(
        {std::string(row.name), row.hi, row.lo, row.value, memory_meaning(row, context)});
  }
  return rows;
}

bool is_address(const Row& row) { return row.name == "next table" || row.name == "output address"; }

std::string value_text(const Row& row) {
  const unsigned bits = row.hi - row.lo + 1;
  if (is_address(row) || bits > 8) return fmt::format("0x{:x}", row.value);
  return fmt::format("0b{:0{}b}", row.value, bits);
}

std::string bits_text(const Row& row) {
  return row.hi == row.lo ? std::to_string(row.hi) : fmt::format("{}:{}", row.hi, row.lo);
}

}  // namespace

std::string explain_text(const arch::Entry& entry, const arch::ChangeContext& context,
                         const Painter& paint) {
  std::string result = fmt::format("{}  {}\n{}\n", hex(entry.descriptor.raw),
                                   paint(Ink::kStrong, summary(entry, context)),
                                   setting(context.geometry, entry.level));
  result += paint(Ink::kFaint, "  bits   field           value           meaning") + '\n';
  for (const Row& row : rows_of(entry, context)) {
    const std::string head =
        fmt::format("  {:<6} {:<15} {:<15} ", bits_text(row), row.name, value_text(row));
    std::string line = hanging(head, row.meaning);
    while (line.ends_with(" \n")) line.erase(line.size() - 2, 1);
    result += line;
  }
  return result;
}

Json explain_json(const arch::Entry& entry, const arch::ChangeContext& context) {
  Json json = document();
  json["descriptor"] = hex(entry.descriptor.raw);
  json["level"] = entry.level;
  json["stage"] = context.geometry.stage == arch::Stage::kStage1 ? 1 : 2;
  json["regime"] = name(context.geometry.regime);
  json["granule"] = name(context.geometry.granule);
  json["summary"] = summary(entry, context);
  Json fields = Json::array();
  for (const Row& row : rows_of(entry, context)) {
    fields.push_back({{"name", row.name},
                      {"high_bit", row.hi},
                      {"low_bit", row.lo},
                      {"value", fmt::format("0x{:x}", row.value)},
                      {"meaning", row.meaning}});
  }
  json["fields"] = std::move(fields);
  return json;
}

}  // namespace amalgam::report
