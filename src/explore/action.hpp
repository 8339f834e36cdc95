// What a task does, one operation after another, on one path through its code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/port.hpp"

namespace amalgam::explorer {

using pgtable::PhysicalAddress;

enum class ActionKind : std::uint8_t {
  kLoad,
  kStore,
  kExchange,
  kBarrier,
  kTlbi,
  kTake,
  kGiveBack,
  kNotify,
  kLock,
  kUnlock,
  kReadMemory,
  kWriteMemory,
  kAllocate,
  kFree,
  kCopy,
  kStopOthers,
  kResumeOthers,
  kCompare,
  kSetRoot,
  kInterrupt,  // what follows, up to kInterrupted, every other CPU does
  kInterrupted,
};

// One operation. What a kind has no use for stays zero, so that actions may be compared.
struct Action {
  ActionKind kind = ActionKind::kLoad;
  PhysicalAddress page = 0;    // table or data page
  std::uint32_t index = 0;     // descriptor; lock; tag of a root
  std::uint64_t value = 0;     // stored, desired; operand; first address; copy, compare: to, with
  std::uint64_t expected = 0;  // exchange; address after the last; compare: 1 if others decide
  arch::Barrier barrier{};
  arch::TlbiMnemonic mnemonic{};
  pgtable::NotifyPhase phase = pgtable::NotifyPhase::kNow;
  bool may_fault = false;
  std::uint64_t read = 0;   // what a load, an exchange or a comparison yields on this path
  std::uint32_t place = 0;  // where it was called from: an index into the session's places

  // A descriptor.
  [[nodiscard]] bool reads() const {
    return kind == ActionKind::kLoad || kind == ActionKind::kExchange;
  }
  [[nodiscard]] bool stores() const {
    return kind == ActionKind::kStore || (kind == ActionKind::kExchange && read == expected);
  }
};

// Whether both are the same kind of operation on the same thing, whatever values they carry.
bool same_target(const Action& a, const Action& b);
// Whether both carry the same values; what they read and where they stand in the source is no part
// of it.
bool same_values(const Action& a, const Action& b);

// "store L.. table 0x10001000 [3] = 0x..", for messages about code that is not deterministic.
std::string describe(const Action& action);

// One run of a task from its begin to its end (or to a bound).
struct Path {
  std::vector<Action> actions;
  std::vector<std::size_t> reads;  // indices of the actions whose outcome others may decide
  std::string bound;               // not empty: the run was cut, and why

  [[nodiscard]] std::vector<std::uint64_t> history() const {
    std::vector<std::uint64_t> values;
    values.reserve(reads.size());
    for (const std::size_t r : reads) values.push_back(actions[r].read);
    return values;
  }
};

}  // namespace amalgam::explorer
