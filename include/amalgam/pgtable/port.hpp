// The seam between page-table code and the machine. What is written against a Port runs on
// hardware, on plain memory, under a recorder and under the explorer, unchanged.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

using PhysicalAddress = std::uint64_t;

// When a secondary MMU is told of a change: before it, under the lock right after the descriptor
// has changed, and after it.
enum class NotifyPhase : std::uint8_t { kStart, kNow, kEnd };

// A Port gives access to table pages through views. With a linear map a view is a pointer and open
// and close do nothing; with fixmap-like slots open maps the page and close takes it away. The
// library has at most one view open for each level of a walk, and opens a page that it creates
// once.
//
//   open(pa), close(view)    brings the table page at `pa` into view; may not fail
//   load(view, i)            single-copy atomic read of descriptor i
//   store(view, i, raw)      single-copy atomic write; ordered by barriers alone
//   compare_exchange(view, i, expected, raw)
//                            stores raw if descriptor i equals expected, else sets expected to what
//                            it is; atomic against hardware updates; says whether it stored
//   barrier(b)               DMB, DSB or ISB
//   tlbi(mnemonic, operand)  the instruction alone; barriers around it are the library's affair
//   reserve(n)               makes sure that the next n calls of take() succeed; false: it cannot,
//                            and nothing is reserved
//   take()                   a table page of undefined contents, from what is reserved
//   release(n)               gives back n reserved pages that were not taken
//   give_back(pa)            frees a table page that no walk can reach any more
//   notify(phase, start, end)
//                            tells secondary MMUs of a change to [start, end)
template <typename P>
concept Port = requires(P& port, typename P::View view, PhysicalAddress pa, std::size_t index,
                        std::uint64_t raw, std::uint64_t& expected, const arch::Barrier& b,
                        const arch::TlbiMnemonic& mnemonic, std::size_t count, NotifyPhase phase) {
  { port.open(pa) } -> std::same_as<typename P::View>;
  { port.close(view) } -> std::same_as<void>;
  { port.load(view, index) } -> std::same_as<std::uint64_t>;
  { port.store(view, index, raw) } -> std::same_as<void>;
  { port.compare_exchange(view, index, expected, raw) } -> std::same_as<bool>;
  { port.barrier(b) } -> std::same_as<void>;
  { port.tlbi(mnemonic, raw) } -> std::same_as<void>;
  { port.reserve(count) } -> std::same_as<bool>;
  { port.take() } -> std::same_as<PhysicalAddress>;
  { port.release(count) } -> std::same_as<void>;
  { port.give_back(pa) } -> std::same_as<void>;
  { port.notify(phase, raw, raw) } -> std::same_as<void>;
};

// What some strategies and operations need beyond a Port. A Port that lacks it is one on which they
// are refused.
//
//   stop_others()            on return every other CPU that uses the tables runs nothing but a wait
//                            that needs none of the mappings that change, interrupts masked, and
//                            has completed the accesses that it had begun. Their walkers still
//                            walk.
//   resume_others()          lets them go on, after a context synchronisation event on each
template <typename P>
concept StopsOthers = Port<P> && requires(P& port) {
  { port.stop_others() } -> std::same_as<void>;
  { port.resume_others() } -> std::same_as<void>;
};

//   copy_page(from, to)      copies the memory of one page (of the granule) through addresses that
//   no
//                            operation changes, and completes before the next DMB or DSB does
//   same_contents(a, b)      whether two pages hold the same bytes now, read in the same way
template <typename P>
concept CopiesPages = Port<P> && requires(P& port, PhysicalAddress pa) {
  { port.copy_page(pa, pa) } -> std::same_as<void>;
  { port.same_contents(pa, pa) } -> std::same_as<bool>;
};

//   set_root(half, root, tag)
//                            writes this CPU's root register (TTBR0, TTBR1 or VTTBR) with an ASID
//                            or VMID; the instruction alone
template <typename P>
concept SetsRoot = Port<P> && requires(P& port, Half half, PhysicalAddress pa, std::uint16_t tag) {
  { port.set_root(half, pa, tag) } -> std::same_as<void>;
};

// A view that closes itself. A Port that takes a source_location is told the line that asks.
template <Port P>
class OpenTable {
 public:
  using Here = std::source_location;

  OpenTable(P& port, PhysicalAddress pa) : port_(port), view_(port.open(pa)) {}
  ~OpenTable() { port_.close(view_); }
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  [[nodiscard]] std::uint64_t load(std::size_t index, const Here& here = Here::current()) const {
    if constexpr (requires { port_.load(view_, index, here); }) {
      return port_.load(view_, index, here);
    } else {
      return port_.load(view_, index);
    }
  }
  void store(std::size_t index, std::uint64_t raw, const Here& here = Here::current()) const {
    if constexpr (requires { port_.store(view_, index, raw, here); }) {
      port_.store(view_, index, raw, here);
    } else {
      port_.store(view_, index, raw);
    }
  }
  bool compare_exchange(std::size_t index, std::uint64_t& expected, std::uint64_t raw,
                        const Here& here = Here::current()) const {
    if constexpr (requires { port_.compare_exchange(view_, index, expected, raw, here); }) {
      return port_.compare_exchange(view_, index, expected, raw, here);
    } else {
      return port_.compare_exchange(view_, index, expected, raw);
    }
  }

 private:
  P& port_;
  typename P::View view_;
};

}  // namespace amalgam::pgtable
