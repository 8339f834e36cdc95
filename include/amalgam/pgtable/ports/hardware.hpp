// The Port on an AArch64 CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/ports/instructions.hpp"
#include "amalgam/pgtable/ports/platform.hpp"
#include "amalgam/pgtable/ports/platform_port.hpp"
#include "amalgam/pgtable/ports/root_register.hpp"

namespace amalgam::pgtable {

// Tables of this geometry, on the CPU that runs this, with table pages where `platform` shows them.
// Needs the MMU on, and table pages mapped as the walker sees them (TCR's IRGN, ORGN and SH);
// before that, build with PlainMemoryPort.
template <arch::Geometry kGeometry, Platform T, typename I = Aarch64>
class HardwarePort : public PlatformPort<kGeometry, T> {
 public:
  using typename PlatformPort<kGeometry, T>::View;

  // `common`: every CPU that uses the tables writes the same roots and tags, and may share TLB
  // entries with others (CnP; needs FEAT_TTCNP).
  explicit HardwarePort(T& platform, bool common = false)
      : PlatformPort<kGeometry, T>(platform), common_(common) {}

  // Acquire and release: who loses a race to install a table sees what the winner's holds.
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected,
                        std::uint64_t raw) const {
    return I::compare_exchange(view + index, expected, raw);
  }
  // One instruction where the compiler knows which.
  [[gnu::always_inline]] void barrier(const arch::Barrier& b) const { I::barrier(b); }
  [[gnu::always_inline]] void tlbi(const arch::TlbiMnemonic& mnemonic,
                                   std::uint64_t operand) const {
    I::tlbi(mnemonic, operand);
  }

  // Writes the root register; takes effect after the next context synchronisation event.
  void set_root(Half half, PhysicalAddress root, std::uint16_t tag) const {
    I::write_root(root_register(kGeometry, half), root_value(kGeometry, root, tag, common_));
  }

 private:
  bool common_;
};

}  // namespace amalgam::pgtable
