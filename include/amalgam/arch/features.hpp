#pragma once

#include <cstdint>

namespace amalgam::arch {

// FEAT_ETS: value 1 of the ID field is retired and gives nothing, so it is kNone here.
enum class Ets : std::uint8_t { kNone, kEts2, kEts3 };

// What the CPUs that share the tables implement. Where CPUs differ, the weakest of them counts.
struct Features {
  std::uint8_t bbm = 0;            // FEAT_BBM level 0..3; 3 also stands for level 2 without aborts
  bool no_conflict_abort = false;  // level 2 that is known never to raise a TLB conflict abort
  Ets ets = Ets::kNone;
  bool hardware_af = false;     // hardware sets the access flag (TCR.HA)
  bool hardware_dirty = false;  // hardware sets the dirty state (TCR.HD)
  bool ttl = false;             // level hints in TLBI operands
  bool tlbi_range = false;
  bool tlbi_os = false;  // outer-shareable forms
  bool xs = false;       // nXS forms of TLBI and DSB
  bool lpa = false;
  bool lpa2 = false;
  bool cnp = false;
  bool fwb = false;             // stage 2 forced write-back: other MemAttr encodings
  bool xnx = false;             // stage 2 XN[0] tells EL0 from EL1
  bool two_ipa_spaces = false;  // Secure or Realm state: bit 63 of an IPA operand selects the space

  friend constexpr bool operator==(const Features&, const Features&) = default;
};

// The level that the rules see: 0..3, where level 2 without aborts is 3.
constexpr unsigned effective_bbm(const Features& f) {
  if (f.bbm >= 2 && f.no_conflict_abort) return 3;
  return f.bbm > 3 ? 3 : f.bbm;
}

}  // namespace amalgam::arch
