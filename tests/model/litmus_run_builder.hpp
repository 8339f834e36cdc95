// Runs of threads, written by hand: an instruction a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "model/litmus/event.hpp"
#include "model/litmus/test.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {
// Other builders have constants of the same names.
inline namespace built_runs {

inline constexpr Address kPageX = 0x8'0000'0000;
inline constexpr Address kPageY = 0x8'0000'1000;
inline constexpr Address kDescriptorX = 0x3000'0008;
inline constexpr Address kVaX = 0x4020'1000;
inline constexpr Value kInvalid = 0;
inline constexpr Value kToX = kPageX | 0x743;
inline constexpr Value kToY = kPageY | 0x743;

class RunBuilder {
 public:
  // What the translation of an access reads.
  struct Walk {
    Value descriptor = kToX;
  };

  // Reads into the next free register, R0 first.
  RunBuilder& read(Address address, Value value, std::optional<Walk> walk = std::nullopt) {
    const RunMask walks = translate(walk);
    Event& e = add(EventKind::kRead, address, value, walks);
    e.va = walk ? kVaX : address;
    run_.registers[next_register_] = value;
    run_.registers_set |= 1U << next_register_++;
    return next();
  }

  RunBuilder& write(Address address, Value value, std::optional<Walk> walk = std::nullopt) {
    const RunMask walks = translate(walk);
    add(EventKind::kWrite, address, value, walks).va = walk ? kVaX : address;
    return next();
  }

  // An atomic access that reads one value and writes another.
  RunBuilder& swap(Address address, Value read, Value written) {
    Event& from = add(EventKind::kRead, address, read, 0);
    from.atomic = true;
    const auto source = static_cast<RunEvent>(run_.events.size() - 1);
    from.pair = static_cast<RunEvent>(source + 1);
    Event& to = add(EventKind::kWrite, address, written, run_bit(source));
    to.atomic = true;
    to.pair = source;
    run_.registers[next_register_] = read;
    run_.registers_set |= 1U << next_register_++;
    return next();
  }

  // A load whose walk reads what is invalid; the next register says so by a 1.
  RunBuilder& faulting_read() {
    const RunMask walks = translate(Walk{kInvalid});
    Event& e = add(EventKind::kFault, 0, 0, walks);
    e.va = kVaX;
    e.fault.va = kVaX;
    e.fault.from_read = true;
    run_.registers[next_register_] = 1;
    run_.registers_set |= 1U << next_register_++;
    return next();
  }

  RunBuilder& barrier(arch::Barrier barrier) {
    add(EventKind::kBarrier, 0, 0, 0).barrier = barrier;
    return next();
  }
  RunBuilder& dmb() { return barrier({.kind = arch::BarrierKind::kDmb}); }
  RunBuilder& dsb() { return barrier({.kind = arch::BarrierKind::kDsb}); }
  RunBuilder& isb() { return barrier({.kind = arch::BarrierKind::kIsb}); }

  RunBuilder& tlbi(bool broadcast) {
    Event& e = add(EventKind::kTlbi, 0, 0, 0);
    e.tlbi.mnemonic.kind = arch::TlbiKind::kVaAllAsids;
    e.tlbi.mnemonic.shareability =
        broadcast ? arch::Shareability::kInner : arch::Shareability::kLocal;
    e.tlbi.has_address = true;
    e.tlbi.va = kVaX;
    return next();
  }

  // The last instruction takes its data, or its address, from the read before it.
  RunBuilder& with_data() { return depend(&Event::data_from); }
  RunBuilder& with_address() { return depend(&Event::address_from); }

  [[nodiscard]] ThreadRun run() const { return run_; }

 private:
  RunMask translate(std::optional<Walk> walk) {
    if (!walk) return 0;
    Event& e = add(EventKind::kWalk, kDescriptorX, walk->descriptor, 0);
    e.walk.faulting = (walk->descriptor & 1) == 0;
    e.walk.va = kVaX;
    e.walk.translation = translations_++;
    return run_bit(static_cast<unsigned>(run_.events.size() - 1));
  }

  Event& add(EventKind kind, Address address, Value value, RunMask before) {
    Event& e = run_.events.emplace_back();
    e.kind = kind;
    e.address = address;
    e.value = value;
    e.instruction = instruction_;
    e.before_in_instruction = before;
    e.walks = before;
    return e;
  }

  RunBuilder& depend(RunMask Event::* from) {
    RunMask source = 0;
    for (unsigned i = 0; i < run_.events.size(); ++i) {
      const Event& e = run_.events[i];
      if (e.kind == EventKind::kRead && e.instruction + 2 == instruction_) source = run_bit(i);
    }
    for (Event& e : run_.events) {
      if (e.instruction + 1 == instruction_) e.*from |= source;
    }
    return *this;
  }

  RunBuilder& next() {
    ++instruction_;
    return *this;
  }

  ThreadRun run_;
  std::uint16_t instruction_ = 0;
  std::uint8_t translations_ = 0;
  unsigned next_register_ = 0;
};

// A test of `threads` threads that shows the first registers of each.
inline Test test_of(unsigned threads, unsigned registers) {
  Test test;
  test.memory = {{kDescriptorX, kToX}};
  test.symbols = {{"x", kVaX, kPageX, kDescriptorX}, {"y", 0, kPageY, 0}};
  test.descriptors = {kDescriptorX};
  test.quantifier = Quantifier::kExists;
  for (unsigned t = 0; t < threads; ++t) {
    Thread& thread = test.threads.emplace_back();
    thread.name = "P" + std::to_string(t);
    for (unsigned r = 0; r < registers; ++r) {
      Observable& o = test.observed.emplace_back();
      o.thread = t;
      o.reg = static_cast<RegisterIndex>(r);
      o.text = std::to_string(t) + ":X" + std::to_string(r);
    }
  }
  return test;
}

}  // namespace built_runs
}  // namespace amalgam::model::litmus
