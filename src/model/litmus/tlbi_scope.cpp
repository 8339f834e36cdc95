#include "model/litmus/tlbi_scope.hpp"

namespace amalgam::model::litmus {

namespace {

constexpr unsigned kPageLg2 = 12;

bool same_page(Address a, Address b) { return a >> kPageLg2 == b >> kPageLg2; }

}  // namespace

bool removes_stage1(const Event& tlbi) { return tlbi.tlbi.mnemonic.kind != arch::TlbiKind::kIpa; }

bool removes_stage2(const Event& tlbi) {
  const arch::TlbiKind kind = tlbi.tlbi.mnemonic.kind;
  return tlbi.tlbi.mnemonic.regime == arch::Regime::kEl10 &&
         (kind == arch::TlbiKind::kIpa || kind == arch::TlbiKind::kVmallS12 ||
          kind == arch::TlbiKind::kAll);
}

bool matches(const Event& tlbi, const Event& walk) {
  const TlbiInfo& op = tlbi.tlbi;
  const WalkInfo& w = walk.walk;
  const bool stage1 = w.stage == arch::Stage::kStage1;
  if (op.mnemonic.regime != w.regime) return false;
  if (stage1 ? !removes_stage1(tlbi) : !removes_stage2(tlbi)) return false;
  const bool el2 = w.regime == arch::Regime::kEl2;
  const bool same_vmid = el2 || op.vmid == w.vmid;
  const bool same_asid = el2 || op.asid == w.asid;
  switch (op.mnemonic.kind) {
    case arch::TlbiKind::kVa:
      return same_page(op.va, w.va) && same_asid && same_vmid;
    case arch::TlbiKind::kVaAllAsids:
      return same_page(op.va, w.va) && same_vmid;
    case arch::TlbiKind::kAsid:
      return same_asid && same_vmid;
    case arch::TlbiKind::kVmall:
    case arch::TlbiKind::kVmallS12:
      return same_vmid;
    case arch::TlbiKind::kIpa:
      return same_page(op.va, w.ipa) && same_vmid;
    case arch::TlbiKind::kAll:
      return true;
  }
  return false;
}

}  // namespace amalgam::model::litmus
