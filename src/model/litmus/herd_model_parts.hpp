// The named parts of herd's AArch64 model, so that each can be left out and its absence noticed.
#pragma once

#include <cstdint>

#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

// A relation or an axiom, named as in the cat files. `kNone` names nothing.
enum class HerdPart : std::uint8_t {
  kNone,
  // aarch64hwreqs.cat: what lob is made of, and pick-lob.
  kTrIb,
  kEtsOb,
  kDsbOb,
  kIfbOb,
  kLmws,
  kDob,
  kPob,
  kAob,
  kBob,
  kPickLob,
  // aarch64.cat: haz-ob.
  kExpHazOb,
  kTlbiOb,
  // aarch64.cat: obs.
  kExpObs,
  kTtdRf,  // [Imp & TTD]; rf | rf; [Imp & TTD]
  kTlbUncacheableCa,
  kHuCa,
  kHuCoherence,  // [HU]; ca; [W] | [W]; ca; [HU]
  kTlbiCa,
  // aarch64.cat: the axioms beside `external`.
  kCoRw1,
  kCoRw1Rmw,
  kCoWw,
  kCoWr,
  kAtomic,
  kCount,
};

// A set of parts.
class HerdParts {
 public:
  static constexpr HerdParts all() { return HerdParts((1U << unsigned(HerdPart::kCount)) - 1); }
  // All but those that the deliberate mistake takes away.
  static HerdParts without(LitmusMutation mutation);

  [[nodiscard]] constexpr bool has(HerdPart part) const {
    return (bits_ >> static_cast<unsigned>(part) & 1U) != 0;
  }
  constexpr HerdParts& drop(HerdPart part) {
    bits_ &= ~(1U << static_cast<unsigned>(part));
    return *this;
  }

 private:
  explicit constexpr HerdParts(std::uint32_t bits) : bits_(bits) {}

  std::uint32_t bits_;
};

}  // namespace amalgam::model::litmus
