// A program for the machine: memory, page tables, agents and the operations they perform.
//
// A Program is plain data. The text front ends build it, the explorer reads it, nothing in it knows
// how it will be explored. Every descriptor is a real 64-bit value and every TLBI operand the real
// register value, so that a mistake in an encoding is a mistake of the program and not hidden.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::model {

using FrameId = std::uint32_t;
using TableId = std::uint32_t;
using CellId = std::uint32_t;
using RootId = std::uint32_t;
using RegionId = std::uint32_t;
using LockId = std::uint32_t;
using DeviceId = std::uint32_t;
using ValueId = std::uint32_t;     // a data value, an index into Program::value_names
using RegisterId = std::uint32_t;  // an agent's register, an index into Agent::register_names

inline constexpr std::uint32_t kNone = ~0U;

// Where in the input text a thing was said. line and column count from 1; 0 means nowhere.
struct Location {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 0;
};

// What is known of the bytes a page starts with.
struct InitialContents {
  ValueId value = 0;  // equal values mean equal bytes
  bool known = true;  // false: may or may not equal every other unknown page; both are tried
};

// A page of memory that translations lead to. Its size is the granule.
struct Frame {
  std::string name;
  std::uint64_t address = 0;
  InitialContents contents;
  bool free = false;  // not allocated at the start
  Location location;
};

// A page that holds descriptors.
struct Table {
  std::string name;
  std::uint64_t address = 0;
  int level = 3;
  bool junk = false;  // what a cell without a write holds: false invalid (zero), true unknown bytes
  bool free = false;
  TableId like = kNone;  // the table of another root that this one is to become a copy of
  Location location;
};

// One descriptor in a table. Only descriptors that a program may look at have a cell.
struct Cell {
  std::string name;  // "pte vmemmap[3]"
  TableId table = kNone;
  std::uint32_t index = 0;
  std::uint64_t initial = 0;
};

// A translation table base: what TTBR and the ASID (stage 1) or VTTBR and the VMID (stage 2) name.
struct Root {
  std::string name;
  TableId table = kNone;  // the table at the start level
  std::uint16_t tag = 0;  // ASID, or VMID at stage 2
  // The root that this one replaces for the same user of the addresses: what was stored through
  // that one is to be found through this. kNone: an address space of its own.
  RootId like = kNone;
};

// A named run of pages of input addresses.
struct Region {
  std::string name;
  std::uint64_t base = 0;  // input address of page 0
  std::uint32_t pages = 0;
  RootId root = 0;  // the root in whose tables the region was declared
  Location location;
};

// One page of input address.
struct VaPage {
  RegionId region = kNone;
  std::uint32_t page = 0;
};

// A frame or a table, for the operations that take either.
struct PageRef {
  bool is_table = false;
  std::uint32_t id = kNone;
};

// What a descriptor write stores: a constant, or a register's value with bits cleared, then set.
struct DescriptorExpr {
  RegisterId source = kNone;  // kNone: `set` alone is the value
  std::uint64_t clear = 0;
  std::uint64_t set = 0;
};

// What a descriptor read yields where nobody has initialised the bytes, for op::ReadDescriptor and
// op::CompareExchangeDescriptor that assume a value.
inline constexpr std::uint64_t kUninitialised = 0xdead'0000'0000'0ffe;

// kExchange is a compare-exchange: it needs write permission even where the comparison fails.
enum class AccessKind : std::uint8_t { kLoad, kStore, kAdd, kExchange };

namespace op {

// A 64-bit single-copy-atomic store to a descriptor. With `through` it is made by input address
// (a fixmap window), so that it is translated like any other store.
struct WriteDescriptor {
  CellId cell = kNone;
  DescriptorExpr value;
  std::optional<VaPage> through;
  // The value of the descriptor that a constant was computed from: a store that finds another
  // undoes somebody's update, as one from a register does.
  std::optional<std::uint64_t> computed_from{};
};
// With `assumed` the agent is one path of a thread that branches on what it reads: a run in which
// the read yields anything else is no run of this program, and what it yields is reported.
struct ReadDescriptor {
  CellId cell = kNone;
  RegisterId into = kNone;
  std::optional<std::uint64_t> assumed{};
};
// Compare-exchange: stores `desired` if the cell holds `expected`, else does nothing. `assumed`:
// the value that the cell is found to hold, as for a read.
struct CompareExchangeDescriptor {
  CellId cell = kNone;
  DescriptorExpr expected;
  DescriptorExpr desired;
  std::optional<std::uint64_t> assumed{};
};
// An atomic read-modify-write that always succeeds (a CAS loop, or LDCLR and LDSET).
struct UpdateDescriptor {
  CellId cell = kNone;
  std::uint64_t clear = 0;
  std::uint64_t set = 0;
};
// A data access by input address.
struct Access {
  VaPage page;
  AccessKind kind = AccessKind::kLoad;
  RegisterId into = kNone;  // load and add
  ValueId value = 0;        // store
  bool may_fault = false;   // a fault is part of the contract: the access is skipped
};
// A data access by output address: through an alias that no step changes.
struct FrameAccess {
  FrameId frame = kNone;
  AccessKind kind = AccessKind::kLoad;
  RegisterId into = kNone;
  ValueId value = 0;
};
struct CopyFrame {
  FrameId from = kNone;
  FrameId to = kNone;
};
// Compares the bytes of two pages through an alias. Like a read that assumes: a run in which the
// answer is not `equal` is no run of this program, and the other answer (0 or 1) is reported.
struct CompareFrames {
  FrameId a = kNone;
  FrameId b = kNone;
  bool equal = true;
};
struct ZeroFrame {
  FrameId frame = kNone;
};
struct ZeroTable {
  TableId table = kNone;
};
// Copies every descriptor below root `from` into the tables of root `to`, entry by entry, each a
// read and then a write. Table descriptors are replaced by those of `to`'s own tables.
struct CopyTables {
  RootId from = kNone;
  RootId to = kNone;
};
struct Allocate {
  PageRef page;
};
struct Free {
  PageRef page;
};
struct Barrier {
  arch::Barrier barrier;  // DMB, DSB or ISB
};
// mnemonic without "tlbi", lower case ("vaae1is"); operand: the register, absent where there is
// none.
struct Tlbi {
  std::string mnemonic;
  std::optional<std::uint64_t> operand;
};
// Writes TTBR (or VTTBR) of the executing CPU.
struct WriteRoot {
  RootId root = kNone;
};
struct Lock {
  LockId lock = kNone;
};
struct Unlock {
  LockId lock = kNone;
};
// Every other CPU is parked with interrupts off: it makes no access, its walker may still fill.
struct StopOthers {};
struct ResumeOthers {};
// An interrupt to every other CPU, which runs `body`; the sender goes on when all have finished.
struct Interrupt;
enum class NotifyPhase : std::uint8_t { kStart, kNow, kEnd };
// mmu_notifier: start and end bracket an update, kNow is the call under the page-table lock.
struct Notify {
  NotifyPhase phase = NotifyPhase::kNow;
  std::uint64_t start = 0;  // input addresses, end exclusive
  std::uint64_t end = 0;
};

}  // namespace op

struct Op;

namespace op {
struct Interrupt {
  std::vector<Op> body;
};
}  // namespace op

using Operation =
    std::variant<op::WriteDescriptor, op::ReadDescriptor, op::CompareExchangeDescriptor,
                 op::UpdateDescriptor, op::Access, op::FrameAccess, op::CopyFrame,
                 op::CompareFrames, op::ZeroFrame, op::ZeroTable, op::CopyTables, op::Allocate,
                 op::Free, op::Barrier, op::Tlbi, op::WriteRoot, op::Lock, op::Unlock,
                 op::StopOthers, op::ResumeOthers, op::Interrupt, op::Notify>;

// One operation, where it was said, and how a timeline prints it ("set pte vmemmap[3] = head ro").
struct Op {
  Operation operation;
  Location location;
  std::string text;
  // Earlier operations of the agent, ascending, that this one depends on (address, data, control).
  // The walk of an access by input address depends on none of them.
  std::vector<std::uint32_t> after{};
};

// Whether the operation assumes what it reads.
inline bool assumes(const Op& op) {
  if (const auto* read = std::get_if<op::ReadDescriptor>(&op.operation)) {
    return read->assumed.has_value();
  }
  const auto* exchange = std::get_if<op::CompareExchangeDescriptor>(&op.operation);
  return exchange != nullptr && exchange->assumed.has_value();
}

// Calls `f` with the operation and, where it is an interrupt, with what its handler does.
template <typename F>
void for_each_op(const Op& op, F&& f) {
  f(op);
  const auto* interrupt = std::get_if<op::Interrupt>(&op.operation);
  if (interrupt == nullptr) return;
  for (const Op& inner : interrupt->body) for_each_op(inner, f);
}

// What a final assertion compares a register with.
struct RegisterIs {
  RegisterId reg = kNone;
  ValueId value = 0;
};

// "This combination of register values must not be seen", and what it is called if it is.
struct Forbid {
  std::vector<RegisterIs> all_of;
  std::string effect;  // one of the effect names
  Location location;
};

// A thread of control that runs its operations once, on a CPU or on a device.
struct Agent {
  std::string name;
  std::uint32_t cpu = 0;
  DeviceId device = kNone;  // kNone: runs on `cpu`
  std::vector<Op> ops;
  std::vector<std::string> register_names;
  std::vector<Forbid> forbids;
  Location location;
};

// One kind of access that an observer may make.
struct ObserverAccess {
  AccessKind kind = AccessKind::kLoad;
  RegionId region = kNone;
  std::uint32_t first = 0;  // pages, last inclusive
  std::uint32_t last = 0;
  bool may_fault = false;    // a fault is part of the contract
  bool may_be_lost = false;  // the store need not survive the update
  Location location;
};

// Makes any of its accesses at any time, any number of times, on each of its CPUs (or its device).
struct Observer {
  std::string name;
  std::vector<std::uint32_t> cpus;
  DeviceId device = kNone;
  std::vector<ObserverAccess> accesses;
  Location location;
};

// A device that translates through the CPU's tables and keeps translations in an ATC.
struct Device {
  std::string name;
  bool caches_pages = true;      // keeps 4K-sized (granule-sized) translations
  bool caches_blocks = false;    // keeps block-sized translations
  bool ignores_partial = false;  // drops a block only for an invalidation that covers all of it
  bool mirrors = false;          // own tables filled by faults (start/end), not the CPU's (ATS)
  bool broadcast_tlbi = true;    // the SMMU's own TLB listens to CPU TLBIs
  Location location;
};

struct Machine {
  arch::Geometry geometry;
  arch::Features features;  // without the levels a check varies
  std::vector<std::uint8_t> bbm_levels;
  std::vector<arch::Ets> ets_levels;
  std::uint32_t cpus = 2;
};

// What a scenario says the answer is, for the levels it names.
struct Expectation {
  std::vector<std::uint8_t> bbm_levels;  // empty: all
  std::vector<arch::Ets> ets_levels;     // empty: all
  bool clean = false;                    // no rule broken and no effect
  std::vector<std::string> rules;        // broken rules; empty with effects: legal but harmful
  std::vector<std::string> effects;
  Location location;
};

// A named assumption set by the input ("amalgamation", "bit").
struct AssumptionSetting {
  std::string name;
  std::string value;
  Location location;
};

struct Program {
  std::string title;
  std::string question;
  std::string source;
  std::string reason;
  Machine machine;
  std::vector<AssumptionSetting> assumptions;
  std::vector<Frame> frames;
  std::vector<Table> tables;
  std::vector<Cell> cells;
  std::vector<Root> roots;
  std::vector<RootId> cpu_roots;  // the root each CPU starts with
  std::vector<Region> regions;
  std::vector<std::string> value_names;
  std::vector<std::string> lock_names;
  std::vector<Device> devices;
  std::vector<Agent> agents;
  std::vector<Observer> observers;
  std::vector<Expectation> expectations;

  std::unordered_map<std::uint64_t, CellId> cell_index;  // table << 32 | index

  // The cell at `index` of `table`, or kNone. Constant time.
  [[nodiscard]] CellId find_cell(TableId table, std::uint32_t index) const;
  // The cell at `index` of `table`, created with `initial` if there is none.
  CellId add_cell(TableId table, std::uint32_t index, std::uint64_t initial, std::string name);
};

}  // namespace amalgam::model
