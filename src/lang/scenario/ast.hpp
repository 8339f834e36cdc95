// What a scenario file says, before names are looked up. Names are views into the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"
#include "lang/scenario/attributes.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario::ast {

using model::Location;

struct Name {
  std::string_view text;
  Location location;
};

// constant + the sum of factor * the value of the loop variable at that depth.
struct Term {
  std::int64_t factor = 0;
  std::uint32_t loop_depth = 0;
};
struct Expression {
  std::int64_t constant = 0;
  std::vector<Term> terms;
};

// [first], [first..last] or [any].
struct Index {
  Expression first;
  std::optional<Expression> last;
  bool any = false;
  Location location;
};

// A frame, a table, a page of a region: name, name[i] or name[i][j].
struct Item {
  Name name;
  std::vector<Index> indices;
};

// ROOT:V
struct Page {
  std::optional<Name> root;
  Item item;
};

// pte, pmd, pud, p4d are levels 3 to 0; pgd is the level of the root table.
struct Level {
  std::optional<int> number;  // absent: the root table's
  Location location;
};

struct Entry {
  Level level;
  Page page;
  Location location;
};

struct AttributeUse {
  Attribute attribute;
  Location location;
};
using Attributes = std::vector<AttributeUse>;

// --- what a descriptor write stores --------------------------------------------------------------

struct NoEntry {};
struct LinkTable {
  Item table;
};
// A leaf, or the bare name of a register.
struct Leaf {
  Item page;
  Attributes attributes;
};
struct ChangedRegister {
  Name reg;
  Attributes attributes;
};
using Value = std::variant<NoEntry, LinkTable, Leaf, ChangedRegister>;

// --- steps ---------------------------------------------------------------------------------------

struct Step;

struct SetEntry {
  Entry entry;
  Value value;
  std::optional<Page> through;
};
struct ReadEntry {
  Name reg;
  Entry entry;
};
struct CompareExchange {
  Entry entry;
  Value expected;
  Value desired;
};
struct UpdateEntry {
  Entry entry;
  Attributes attributes;
};
struct Access {
  model::AccessKind kind = model::AccessKind::kLoad;
  Page page;
  std::optional<Name> into;
  std::optional<Item> value;
  bool may_fault = false;
};
struct FrameAccess {
  model::AccessKind kind = model::AccessKind::kLoad;
  Item frame;
  std::optional<Name> into;
  std::optional<Item> value;
};
struct CopyFrame {
  Item from;
  Item to;
};
struct CopyTables {
  Name from;
  Name to;
};
struct MemoryItem {
  bool is_table = false;
  Item item;
};
enum class MemoryAction : std::uint8_t { kZero, kAllocate, kFree };
struct ChangeMemory {
  MemoryAction action = MemoryAction::kFree;
  std::vector<MemoryItem> items;
};
struct Barrier {
  arch::Barrier barrier;
};
struct Tlbi {
  Name mnemonic;
  std::optional<Page> page;
  std::optional<Level> level;
  std::optional<std::uint16_t> tag;
  std::optional<std::uint64_t> operand;
  Location tag_location;
};
struct WriteRoot {
  Name root;
};
struct UseLock {
  bool take = true;
  Name lock;
};
struct OtherCpus {
  bool stop = true;
};
struct Interrupt {
  std::vector<Step> body;
};
struct Notify {
  model::op::NotifyPhase phase = model::op::NotifyPhase::kNow;
  Page page;
};
struct Loop {
  Name variable;
  Expression first;
  Expression last;
  std::vector<Step> body;
};

// The step's words with single spaces, cut where an index stands: piece, index, piece, index, ...
struct StepText {
  struct Piece {
    std::string before;
    Index index;
  };
  std::vector<Piece> pieces;
  std::string tail;
};

struct Step {
  std::variant<SetEntry, ReadEntry, CompareExchange, UpdateEntry, Access, FrameAccess, CopyFrame,
               CopyTables, ChangeMemory, Barrier, Tlbi, WriteRoot, UseLock, OtherCpus, Interrupt,
               Notify, Loop>
      what;
  StepText text;
  Location location;
};

// --- statements at the top -----------------------------------------------------------------------

struct Text {
  std::string text;
  Location location;
};

struct Machine {
  arch::Geometry geometry;
  arch::Features features;
  std::vector<std::uint8_t> bbm_levels{0, 1, 2, 3};
  std::vector<arch::Ets> ets_levels{arch::Ets::kNone};
  std::uint32_t cpus = 2;
  Location location;
};

struct Assume {
  Name name;
  Name value;
};

struct DeclaredFrames {
  Name name;
  std::uint32_t count = 1;
  bool is_array = false;
};
enum class Contents : std::uint8_t { kDistinct, kSame, kAs, kZero, kUnknown };
struct Frames {
  std::vector<DeclaredFrames> frames;
  Contents contents = Contents::kDistinct;
  std::optional<Item> same_as;
  bool free = false;
};

struct Root {
  Name name;
  std::optional<Name> like;
  std::uint16_t tag = 0;
};

struct CpuRoot {
  std::uint32_t cpu = 0;
  Name root;
  Location location;
};

struct Tables {
  Name name;
  std::uint32_t count = 1;
  bool is_array = false;
  Level level;
  bool junk = false;
  bool free = false;
};

// What a run of consecutive pages of a region maps.
struct Backing {
  std::optional<Item> pages;  // absent: none
  Attributes attributes;
  Location location;
};
struct Map {
  Name name;
  std::optional<std::uint32_t> pages;
  bool block = false;
  std::vector<Backing> backing;
  std::optional<Name> root;
  std::optional<Name> at_region;
  std::optional<std::uint64_t> at_address;
  std::optional<Item> in_table;
  std::optional<Level> level;
  Location at_location;
};

struct Device {
  model::Device device;
};

// Where an agent or an observer runs: CPUs, a device, or every CPU without an agent.
struct Place {
  std::vector<std::uint32_t> cpus;
  std::optional<Name> device;
  bool any_other = false;
  Location location;
};

struct RegisterIs {
  Name reg;
  Item value;
};
struct Forbid {
  std::vector<RegisterIs> all_of;
  Name effect;
  Location location;
};
struct Agent {
  Name name;
  Place place;
  std::vector<Step> steps;
  std::vector<Forbid> forbids;
};

struct ObserverAccess {
  std::vector<model::AccessKind> kinds;
  Item page;
  bool may_fault = false;
  bool may_be_lost = false;
  Location location;
};
struct Observer {
  Name name;
  Place place;
  std::vector<ObserverAccess> accesses;
};

struct Expectation {
  std::vector<std::uint8_t> bbm_levels;
  std::vector<arch::Ets> ets_levels;
  bool clean = false;
  std::vector<Name> rules;
  std::vector<Name> effects;
  Location location;
};

struct Scenario {
  std::optional<Text> title;
  std::optional<Text> question;
  std::optional<Text> source;
  std::optional<Text> reason;
  std::optional<Machine> machine;
  std::vector<Assume> assumptions;
  std::vector<Frames> frames;
  std::vector<Root> roots;
  std::vector<CpuRoot> cpu_roots;
  std::vector<Tables> tables;
  std::vector<Map> maps;
  std::vector<Device> devices;
  std::vector<Agent> agents;
  std::vector<Observer> observers;
  std::vector<Expectation> expectations;
  std::optional<Location> expect;  // the block's head
};

}  // namespace amalgam::lang::scenario::ast
