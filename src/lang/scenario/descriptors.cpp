#include "lang/scenario/descriptors.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "amalgam/arch/descriptor.hpp"
#include "lang/scenario/cursor.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::array kDefaults{Attribute::kWb, Attribute::kIsh,    Attribute::kAf,
                               Attribute::kNx, Attribute::kKernel, Attribute::kGlobal};

AttributeContext context_of(const ast::Machine& machine, int level,
                            const ast::Attributes& attributes) {
  const auto is_user = [](const ast::AttributeUse& use) {
    return use.attribute == Attribute::kUser;
  };
  return {machine.geometry, machine.features, level, std::ranges::any_of(attributes, is_user)};
}

std::uint64_t default_bits(const AttributeContext& context) {
  BitChange result;
  for (const Attribute attribute : kDefaults) {
    result = then(result, attribute_bits(attribute, context).value_or(BitChange{}));
  }
  return result.set;
}

std::string why_absent(Attribute attribute, const AttributeContext& context) {
  const std::string name = quoted(info(attribute).name);
  const bool stage2 = context.geometry.stage == arch::Stage::kStage2;
  if (attribute == Attribute::kWt && !stage2) {
    return name + " is for stage 2: the MAIR that Linux programs has no Write-Through";
  }
  if (attribute == Attribute::kNt) return name + " is for blocks";
  return "a leaf of this machine at level " + std::to_string(context.level) + " has no " + name;
}

bool names_access(const ast::Attributes& attributes) {
  return std::ranges::any_of(attributes, [](const ast::AttributeUse& use) {
    return info(use.attribute).group == AttributeGroup::kAccess;
  });
}

}  // namespace

std::optional<BitChange> change_of(const ast::Machine& machine, int level,
                                   const ast::Attributes& attributes, Diagnostics& diagnostics) {
  const AttributeContext context = context_of(machine, level, attributes);
  BitChange result;
  for (const ast::AttributeUse& use : attributes) {
    const auto bits = attribute_bits(use.attribute, context);
    if (!bits) {
      diagnostics.error(use.location, why_absent(use.attribute, context));
      return std::nullopt;
    }
    result = then(result, *bits);
  }
  return result;
}

std::optional<std::uint64_t> leaf_value(const ast::Machine& machine, int level,
                                        std::uint64_t address, const ast::Attributes& attributes,
                                        const Location& where, Diagnostics& diagnostics) {
  if (!names_access(attributes)) {
    diagnostics.error(where, "expected `rw` or `ro` with the frame");
    return std::nullopt;
  }
  const auto change = change_of(machine, level, attributes, diagnostics);
  if (!change) return std::nullopt;
  const arch::Kind kind = level == arch::kPageLevel ? arch::Kind::kPage : arch::Kind::kBlock;
  const arch::Fields fields{.kind = kind, .address = address};
  const std::uint64_t bare = arch::encode(machine.geometry, fields, level).raw;
  const std::uint64_t defaults = default_bits(context_of(machine, level, attributes));
  return ((bare | defaults) & ~change->clear) | change->set;
}

std::uint64_t table_value(const ast::Machine& machine, int level, std::uint64_t address) {
  const arch::Fields fields{.kind = arch::Kind::kTable, .address = address};
  return arch::encode(machine.geometry, fields, level).raw;
}

}  // namespace amalgam::lang::scenario
