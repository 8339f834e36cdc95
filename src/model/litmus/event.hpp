// What one thread of a litmus test does in one way of running it: its events, with values.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "amalgam/arch/geometry.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::model::litmus {

// Events of one run, by their index in ThreadRun::events.
using RunMask = std::uint64_t;
using RunEvent = std::uint8_t;
inline constexpr unsigned kMaxRunEvents = 64;
inline constexpr RunEvent kNoEvent = 0xff;

enum class EventKind : std::uint8_t {
  kRead,            // explicit
  kWrite,           // explicit
  kWalk,            // the read of one descriptor by a translation
  kHardwareUpdate,  // the write of AF or dirty state by a translation
  kFault,           // a fault or another exception is taken (also SVC, HVC, UDF)
  kReturn,          // ERET
  kBarrier,         // DMB, DSB, ISB
  kTlbi,
  kDataCache,
  kWriteSystem,  // MSR of a register that translation depends on, or of ELR and the like
};

// What a walk makes of two values that a TLB holds of one descriptor although one had to be broken
// before the other was made.
enum class WalkHazard : std::uint8_t { kNone, kMixture, kConflict };

// Of kWalk and, for its address, of the access or fault that it serves.
struct WalkInfo {
  arch::Regime regime = arch::Regime::kEl10;
  arch::Stage stage = arch::Stage::kStage1;
  int level = 3;
  bool faulting = false;  // T_f: the value is invalid, or AF=0 and hardware does not set it
  bool leaf = true;
  std::uint8_t translation = 0;  // numbers the translations of a run: same-translation
  std::uint16_t asid = 0;
  std::uint16_t vmid = 0;
  bool global = false;  // leaf of stage 1 with nG=0
  Address va = 0;       // that is being translated
  Address ipa = 0;      // stage 2: that is being translated
  // A mixture or a conflict is of these two; Event::value is the mixture, or the first of them.
  WalkHazard hazard = WalkHazard::kNone;
  std::array<Value, 2> met{};
  Value descriptor = 0;  // of an access: the stage 1 leaf that it went through, 0 for none
};

struct FaultInfo {
  FaultType type = FaultType::kTranslation;
  bool is_instruction_abort = false;
  bool from_write = false;
  bool from_read = false;
  bool from_release = false;
  bool enters_handler = false;  // false: the thread ends, or goes on by its fault mode
  unsigned target_el = 1;
  Address va = 0;  // of an MMU fault
};

struct TlbiInfo {
  arch::TlbiMnemonic mnemonic;
  bool has_address = false;
  Address va = 0;  // first byte of the page (an IPA for kIpa)
  std::uint16_t asid = 0;
  std::uint16_t vmid = 0;
};

struct Event {
  EventKind kind = EventKind::kRead;
  std::uint16_t instruction = 0;  // counts executed instructions: program order
  const Instruction* source = nullptr;
  Address address = 0;  // physical, of kRead, kWrite, kWalk, kHardwareUpdate
  Address va = 0;       // as the program gave it, of kRead, kWrite, kFault
  Value value = 0;      // read or written
  bool acquire = false;
  bool acquire_pc = false;
  bool release = false;
  bool exclusive = false;
  bool atomic = false;     // of a single-instruction read-modify-write
  bool no_return = false;  // a read whose value goes nowhere (STADD)
  bool sets_af = false;    // kHardwareUpdate
  bool sets_dirty = false;
  bool offset_known = true;
  RunEvent pair = kNoEvent;  // the write of a successful exclusive, atomic or hardware update;
                             // of a write: its read
  WalkInfo walk;
  FaultInfo fault;
  TlbiInfo tlbi;
  arch::Barrier barrier;
  SystemRegister system = SystemRegister::kCount;

  // The earlier events of the run that feed this one. Reads (and walks) only.
  RunMask address_from = 0;  // the address, through registers
  RunMask data_from = 0;     // the stored value
  RunMask control_from = 0;  // branches before it
  // The same through the choice of a CSEL, or of a compare-exchange that may fail ("pick").
  RunMask pick_address_from = 0;
  RunMask pick_data_from = 0;
  RunMask pick_control_from = 0;
  RunMask walks = 0;  // the walk events of the same translation: of an access or a fault
  RunMask before_in_instruction = 0;  // events of the same instruction that come first (iio)
};

// One complete run of a thread. Its events come in program order, those of an instruction in its
// own order: walk, hardware update, then access or fault, then exception entry.
struct ThreadRun {
  std::vector<Event> events;
  std::array<Value, kRegisters> registers{};
  std::uint32_t registers_set = 0;
  std::array<Value, static_cast<std::size_t>(SystemRegister::kCount)> system{};
  bool hit_loop_bound = false;  // cut by the bound on repeated branches
};

// Whether a fault comes from translation rather than from an instruction that asks for it.
constexpr bool is_mmu_fault(FaultType type) {
  return type == FaultType::kTranslation || type == FaultType::kAccessFlag ||
         type == FaultType::kPermission || type == FaultType::kConflict;
}

constexpr RunMask run_bit(unsigned e) { return RunMask{1} << e; }

template <typename F>
constexpr void for_each_event(RunMask mask, F&& f) {
  for (; mask != 0; mask &= mask - 1) f(static_cast<RunEvent>(std::countr_zero(mask)));
}

constexpr bool is_memory(const Event& e) {
  return e.kind == EventKind::kRead || e.kind == EventKind::kWrite || e.kind == EventKind::kWalk ||
         e.kind == EventKind::kHardwareUpdate;
}
constexpr bool writes_memory(const Event& e) {
  return e.kind == EventKind::kWrite || e.kind == EventKind::kHardwareUpdate;
}
constexpr bool reads_memory(const Event& e) {
  return e.kind == EventKind::kRead || e.kind == EventKind::kWalk;
}

}  // namespace amalgam::model::litmus
