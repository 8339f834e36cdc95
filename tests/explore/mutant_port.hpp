// A Port that does all that another does but for one step, so that code with a mistake in it is
// made from code without one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "explore/explore.hpp"

namespace amalgam::test {

enum class Mistake : std::uint8_t {
  kNothing,
  kDropBarrier,    // the n-th barrier
  kStoreBarrier,   // ... waits for stores alone
  kLocalBarrier,   // ... is not shareable
  kDropTlbi,       // the n-th TLBI
  kLocalTlbi,      // ... does not reach other CPUs
  kLastLevelTlbi,  // ... leaves copies of table descriptors
};

struct Mutation {
  Mistake mistake = Mistake::kNothing;
  std::size_t at = 0;  // counts from 0, since arm()
};

class MutantPort {
 public:
  using View = explorer::Port::View;

  MutantPort(explorer::Port& port, Mutation mutation) : port_(port), mutation_(mutation) {}

  // From here on operations count.
  void arm() { armed_ = true; }

  View open(explorer::PhysicalAddress pa) { return port_.open(pa); }
  void close(View view) { port_.close(view); }
  std::uint64_t load(View view, std::size_t i) { return port_.load(view, i); }
  void store(View view, std::size_t i, std::uint64_t raw) { port_.store(view, i, raw); }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    return port_.compare_exchange(view, i, expected, raw);
  }
  void barrier(const arch::Barrier& said) {
    arch::Barrier b = said;
    const bool chosen = armed_ && barriers_++ == mutation_.at;
    if (chosen && mutation_.mistake == Mistake::kDropBarrier) return;
    if (chosen && mutation_.mistake == Mistake::kStoreBarrier) b.access = arch::Access::kStore;
    if (chosen && mutation_.mistake == Mistake::kLocalBarrier) b.domain = arch::Domain::kNsh;
    port_.barrier(b);
  }
  void tlbi(const arch::TlbiMnemonic& said, std::uint64_t operand) {
    arch::TlbiMnemonic m = said;
    const bool chosen = armed_ && tlbis_++ == mutation_.at;
    if (chosen && mutation_.mistake == Mistake::kDropTlbi) return;
    if (chosen && mutation_.mistake == Mistake::kLocalTlbi) {
      m.shareability = arch::Shareability::kLocal;
    }
    if (chosen && mutation_.mistake == Mistake::kLastLevelTlbi) m.last_level = true;
    port_.tlbi(m, operand);
  }
  bool reserve(std::size_t count) { return port_.reserve(count); }
  explorer::PhysicalAddress take() { return port_.take(); }
  void release(std::size_t count) { port_.release(count); }
  void give_back(explorer::PhysicalAddress pa) { port_.give_back(pa); }
  void notify(pgtable::NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    port_.notify(phase, start, end);
  }

  [[nodiscard]] std::size_t barriers() const { return barriers_; }
  [[nodiscard]] std::size_t tlbis() const { return tlbis_; }

 private:
  explorer::Port& port_;
  Mutation mutation_;
  bool armed_ = false;
  std::size_t barriers_ = 0;
  std::size_t tlbis_ = 0;
};

}  // namespace amalgam::test
