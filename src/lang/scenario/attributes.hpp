// The attributes of a mapping, and the descriptor bits they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::lang::scenario {

enum class Attribute : std::uint8_t {
  kRw,
  kRo,
  kWo,
  kUser,
  kKernel,
  kX,
  kNx,
  kWb,
  kWt,
  kNc,
  kTagged,
  kDevice,
  kNGnRnE,
  kIsh,
  kOsh,
  kNsh,
  kAf,
  kNoAf,
  kNg,
  kGlobal,
  kCont,
  kNoCont,
  kNt,
  kNoNt,
  kDbm,
  kNoDbm,
  kSw1,
  kNoSw1,
  kSw2,
  kNoSw2,
  kSw3,
  kNoSw3,
  kSw4,
  kNoSw4,
  kGp,
  kNoGp,
  kValid,
  kInvalid,
};

// Attributes of one group contradict each other.
enum class AttributeGroup : std::uint8_t {
  kAccess,
  kPrivilege,
  kExecution,
  kMemory,
  kShareability,
  kAccessFlag,
  kGlobality,
  kContiguity,
  kNt,
  kDbm,
  kSw1,
  kSw2,
  kSw3,
  kSw4,
  kGuarded,
  kValidity,
};

struct AttributeInfo {
  Attribute attribute;
  AttributeGroup group;
  std::string_view name;
};

// All attributes, in the order of their enumerators.
std::span<const AttributeInfo> attribute_table();

// The attribute of that name, or nothing.
std::optional<Attribute> attribute_named(std::string_view name);

const AttributeInfo& info(Attribute attribute);

// What decides which bits an attribute stands for.
struct AttributeContext {
  arch::Geometry geometry;
  arch::Features features;
  int level = 3;
  bool user = false;  // `user` stands in the same list: `x` allows EL0 to execute
};

// (value & ~clear) | set gives the descriptor the attribute.
struct BitChange {
  std::uint64_t clear = 0;
  std::uint64_t set = 0;

  friend bool operator==(const BitChange&, const BitChange&) = default;
};

// The bits of an attribute in a leaf, or nothing where such a leaf does not have it. Linux's MAIR
// says what AttrIndx means (arch::kLinuxMair), so that stage 1 has no Write-Through.
std::optional<BitChange> attribute_bits(Attribute attribute, const AttributeContext& context);

// First `first`, then `second`.
constexpr BitChange then(const BitChange& first, const BitChange& second) {
  return {first.clear | second.clear, (first.set & ~second.clear) | second.set};
}

}  // namespace amalgam::lang::scenario
