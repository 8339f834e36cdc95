// Whether a TLBI of a litmus test reaches a descriptor read.
#pragma once

#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

// Whether `tlbi` would remove what a walk keeps of the descriptor read `walk`, on a CPU that it
// reaches: stage, regime, ASID, VMID and page match as the operation's kind asks. Both published
// families match by 4 KB pages and know neither level hints nor global entries.
[[nodiscard]] bool matches(const Event& tlbi, const Event& walk);

// matches(), and the operation reaches the CPU of the walk: broadcast, or the same thread.
[[nodiscard]] inline bool affects(const Event& tlbi, const Event& walk, bool same_thread) {
  const bool broadcast = tlbi.tlbi.mnemonic.shareability != arch::Shareability::kLocal;
  return (broadcast || same_thread) && matches(tlbi, walk);
}

// The stages of entries that the operation removes.
[[nodiscard]] bool removes_stage1(const Event& tlbi);
[[nodiscard]] bool removes_stage2(const Event& tlbi);

}  // namespace amalgam::model::litmus
