// The state of the litmus machine: which events have executed, in what order memory took the stores
// and TLBIs, and where each read got its value from.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

inline constexpr unsigned kMaxMachineThreads = 8;
inline constexpr unsigned kMaxMachineEvents = 128;
inline constexpr unsigned kMaxLog = 64;

// An event of a combination of runs, counted through all threads.
using EventId = std::uint8_t;
inline constexpr EventId kSpuriousUpdate = 0xff;  // the author of a spurious hardware update

// Where a read or walk got its value: 0 the initial value, n the n-th entry of the log, or a store
// that had not reached memory yet.
using Source = std::uint8_t;
inline constexpr Source kInitialSource = 0;
inline constexpr Source kForwarded = 0x80;  // | EventId of the store

// A store or a TLBI that has reached memory.
struct LogEntry {
  EventId author = 0;
  std::uint8_t location = 0xff;  // 0xff: a TLBI
  std::uint8_t value = 0;        // an index into MachineProgram::values
};

struct MachineState {
  std::array<RunMask, kMaxMachineThreads> executed{};
  std::array<LogEntry, kMaxLog> log{};
  std::uint8_t log_size = 0;
  std::array<Source, kMaxMachineEvents> source{};          // of executed reads and walks
  std::array<std::uint8_t, kMaxMachineEvents> position{};  // log_size when a walk executed

  // What distinguishes the state from others of the same program, as bytes.
  [[nodiscard]] std::string key(unsigned threads, unsigned events) const;
};

}  // namespace amalgam::model::litmus
