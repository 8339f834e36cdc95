#include "lang/scenario/attributes.hpp"

#include <algorithm>
#include <array>

#include "amalgam/arch/descriptor_layout.hpp"

namespace amalgam::lang::scenario {

namespace {

namespace bits = arch::bits;
using A = Attribute;
using G = AttributeGroup;

constexpr std::uint64_t kSoftware1 = 1ULL << 55;
constexpr std::uint64_t kS2XnOther = 1ULL << 54;  // XN = 0b10: nobody executes

constexpr std::array kTable{
    AttributeInfo{A::kRw, G::kAccess, "rw"},
    AttributeInfo{A::kRo, G::kAccess, "ro"},
    AttributeInfo{A::kWo, G::kAccess, "wo"},
    AttributeInfo{A::kUser, G::kPrivilege, "user"},
    AttributeInfo{A::kKernel, G::kPrivilege, "kernel"},
    AttributeInfo{A::kX, G::kExecution, "x"},
    AttributeInfo{A::kNx, G::kExecution, "nx"},
    AttributeInfo{A::kWb, G::kMemory, "wb"},
    AttributeInfo{A::kWt, G::kMemory, "wt"},
    AttributeInfo{A::kNc, G::kMemory, "nc"},
    AttributeInfo{A::kTagged, G::kMemory, "tagged"},
    AttributeInfo{A::kDevice, G::kMemory, "device"},
    AttributeInfo{A::kNGnRnE, G::kMemory, "ngnrne"},
    AttributeInfo{A::kIsh, G::kShareability, "ish"},
    AttributeInfo{A::kOsh, G::kShareability, "osh"},
    AttributeInfo{A::kNsh, G::kShareability, "nsh"},
    AttributeInfo{A::kAf, G::kAccessFlag, "af"},
    AttributeInfo{A::kNoAf, G::kAccessFlag, "noaf"},
    AttributeInfo{A::kNg, G::kGlobality, "ng"},
    AttributeInfo{A::kGlobal, G::kGlobality, "global"},
    AttributeInfo{A::kCont, G::kContiguity, "cont"},
    AttributeInfo{A::kNoCont, G::kContiguity, "nocont"},
    AttributeInfo{A::kNt, G::kNt, "nt"},
    AttributeInfo{A::kNoNt, G::kNt, "nont"},
    AttributeInfo{A::kDbm, G::kDbm, "dbm"},
    AttributeInfo{A::kNoDbm, G::kDbm, "nodbm"},
    AttributeInfo{A::kSw1, G::kSw1, "sw1"},
    AttributeInfo{A::kNoSw1, G::kSw1, "nosw1"},
    AttributeInfo{A::kSw2, G::kSw2, "sw2"},
    AttributeInfo{A::kNoSw2, G::kSw2, "nosw2"},
    AttributeInfo{A::kSw3, G::kSw3, "sw3"},
    AttributeInfo{A::kNoSw3, G::kSw3, "nosw3"},
    AttributeInfo{A::kSw4, G::kSw4, "sw4"},
    AttributeInfo{A::kNoSw4, G::kSw4, "nosw4"},
    AttributeInfo{A::kGp, G::kGuarded, "gp"},
    AttributeInfo{A::kNoGp, G::kGuarded, "nogp"},
    AttributeInfo{A::kValid, G::kValidity, "valid"},
    AttributeInfo{A::kInvalid, G::kValidity, "invalid"},
};

constexpr bool in_enumerator_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].attribute) != i) return false;
  }
  return true;
}
static_assert(in_enumerator_order());

constexpr BitChange on(std::uint64_t bit) { return {bit, bit}; }
constexpr BitChange off(std::uint64_t bit) { return {bit, 0}; }
constexpr BitChange field(std::uint64_t mask, std::uint64_t value) {
  return {mask, value * (mask & ~(mask - 1))};  // the mask's lowest bit is the field's unit
}

using MaybeBits = std::optional<BitChange>;

// Bits that stage 1 and stage 2 share.
MaybeBits common_bits(Attribute attribute, const AttributeContext& c) {
  const bool has_groups = arch::contiguous_entries(c.geometry, c.level) > 1;
  const bool has_sh = !arch::uses_lpa2_layout(c.geometry);
  switch (attribute) {
    case A::kIsh:
      return has_sh ? MaybeBits(field(bits::kShareability, 3)) : std::nullopt;
    case A::kOsh:
      return has_sh ? MaybeBits(field(bits::kShareability, 2)) : std::nullopt;
    case A::kNsh:
      return has_sh ? MaybeBits(field(bits::kShareability, 0)) : std::nullopt;
    case A::kAf:
      return on(bits::kAccessFlag);
    case A::kNoAf:
      return off(bits::kAccessFlag);
    case A::kCont:
      return has_groups ? MaybeBits(on(bits::kContiguous)) : std::nullopt;
    case A::kNoCont:
      return has_groups ? MaybeBits(off(bits::kContiguous)) : std::nullopt;
    case A::kNt:
      return c.level != arch::kPageLevel ? MaybeBits(on(bits::kNt)) : std::nullopt;
    case A::kNoNt:
      return c.level != arch::kPageLevel ? MaybeBits(off(bits::kNt)) : std::nullopt;
    case A::kDbm:
      return on(bits::kDbm);
    case A::kNoDbm:
      return off(bits::kDbm);
    case A::kValid:
      return on(bits::kValid);
    case A::kInvalid:
      return off(bits::kValid);
    default:
      break;
  }
  if (attribute < A::kSw1 || attribute > A::kNoSw4) return std::nullopt;
  const auto offset = static_cast<unsigned>(attribute) - static_cast<unsigned>(A::kSw1);
  const std::uint64_t bit = kSoftware1 << (offset / 2);
  return offset % 2 == 0 ? on(bit) : off(bit);
}

MaybeBits execution_bits(bool allowed, const AttributeContext& c) {
  if (c.geometry.stage == arch::Stage::kStage2) {
    return allowed ? off(bits::kS2Xn) : BitChange{bits::kS2Xn, kS2XnOther};
  }
  if (c.geometry.regime == arch::Regime::kEl2) return allowed ? off(bits::kUxn) : on(bits::kUxn);
  if (!allowed) return on(bits::kPxn | bits::kUxn);
  return c.user ? off(bits::kUxn) : off(bits::kPxn);
}

MaybeBits stage1_bits(Attribute attribute, const AttributeContext& c) {
  const bool el2 = c.geometry.regime == arch::Regime::kEl2;
  switch (attribute) {
    case A::kRw:
      return off(bits::kAp2ReadOnly);
    case A::kRo:
      return on(bits::kAp2ReadOnly);
    case A::kUser:
      return el2 ? std::nullopt : MaybeBits(on(bits::kAp1User));
    case A::kKernel:  // AP[1] is RES1 where there is no EL0
      return el2 ? MaybeBits(on(bits::kAp1User)) : MaybeBits(off(bits::kAp1User));
    case A::kWb:
      return field(bits::kAttrIndx, 0);
    case A::kTagged:
      return field(bits::kAttrIndx, 1);
    case A::kNc:
      return field(bits::kAttrIndx, 2);
    case A::kNGnRnE:
      return field(bits::kAttrIndx, 3);
    case A::kDevice:
      return field(bits::kAttrIndx, 4);
    case A::kNg:
      return el2 ? std::nullopt : MaybeBits(on(bits::kNotGlobal));
    case A::kGlobal:
      return el2 ? MaybeBits(BitChange{}) : MaybeBits(off(bits::kNotGlobal));
    case A::kGp:
      return on(bits::kGuarded);
    case A::kNoGp:
      return off(bits::kGuarded);
    default:
      return std::nullopt;
  }
}

MaybeBits stage2_bits(Attribute attribute, const AttributeContext& c) {
  const bool fwb = c.features.fwb;
  constexpr std::uint64_t access = bits::kS2apRead | bits::kS2apWrite;
  switch (attribute) {
    case A::kRw:
      return on(access);
    case A::kRo:
      return BitChange{access, bits::kS2apRead};
    case A::kWo:
      return BitChange{access, bits::kS2apWrite};
    case A::kWb:
      return field(bits::kMemAttr, fwb ? 0b0110 : 0b1111);
    case A::kWt:
      return fwb ? std::nullopt : MaybeBits(field(bits::kMemAttr, 0b1010));
    case A::kNc:
      return field(bits::kMemAttr, 0b0101);
    case A::kNGnRnE:
      return field(bits::kMemAttr, 0b0000);
    case A::kDevice:
      return field(bits::kMemAttr, 0b0001);
    case A::kKernel:
    case A::kGlobal:
      return BitChange{};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::span<const AttributeInfo> attribute_table() { return kTable; }

std::optional<Attribute> attribute_named(std::string_view name) {
  const auto* found = std::ranges::find(kTable, name, &AttributeInfo::name);
  return found == kTable.end() ? std::nullopt : std::optional(found->attribute);
}

const AttributeInfo& info(Attribute attribute) {
  return kTable[static_cast<std::size_t>(attribute)];
}

std::optional<BitChange> attribute_bits(Attribute attribute, const AttributeContext& context) {
  if (attribute == A::kX || attribute == A::kNx) return execution_bits(attribute == A::kX, context);
  if (const MaybeBits common = common_bits(attribute, context)) return common;
  return context.geometry.stage == arch::Stage::kStage1 ? stage1_bits(attribute, context)
                                                        : stage2_bits(attribute, context);
}

}  // namespace amalgam::lang::scenario
