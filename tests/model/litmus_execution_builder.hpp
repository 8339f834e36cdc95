// Executions written down by hand: threads of events, who reads from whom by value, and coherence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/litmus/execution.hpp"
#include "model/litmus/skeleton.hpp"

namespace amalgam::model::litmus {
// Other builders have constants of the same names.
inline namespace built_executions {

inline constexpr Address kPageX = 0x8'0000'1000;
inline constexpr Address kPageY = 0x8'0000'2000;
inline constexpr Address kPageZ = 0x8'0000'3000;
inline constexpr Address kVaX = 0x4020'1000;
inline constexpr Address kVaY = 0x4040'2000;
inline constexpr Address kPteX = 0x3000'0008;
inline constexpr Address kPteY = 0x3000'0010;

inline constexpr Value kReadOnly = 1U << 7;
inline constexpr Value kAccessed = 1U << 10;

// A whole Event by designated initialisers leaves members out, which -Wextra warns of.
inline Event event_of(EventKind kind, Address address = 0, Value value = 0) {
  Event e;
  e.kind = kind;
  e.address = address;
  e.value = value;
  return e;
}

constexpr Value valid_to(Address page, Value bits = kAccessed) { return page | 3 | bits; }
constexpr Value kInvalid = kPageX | kAccessed;

// Numbers the events of a thread from 0, in the order in which they are added.
class ExecutionBuilder {
 public:
  explicit ExecutionBuilder(unsigned threads) : runs_(threads), instruction_(threads, 0) {
    test_.threads.resize(threads);
    test_.symbols = {{"x", kVaX, kPageX, kPteX}, {"y", kVaY, kPageY, kPteY}};
    test_.descriptors = {kPteX, kPteY};
    test_.memory = {{kPteX, valid_to(kPageX)}, {kPteY, valid_to(kPageY)}};
  }

  Test& test() { return test_; }

  // Adds an event as an instruction of its own.
  RunEvent add(unsigned thread, Event e) {
    e.instruction = ++instruction_[thread];
    return append(thread, e);
  }

  // Adds an event to the instruction of the event before it.
  RunEvent join(unsigned thread, Event e) {
    e.instruction = instruction_[thread];
    for (std::size_t i = 0; i < runs_[thread].events.size(); ++i) {
      if (runs_[thread].events[i].instruction != e.instruction) continue;
      e.before_in_instruction |= run_bit(static_cast<unsigned>(i));
      if (runs_[thread].events[i].kind == EventKind::kWalk) e.walks |= e.before_in_instruction;
    }
    return append(thread, e);
  }

  Event& event(unsigned thread, RunEvent e) { return runs_[thread].events[e]; }

  RunEvent read(unsigned thread, Address address, Value value) {
    return add(thread, event_of(EventKind::kRead, address, value));
  }
  RunEvent write(unsigned thread, Address address, Value value) {
    return add(thread, event_of(EventKind::kWrite, address, value));
  }
  RunEvent barrier(unsigned thread, const char* text) {
    Event e = event_of(EventKind::kBarrier);
    e.barrier = *arch::parse_barrier(text);
    return add(thread, e);
  }
  RunEvent tlbi(unsigned thread, const char* text, Address va = 0) {
    Event e = event_of(EventKind::kTlbi);
    e.tlbi.mnemonic = *arch::parse_mnemonic(text);
    e.tlbi.has_address = va != 0;
    e.tlbi.va = va;
    return add(thread, e);
  }
  // The walk that starts an instruction; what it serves is added with join.
  RunEvent walk(unsigned thread, Address descriptor, Address va, Value value) {
    Event e = event_of(EventKind::kWalk, descriptor, value);
    e.va = va;
    e.walk.va = va;
    return add(thread, e);
  }
  RunEvent join_read(unsigned thread, Address address, Value value) {
    return join(thread, event_of(EventKind::kRead, address, value));
  }
  RunEvent join_write(unsigned thread, Address address, Value value) {
    return join(thread, event_of(EventKind::kWrite, address, value));
  }
  RunEvent join_fault(unsigned thread, FaultType type) {
    Event e = event_of(EventKind::kFault);
    e.fault.type = type;
    return join(thread, e);
  }
  // The hardware update of the walk `of`.
  RunEvent join_update(unsigned thread, RunEvent of, Value value) {
    Event e = event_of(EventKind::kHardwareUpdate, event(thread, of).address, value);
    e.sets_af = true;
    e.pair = of;
    return join(thread, e);
  }
  // The write of a single-instruction read-modify-write whose read is `of`.
  RunEvent join_atomic_write(unsigned thread, RunEvent of, Value value) {
    event(thread, of).atomic = true;
    Event e = event_of(EventKind::kWrite, event(thread, of).address, value);
    e.atomic = true;
    e.pair = of;
    return join(thread, e);
  }

  // Coherence where it is not the order in which writes were added, threads one after the other:
  // the values of a location from first to last, without the initial one.
  void coherence(Address address, std::vector<Value> values) { co_[address] = std::move(values); }

  // The executions's skeleton and its rf and co. Reads find their write by value: the only one of
  // the location, or the one that was added last.
  const Skeleton& skeleton() {
    std::vector<const ThreadRun*> runs;
    for (const ThreadRun& run : runs_) runs.push_back(&run);
    skeleton_ = *build_skeleton(test_, runs, {});
    return skeleton_;
  }

  Candidate candidate() {
    const Skeleton& s = skeleton_;
    Candidate c{&s, std::vector<std::uint8_t>(s.size(), 0xff), Relation(s.size()),
                Relation(s.size())};
    const auto is_write = [&](unsigned e) { return writes_memory(s.events[e]); };
    for (unsigned r = 0; r < s.size(); ++r) {
      if (!reads_memory(s.events[r])) continue;
      for (unsigned w = 0; w < s.size(); ++w) {
        if (is_write(w) && s.same_address.has(w, r) && s.events[w].value == s.events[r].value) {
          c.reads_from[r] = static_cast<std::uint8_t>(w);
        }
      }
      c.rf.add(c.reads_from[r], r);
    }
    for (unsigned a = 0; a < s.size(); ++a) {
      for (unsigned b = 0; b < s.size(); ++b) {
        if (is_write(a) && is_write(b) && s.same_address.has(a, b) && rank(a) < rank(b)) {
          c.co.add(a, b);
        }
      }
    }
    return c;
  }

 private:
  RunEvent append(unsigned thread, const Event& e) {
    runs_[thread].events.push_back(e);
    return static_cast<RunEvent>(runs_[thread].events.size() - 1);
  }

  // The place of a write in coherence.
  [[nodiscard]] std::size_t rank(unsigned write) const {
    const Event& e = skeleton_.events[write];
    if (skeleton_.initial.contains(write)) return 0;
    const auto given = co_.find(e.address);
    if (given == co_.end()) return 1 + write;
    std::size_t place = 0;
    while (given->second[place] != e.value) ++place;
    return 1 + place;
  }

  Test test_;
  std::vector<ThreadRun> runs_;
  std::vector<std::uint16_t> instruction_;
  std::map<Address, std::vector<Value>> co_;
  Skeleton skeleton_;
};

}  // namespace built_executions
}  // namespace amalgam::model::litmus
