#include "report/descriptor_text.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/arch/descriptor_explain.hpp"
#include "report/columns.hpp"

namespace amalgam::report {

namespace {

std::string access_text(const arch::Geometry& g, const arch::Entry& e, bool hardware_dirty) {
  const bool write = arch::is_writable(g, e.descriptor, e.level, hardware_dirty);
  if (arch::is_readable(g, e.descriptor, e.level)) return write ? "RW" : "RO";
  return write ? "WO" : "no access";
}

bool executable(const arch::Geometry& g, const arch::Fields& fields) {
  if (g.stage == arch::Stage::kStage2) return fields.s2_xn != 2;
  return fields.uxn == 0 || (g.regime != arch::Regime::kEl2 && fields.pxn == 0);
}

std::vector<std::string> attributes(const arch::Geometry& g, const arch::Entry& e) {
  const arch::Fields fields = arch::decode(g, e.descriptor, e.level);
  const bool stage1 = g.stage == arch::Stage::kStage1;
  std::vector<std::string> names;
  const auto add = [&](bool holds, std::string text) {
    if (holds) names.push_back(std::move(text));
  };
  add(stage1 && arch::user_accessible(g, e.descriptor, e.level), "user");
  add(executable(g, fields), "X");
  add(fields.access_flag == 0, "AF=0");
  add(fields.dbm != 0, "DBM");
  add(arch::has_asid(g) && fields.not_global != 0, "nG");
  add(arch::is_contiguous(g, e.descriptor, e.level), "contiguous");
  add(fields.nt != 0, "nT");
  add(stage1 && fields.attr_indx != 0, fmt::format("AttrIndx {}", fields.attr_indx));
  add(!stage1, fmt::format("MemAttr 0b{:04b}", fields.mem_attr));
  return names;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

}  // namespace

std::string summary(const arch::Entry& entry, const arch::ChangeContext& context) {
  const arch::Geometry& g = context.geometry;
  const arch::Kind kind = arch::kind(g, entry.descriptor, entry.level);
  if (!arch::is_valid(g, entry.descriptor, entry.level)) return std::string(kind_name(kind));
  std::string text = fmt::format("{} 0x{:x}", upper(kind_name(kind)),
                                 arch::output_address(g, entry.descriptor, entry.level));
  if (!arch::is_leaf(g, entry.descriptor, entry.level)) return text;
  std::vector<std::string> parts{access_text(g, entry, context.any_hardware_dirty)};
  for (std::string& attribute : attributes(g, entry)) parts.push_back(std::move(attribute));
  return text + ' ' + join(parts, ", ");
}

std::string setting(const arch::Geometry& g, int level) {
  static constexpr std::array<std::string_view, 3> kRegimes{"EL1&0", "EL2", "EL2&0"};
  const bool stage1 = g.stage == arch::Stage::kStage1;
  return fmt::format(
      "level {}, {}, granule {}, {}-bit input, {}-bit output addresses{}", level,
      stage1 ? fmt::format("stage 1 {}", kRegimes[static_cast<unsigned>(g.regime)]) : "stage 2",
      name(g.granule), g.va_bits, g.pa_bits, g.lpa2 ? ", LPA2" : "");
}

std::string_view name(arch::Granule granule) {
  static constexpr std::array<std::string_view, 3> kNames{"4K", "16K", "64K"};
  return kNames[static_cast<std::size_t>(granule)];
}

std::string_view name(arch::Regime regime) {
  static constexpr std::array<std::string_view, 3> kNames{"el1", "el2", "el20"};
  return kNames[static_cast<std::size_t>(regime)];
}

}  // namespace amalgam::report
