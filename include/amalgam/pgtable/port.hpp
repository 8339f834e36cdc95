// The seam between page-table code and the machine. What is written against a Port runs on
// hardware, on plain memory, under a recorder and under the explorer, unchanged.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"

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

// A view that closes itself.
template <Port P>
class OpenTable {
 public:
  OpenTable(P& port, PhysicalAddress pa) : port_(port), view_(port.open(pa)) {}
  ~OpenTable() { port_.close(view_); }
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  [[nodiscard]] std::uint64_t load(std::size_t index) const { return port_.load(view_, index); }
  void store(std::size_t index, std::uint64_t raw) const { port_.store(view_, index, raw); }
  bool compare_exchange(std::size_t index, std::uint64_t& expected, std::uint64_t raw) const {
    return port_.compare_exchange(view_, index, expected, raw);
  }

 private:
  P& port_;
  typename P::View view_;
};

}  // namespace amalgam::pgtable
