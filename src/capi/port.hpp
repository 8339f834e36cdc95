// The Port that a C program's callbacks make.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable.h"
#include "amalgam/pgtable/port.hpp"
#include "capi/convert.hpp"

namespace amalgam::capi {

// Says of itself at compile time that it stops CPUs and copies pages. Whether the caller's
// callbacks do is known when they are there: what would use one that is not has to be refused
// before (can_stop, can_copy).
class CallbackPort {
 public:
  using View = void*;

  // With every callback that has no default; see is_complete.
  explicit CallbackPort(const amalgam_port& callbacks);

  View open(pgtable::PhysicalAddress pa) { return c_.open(c_.context, pa); }
  void close(View view) { c_.close(c_.context, view); }
  [[nodiscard]] std::uint64_t load(View view, std::size_t index) const {
    return c_.load(c_.context, view, index);
  }
  void store(View view, std::size_t index, std::uint64_t raw) const {
    c_.store(c_.context, view, index, raw);
  }
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected,
                        std::uint64_t raw) const {
    return c_.compare_exchange(c_.context, view, index, &expected, raw);
  }
  void barrier(const arch::Barrier& b) const {
    const amalgam_barrier barrier = to_c(b);
    c_.barrier(c_.context, &barrier);
  }
  void tlbi(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand) const {
    const amalgam_tlbi tlbi = to_c(mnemonic, operand);
    c_.tlbi(c_.context, &tlbi);
  }
  [[nodiscard]] bool reserve(std::size_t count) { return c_.reserve(c_.context, count); }
  pgtable::PhysicalAddress take() { return c_.take(c_.context); }
  void release(std::size_t count) { c_.release(c_.context, count); }
  void give_back(pgtable::PhysicalAddress pa) { c_.give_back(c_.context, pa); }
  void notify(pgtable::NotifyPhase phase, std::uint64_t start, std::uint64_t end) const {
    c_.notify(c_.context, static_cast<std::uint32_t>(phase), start, end);
  }
  void stop_others() { c_.stop_others(c_.context); }
  void resume_others() { c_.resume_others(c_.context); }
  void copy_page(pgtable::PhysicalAddress from, pgtable::PhysicalAddress to) {
    c_.copy_page(c_.context, from, to);
  }
  [[nodiscard]] bool same_contents(pgtable::PhysicalAddress a, pgtable::PhysicalAddress b) {
    return c_.same_contents(c_.context, a, b);
  }

  [[nodiscard]] bool can_stop() const { return c_.stop_others != nullptr; }
  [[nodiscard]] bool can_copy() const { return c_.copy_page != nullptr; }

 private:
  amalgam_port c_;
};

static_assert(pgtable::StopsOthers<CallbackPort> && pgtable::CopiesPages<CallbackPort>);

// Whether everything is there that has no default, and pairs are whole.
bool is_complete(const amalgam_port& callbacks);

}  // namespace amalgam::capi
