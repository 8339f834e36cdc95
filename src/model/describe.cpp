#include "model/describe.hpp"

#include "amalgam/arch/descriptor.hpp"

namespace amalgam::model {

namespace {

std::string hex(std::uint64_t value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 15]);
    value >>= 4;
  } while (value != 0);
  return "0x" + text;
}

std::string target_name(const Program& program, std::uint64_t address, bool table) {
  const auto find = [&](const auto& pages) -> std::string {
    for (const auto& page : pages) {
      if (page.address == address) return page.name;
    }
    return {};
  };
  std::string first = table ? find(program.tables) : find(program.frames);
  if (!first.empty()) return first;
  std::string second = table ? find(program.frames) : find(program.tables);
  return second.empty() ? hex(address) : second;
}

std::string shareability_name(std::uint8_t sh) {
  switch (sh) {
    case 0:
      return " NSH";
    case 2:
      return " OSH";
    default:
      return "";
  }
}

// Permissions, and what is not as usual: Normal write-back inner shareable, AF set, global.
std::string leaf_suffix(const Program& program, const arch::Fields& f) {
  const bool stage2 = program.machine.geometry.stage == arch::Stage::kStage2;
  // EL2 has no EL0 below it: AP[1] and PXN are fixed there.
  const bool has_user = program.machine.geometry.regime != arch::Regime::kEl2;
  std::string text;
  if (stage2) {
    constexpr const char* names[] = {" none", " RO", " WO", " RW"};
    text += names[f.s2ap & 3];
  } else {
    text += f.ap2_read_only != 0 ? " RO" : " RW";
    if (f.ap1_user != 0 && has_user) text += " user";
    if (f.not_global != 0) text += " nG";
  }
  if (f.dbm != 0) text += f.ap2_read_only != 0 ? " DBM(clean)" : " DBM(dirty)";
  if (f.access_flag == 0) text += " AF=0";
  if (f.contiguous != 0) text += " CONT";
  if (f.nt != 0) text += " nT";
  if (!program.machine.geometry.lpa2) text += shareability_name(f.shareability);
  if (!stage2 && f.attr_indx != 0) text += " attr" + std::to_string(f.attr_indx);
  if (!stage2 && f.uxn == 0) text += " X";
  if (!stage2 && has_user && f.pxn == 0) text += " PX";
  return text;
}

}  // namespace

std::string describe_descriptor(const Program& program, std::uint64_t raw, int level) {
  const arch::Geometry& g = program.machine.geometry;
  const arch::Fields f = arch::decode(g, {raw}, level);
  switch (f.kind) {
    case arch::Kind::kTable:
      return "TABLE " + target_name(program, f.address, true);
    case arch::Kind::kPage:
      return "PAGE " + target_name(program, f.address, false) + leaf_suffix(program, f);
    case arch::Kind::kBlock:
      return "BLOCK " + target_name(program, f.address, false) + leaf_suffix(program, f);
    default:
      return "invalid";
  }
}

std::string describe_entry(const Slice& slice, std::uint8_t entry) {
  if (entry >= slice.entries.size()) return "invalid";
  const Entry& e = slice.entries[entry];
  const SliceCell& cell = slice.cells[e.cell];
  std::string text = describe_descriptor(*slice.program, cell.values[e.value].raw, cell.level);
  if (e.leaf && e.block && e.page != kNoIndex) text += " (" + page_name(slice, e.page) + ")";
  if (cell.companion) text += ", of " + slice.program->cells[cell.cell].name;
  return text;
}

std::string page_name(const Slice& slice, std::uint8_t page) {
  if (page >= slice.pages.size()) return "an address that no page has";
  const PageRef& ref = slice.pages[page].ref;
  if (ref.is_table) return "table " + slice.program->tables[ref.id].name;
  return slice.program->frames[ref.id].name;
}

std::string walker_name(const Slice& slice, std::uint8_t walker) {
  return walker < slice.walkers.size() ? slice.walkers[walker].name : "nobody";
}

std::string access_name(AccessKind kind) {
  switch (kind) {
    case AccessKind::kLoad:
      return "load";
    case AccessKind::kStore:
      return "store";
    case AccessKind::kAdd:
      return "add";
    case AccessKind::kExchange:
      break;
  }
  return "cas";
}

}  // namespace amalgam::model
