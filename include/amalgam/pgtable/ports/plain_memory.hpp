// The Port on plain memory: tables that no CPU of ours walks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/ports/instructions.hpp"  // IWYU pragma: keep
#include "amalgam/pgtable/ports/platform.hpp"
#include "amalgam/pgtable/ports/platform_port.hpp"

namespace amalgam::pgtable {

// Who else stores to the tables.
enum class Sharing : std::uint8_t {
  kAlone,    // nobody: a compare-exchange is a load and a store, which needs no caches
  kThreads,  // other threads or CPUs
};

// Builds tables in memory that no walker uses: on a host, for tests and tools, and early in a boot
// (kAlone), while the MMU is off and exclusives need not work. A barrier is a fence between
// threads, a TLBI nothing. Tables that are to be walked go on with a HardwarePort on the same root,
// whose activate() makes them visible; caches that were off until then are the caller's affair.
template <arch::Geometry kGeometry, Platform T, Sharing kSharing = Sharing::kThreads>
class PlainMemoryPort : public PlatformPort<kGeometry, T> {
 public:
  using typename PlatformPort<kGeometry, T>::View;
  using PlatformPort<kGeometry, T>::PlatformPort;

  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected,
                        std::uint64_t raw) const {
    if constexpr (kSharing == Sharing::kThreads) {
      return exchange(view + index, expected, raw);
    } else {
      const std::uint64_t found = this->load(view, index);
      if (found == expected) {
        this->store(view, index, raw);
        return true;
      }
      expected = found;
      return false;
    }
  }
  void barrier(const arch::Barrier&) const {
    if constexpr (kSharing == Sharing::kThreads) __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }
  void tlbi(const arch::TlbiMnemonic&, std::uint64_t) const {}

 private:
  // On AArch64 compilers may make a call to a library out of the builtin.
  static bool exchange(std::uint64_t* at, std::uint64_t& expected, std::uint64_t raw) {
#if defined(__aarch64__)
    return Aarch64::compare_exchange(at, expected, raw);
#else
    return __atomic_compare_exchange_n(at, &expected, raw, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
#endif
  }
};

}  // namespace amalgam::pgtable
