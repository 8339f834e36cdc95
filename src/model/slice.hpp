// A slice: the part of a program that can affect the translation and the data of a few input pages,
// compiled into small integers and bit masks for the machine.
//
// Everything that a TLB may hold about the slice's pages is an *entry*: one value of one descriptor
// under one tag. A may-cache set is therefore a mask of at most 64 bits.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <ranges>
#include <string>
#include <vector>

#include "model/assumptions.hpp"
#include "model/mutation.hpp"
#include "model/program.hpp"

namespace amalgam::model {

using Mask = std::uint64_t;
using EntryId = std::uint8_t;
using ValueIndex = std::uint8_t;  // a descriptor value, an index into SliceCell::values

inline constexpr std::uint8_t kNoIndex = 0xff;
inline constexpr std::uint64_t kNoAddress = ~0ULL;
inline constexpr unsigned kMaxEntries = 64;
inline constexpr unsigned kMaxWalkers = 8;
inline constexpr unsigned kMaxPages = 24;
inline constexpr unsigned kMaxCells = 24;
inline constexpr unsigned kMaxVaPoints = 8;
inline constexpr unsigned kMaxCellValues = 32;
inline constexpr unsigned kMaxRegisters = 16;
inline constexpr unsigned kMaxAgents = 24;
inline constexpr unsigned kMaxFlights = 64;
inline constexpr unsigned kMaxRaws = 200;
inline constexpr unsigned kMaxValues = 100;

constexpr Mask bit(unsigned i) { return Mask{1} << i; }

// The indices of a container that a slice keeps below 256 elements.
template <typename Container>
constexpr auto indices(const Container& c) {
  return std::views::iota(std::uint8_t{0}, static_cast<std::uint8_t>(c.size()));
}

// Calls `f(index)` for each set bit, from the lowest.
template <typename F>
constexpr void for_each_bit(Mask mask, F&& f) {
  for (; mask != 0; mask &= mask - 1) f(static_cast<unsigned>(std::countr_zero(mask)));
}

// A frame or a table page that the slice's translations may lead to.
struct SlicePage {
  PageRef ref;
  bool free = false;
  std::uint8_t value = 0;  // contents at the start, an index into Slice::values
  bool unknown = false;    // contents not known: both worlds are tried
};

enum class ValueKind : std::uint8_t {
  kFaulting,  // invalid, reserved, or AF=0 that nobody sets: never cached
  kAwaitsAf,  // AF=0 and hardware may set it
  kJunk,      // bytes that nobody has initialised
  kTable,
  kLeaf,
};

// One value that a descriptor may hold.
struct CellValue {
  std::uint64_t raw = 0;
  ValueKind kind = ValueKind::kFaulting;
  std::uint8_t raw_id = 0;            // index into Slice::raws
  std::uint8_t node = kNoIndex;       // kTable: where the walk goes on
  std::uint8_t page = kNoIndex;       // the page or table that it names
  ValueIndex after_af = kNoIndex;     // the value once hardware has set AF
  ValueIndex after_dirty = kNoIndex;  // the value once hardware has recorded a store
  Mask entries = 0;                   // the entries, one a tag, that cache this value
};

// One descriptor of the slice, as it translates one address. A descriptor that translates several
// has a cell for each; they share their value and its numbering.
struct SliceCell {
  CellId cell = kNone;
  std::uint8_t va_point = 0;
  std::uint8_t node = 0;
  std::uint8_t table_page = kNoIndex;  // the slice page of its table
  std::int8_t level = 3;
  bool companion = false;  // another member of the contiguous group: matters while its bit is set
  std::uint32_t same = 0;  // the cells of this descriptor; events name the first of them
  ValueIndex initial = 0;
  Mask entries = 0;
  std::vector<CellValue> values;
};

// A step of a walk: the descriptor that is read, and the companions that may stand in for it.
struct Node {
  std::uint8_t va_point = 0;
  std::int8_t level = 3;
  std::uint8_t cell = 0;
  std::vector<std::uint8_t> companions;
  std::uint8_t table_page = kNoIndex;
};

// A thing that a TLB may hold.
struct Entry {
  std::uint8_t cell = 0;
  ValueIndex value = 0;
  std::uint8_t va_point = 0;
  std::uint8_t page = kNoIndex;  // leaf: where an access lands. table: the next table
  bool leaf = false;
  bool global = true;
  std::uint16_t tag = 0;
  std::uint8_t node = kNoIndex;  // table: the next step of the walk
  bool writable = false;         // stores permitted as cached
  bool dirty_on_store = false;   // a store first makes hardware record it in the descriptor
  bool readable = true;
  bool fault_possible = false;  // nT
  bool is_new = false;          // made by the program, not there from the start
  bool block = false;
  std::uint8_t permission_group = 0;  // equal numbers: equal permissions
  std::uint8_t attribute_group = 0;   // equal numbers: equal memory attributes
  std::uint64_t output_address = 0;
  std::uint64_t cover_start = 0;  // input addresses that the entry translates, end exclusive
  std::uint64_t cover_end = 0;
};

// What two entries may do to an access that matches both.
struct Conflicts {
  std::array<Mask, kMaxEntries> break_from{};  // [new]: old entries that had to be broken first
  std::array<Mask, kMaxEntries> break_if_differ{};  // ... if the two pages' contents differ
  std::array<Mask, kMaxEntries> mixture{};          // [e]: entries it may be mixed with
  std::array<Mask, kMaxEntries> mixture_if_differ{};
  std::array<Mask, kMaxEntries> abort{};
  std::array<Mask, kMaxEntries> abort_if_differ{};
  std::array<Mask, kMaxEntries> one_way{};      // [new]: old ones for which the other way is legal
  std::array<Mask, kMaxEntries> one_way_old{};  // [old]: the same, from the other side
  // ... or is where the two pages' contents are the same
  std::array<Mask, kMaxEntries> one_way_if_same{};
  std::array<Mask, kMaxEntries> one_way_old_if_same{};
  std::array<Mask, kMaxEntries> owes_tlbi{};    // [new]: stale entries that an update may not leave
  std::array<Mask, kMaxEntries> foreign_tag{};  // [e]: entries of other tables under its tag
  // The same question for a device, a second observer of the tables: only R_WHZWS(2) counts.
  std::array<Mask, kMaxEntries> device_break{};
  std::array<Mask, kMaxEntries> device_break_if_differ{};
};

enum class EventKind : std::uint8_t {
  kWriteCell,
  kReadCell,
  kCasCell,
  kUpdateCell,
  kWalk,
  kAccess,
  kReadPage,
  kWritePage,
  kAllocate,
  kFree,
  kTlbi,
  kWriteRoot,
  kRootEffect,
  kLock,
  kUnlock,
  kStop,
  kResume,
  kInterrupt,
  kNotify,
};

// What an event stores in a register or a cell.
struct Operand {
  std::uint8_t reg = kNoIndex;  // kNoIndex: `constant`
  std::uint8_t constant = 0;
  // [raw id in the register] -> value index of the cell written, or raw id for a comparison
  std::vector<std::uint8_t> map;
};

struct Event {
  EventKind kind = EventKind::kWriteCell;
  std::uint8_t agent = 0;
  std::uint8_t walker = 0;  // the CPU (or device) that executes it
  std::uint32_t op = 0;     // index into Slice::origins
  std::uint16_t classes = 0;
  Mask preds = 0;
  Mask fault_preds = 0;
  std::uint8_t cell = kNoIndex;
  std::uint8_t page = kNoIndex;
  std::uint8_t va_point = kNoIndex;
  std::uint8_t into = kNoIndex;  // register
  std::uint8_t slot = kNoIndex;  // walk, access: its in-flight translation. TLBI: its receipt bit
  std::uint8_t partner =
      kNoIndex;  // walk: its access. access: its walk. A part of an event: the rest
  Operand value;
  Operand expected;
  std::vector<std::uint8_t> update;  // kUpdateCell: old value index -> new value index
  AccessKind access = AccessKind::kLoad;
  bool may_fault = false;
  bool recomputes = false;  // stores a changed copy of what was read from the same descriptor
  // kReadCell, kCasCell: any value but `assumed` ends the run. kReadPage: whether it holds what
  // the register `value` does.
  bool assumes = false;
  std::uint64_t assumed = 0;
  bool copies_tables = false;  // part of op::CopyTables: no update of its own
  bool relies = false;         // reads a page whose contents must hold still
  std::uint8_t lock = 0;
  std::uint8_t root = 0;
  op::NotifyPhase phase = op::NotifyPhase::kNow;
  std::uint32_t recipients = 0;  // TLBI: walkers. notify: devices. interrupt: agents to wait for
  bool atomic = false;           // TLBI: reaches every recipient at once
  Mask cut = 0;                  // entries that the TLBI removes
  Mask cut_combined = 0;         // ... from combined stage 1 and 2 entries
  Mask cut_atc = 0;              // entries that the notification surely removes from an ATC
};

// A thread of events. Handlers of an interrupt are threads that start when it is sent.
struct SliceAgent {
  std::string name;
  std::uint32_t agent = kNone;  // index into Program::agents
  std::uint8_t walker = 0;
  std::uint8_t starts_after_agent = kNoIndex;
  std::uint8_t starts_after_event = 0;
  std::vector<Event> events;
  Mask all = 0;
};

// Where a CPU or device stands at the start, and how it translates.
struct Walker {
  std::string name;
  bool device = false;
  std::uint32_t id = 0;  // CPU number or DeviceId
  std::uint8_t initial_root = 0;
  bool near_set = false;  // has a second level: combined entries, or an ATC
  bool mirrors = false;
  bool listens = true;    // broadcast TLBIs reach it
  std::uint8_t like = 0;  // walkers of one class are interchangeable
};

struct SliceRoot {
  RootId root = kNone;
  std::uint16_t tag = 0;
  std::array<std::uint8_t, kMaxVaPoints> start{};  // node, or kNoIndex: not mapped
  std::uint8_t family = 0;                         // roots between which tables are copied
};

// An address of interest.
struct VaPoint {
  VaPage page;
  std::uint64_t address = 0;
  std::string name;
  Mask entries = 0;
  // The succession of pages that the address leads to: [page] -> place, kNoIndex if not part of it
  // or if a page ever comes back.
  std::array<std::uint8_t, kMaxPages> rank{};
  std::uint8_t family = 0;
  bool primary = true;  // false: here only because it may write a page of the slice
};

struct SliceObserver {
  std::uint32_t observer = 0;  // index into Program::observers
  std::uint32_t access = 0;    // index into Observer::accesses
  std::uint8_t va_point = 0;
  AccessKind kind = AccessKind::kLoad;
  bool may_fault = false;
  bool may_be_lost = false;
  std::uint32_t walkers = 0;
};

struct SliceForbid {
  std::uint8_t agent = 0;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> all_of;  // register, value
  std::uint8_t effect = 0;
  Location location;
};

struct Origin {
  std::uint32_t agent = kNone;
  const Op* op = nullptr;
};

struct Slice {
  const Program* program = nullptr;
  Assumptions assumptions;
  std::uint8_t bbm = 0;
  arch::Ets ets = arch::Ets::kNone;
  bool stage2 = false;
  Mutation mutation = Mutation::kNoMutation;

  std::vector<VaPoint> va_points;
  std::vector<SlicePage> pages;
  std::vector<SliceCell> cells;
  std::vector<Node> nodes;  // parents before children
  std::vector<Entry> entries;
  std::vector<std::uint64_t> raws;
  std::vector<ValueId> values;               // data values, by slice index; fresh ones come after
  std::vector<std::uint8_t> unknown_values;  // [value]: what an unknown page starts with
  std::vector<SliceRoot> roots;
  std::vector<Walker> walkers;
  std::vector<SliceAgent> agents;
  std::vector<SliceObserver> observers;
  std::vector<SliceForbid> forbids;
  std::vector<Origin> origins;
  Conflicts conflicts;
  Mask table_entries = 0;
  unsigned register_count = 0;
  unsigned flight_slots = 0;
  unsigned receipt_bits = 0;
  unsigned lock_count = 0;
  unsigned fresh_values = 0;

  bool conditions_only = false;  // no rule and no effect but a condition's is told
  std::uint64_t companion_address =
      kNoAddress;  // the other member of the contiguous group, or none

  std::string bound;  // not empty: the slice is too large for the machine, and why

  // The addresses whose descriptors a table copy has to carry over.
  [[nodiscard]] std::vector<std::uint64_t> copied_addresses() const {
    std::vector<std::uint64_t> addresses;
    addresses.reserve(va_points.size() + 1);
    for (const VaPoint& point : va_points) addresses.push_back(point.address);
    if (companion_address != kNoAddress) addresses.push_back(companion_address);
    return addresses;
  }
};

// For each root, the nodes that its tables may ever lead to.
std::vector<std::uint64_t> root_trees(const Slice& slice);

}  // namespace amalgam::model
