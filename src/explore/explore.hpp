// Runs page-table code as it ships against everything that the machine permits.
//
//   auto result = amalgam::explore({.bbm = 0, .cpus = 2}, [](auto& machine) {
//     Tables tables(machine.port(), machine.root(), {});       // the code that ships
//     ... set-up: applied to memory at once ...
//     machine.spawn("unmap", [&] { ... });                      // explored, on a CPU of its own
//     machine.observe(va, bytes, {.load = true, .may_fault = true});
//   });
//   EXPECT_TRUE(result.clean()) << result;
//
// The function is called many times: once for each task and each history of values that the task
// reads. It must do the same each time; where it does not, the result says so (docs/explore.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::explorer {

using pgtable::PhysicalAddress;
class Session;

// What to explore, and how far. A bound that is hit makes the result undecided, never clean.
struct Options {
  std::uint8_t bbm = 0;  // FEAT_BBM level
  arch::Ets ets = arch::Ets::kNone;
  std::uint32_t cpus = 2;
  arch::Geometry geometry{};
  pgtable::Half half = pgtable::Half::kLower;  // which addresses the root translates
  arch::Features features{};  // `bbm` and `ets` in it are not looked at; dirty state implies AF
  std::uint16_t tag = 0;      // the ASID, or VMID, of the root
  // Names and values of assumptions, as docs/machine.md has them.
  std::vector<std::pair<std::string, std::string>> assumptions{};
  // Of one task in one run.
  std::size_t max_reads = 65536;
  std::size_t max_operations = 1'000'000;
  // Of one task; of paths of all tasks.
  std::size_t max_paths = 2048;
  std::size_t max_combinations = 16384;
  // Of one slice of one combination.
  std::uint64_t max_states = 20'000'000;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  // A Finding's token: shows that finding alone.
  std::string replay{};
};

// A device of the machine.
struct Device {
  std::uint32_t id = 0;
};

// How a device translates. Devices of one exploration either all mirror or none does.
struct DeviceTraits {
  // Entry sizes that its own TLB keeps. It may keep a block in pieces, as a whole, or both.
  bool pages = true;
  bool blocks = false;
  bool ignores_partial = false;  // drops a block only when told of all of it
  bool listens = true;           // its SMMU obeys the CPUs' broadcast TLBIs
  // Has tables of its own, filled by faults, and drops them from kStart on until kEnd; else it
  // walks the CPUs' tables, and drops what its TLB holds at kNow.
  bool mirrors = false;
};

// What every CPU and device named may do with the pages of a range, any time, any number of times.
struct Observation {
  bool load = false;
  bool store = false;
  bool add = false;                   // an atomic read-modify-write
  bool may_fault = false;             // a fault is part of the contract
  bool may_be_lost = false;           // stores need not survive the update
  std::vector<std::uint32_t> cpus{};  // neither these nor devices: all CPUs
  std::vector<Device> devices{};
};

// How a task accesses memory by input address.
struct TaskAccess {
  bool may_fault = false;
};

// The pgtable::Port of the machine. In set-up code it applies to memory at once; in a task it
// records. Addresses are made up and the same in each call of the function.
class Port {
 public:
  struct View {
    PhysicalAddress page = 0;
  };
  using Here = std::source_location;

  explicit Port(Session& session) : session_(&session) {}

  View open(PhysicalAddress pa, const Here& here = Here::current());
  void close(View) {}
  std::uint64_t load(View view, std::size_t index, const Here& here = Here::current());
  void store(View view, std::size_t index, std::uint64_t raw, const Here& here = Here::current());
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected, std::uint64_t raw,
                        const Here& here = Here::current());
  void barrier(const arch::Barrier& b, const Here& here = Here::current());
  void tlbi(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand,
            const Here& here = Here::current());
  bool reserve(std::size_t count);
  PhysicalAddress take(const Here& here = Here::current());
  void release(std::size_t count);
  void give_back(PhysicalAddress pa, const Here& here = Here::current());
  // Devices drop at kNow what they hold of the range, and nothing more, and have acknowledged it
  // when the call returns. kStart and kEnd are for devices that mirror.
  void notify(pgtable::NotifyPhase phase, std::uint64_t start, std::uint64_t end,
              const Here& here = Here::current());
  void stop_others(const Here& here = Here::current());
  void resume_others(const Here& here = Here::current());
  // Data pages. In set-up code a copy gives `to` the contents of `from` to begin with.
  void copy_page(PhysicalAddress from, PhysicalAddress to, const Here& here = Here::current());
  // Whether set-up code and this task's own copies and stores leave both with the same contents.
  // Where others may store, the answer may be no all the same: both are explored.
  bool same_contents(PhysicalAddress a, PhysicalAddress b, const Here& here = Here::current());
  // In set-up code: the root that every CPU starts with.
  void set_root(pgtable::Half half, PhysicalAddress root, std::uint16_t tag,
                const Here& here = Here::current());

 private:
  Session* session_;
};

// A lock that tasks share; fits std::lock_guard.
class Mutex {
 public:
  using Here = std::source_location;
  Mutex(Session& session, std::uint32_t id) : session_(&session), id_(id) {}
  void lock(const Here& here = Here::current());
  void unlock(const Here& here = Here::current());

 private:
  Session* session_;
  std::uint32_t id_;
};

// The machine that a test describes. What only set-up code may call, and what only a task may, is
// said; a call in the wrong place makes the result unusable, with the line.
class Machine {
 public:
  using Here = std::source_location;
  explicit Machine(Session& session);

  Port& port() { return port_; }

  // A root table page (pages, where concatenated), zeroed. CPUs start with number 0 and
  // Options::tag. Further ones are address spaces of their own; set-up code names them first.
  PhysicalAddress root(std::size_t n = 0, const Here& here = Here::current());
  // Data page number `n`, with contents that no other page has. Their addresses follow one another
  // from a multiple of 1 GiB.
  [[nodiscard]] PhysicalAddress page(std::size_t n = 0) const;

  // Set-up: a lock, free.
  Mutex mutex();
  // Set-up: accesses by CPUs that go on all the time.
  void observe(std::uint64_t va, std::uint64_t bytes, const Observation& what,
               const Here& here = Here::current());
  // Set-up: a device, which does what observations say.
  Device device(const std::string& name, const DeviceTraits& traits = {},
                const Here& here = Here::current());
  // Set-up: the device loads from `flag` and then from `data`. Where it sees what a task has stored
  // at `flag`, it must not see at `data` what was there before that task stored to it; if it does,
  // the effect is device-order-violation.
  void expect_order(Device device, std::uint64_t data, std::uint64_t flag,
                    const Here& here = Here::current());
  // Set-up: code to be explored, on CPU `cpu`, or on the CPU after that of the task before it.
  // Comes last: what set-up code changes in tables after the first spawn is an error.
  void spawn(const std::string& name, const std::function<void()>& task,
             std::optional<std::uint32_t> cpu = std::nullopt, const Here& here = Here::current());

  // Task: what follows belongs to this line of the user's code, until the next such call.
  // Operations of a library are told with both lines.
  void step(const Here& here = Here::current());
  // Task: accesses by input address.
  void load(std::uint64_t va, TaskAccess how = {}, const Here& here = Here::current());
  void store(std::uint64_t va, TaskAccess how = {}, const Here& here = Here::current());
  // Task: a data page goes back to the allocator, and out of it again.
  void free(PhysicalAddress page, const Here& here = Here::current());
  void allocate(PhysicalAddress page, const Here& here = Here::current());
  // Task: copies a data page by addresses that no step changes. Relies on `from` holding still.
  void copy(PhysicalAddress from, PhysicalAddress to, const Here& here = Here::current());
  // Task: every other CPU waits, interrupts off, until resumed.
  void stop_others(const Here& here = Here::current());
  void resume_others(const Here& here = Here::current());
  // Task: every other CPU runs `handler`, and this one goes on when all have. A handler does
  // barriers, TLBIs and writes of its root register.
  void interrupt_others(const std::function<void()>& handler, const Here& here = Here::current());

 private:
  Session* session_;
  Port port_;
};

// A broken rule or an effect that a user may see, with a shortest run that shows it.
struct Finding {
  std::string name;  // of the rule or effect: docs/glossary.md
  bool is_rule = false;
  std::string where;    // file:line of the operation to blame
  std::string subject;  // "PAGE page[0] RW  ->  invalid"
  std::string why;
  std::string address;                // the input page that it was found at
  std::vector<std::string> timeline;  // the run, a line a step
  std::string token;                  // Options::replay shows it again
};

// What it took.
struct Coverage {
  std::size_t tasks = 0;
  std::size_t runs = 0;          // of the function that describes the test
  std::size_t paths = 0;         // histories of values read, of all tasks
  std::size_t combinations = 0;  // of paths, explored
  std::uint64_t slices = 0;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
};

struct Result {
  std::vector<Finding> findings;    // rules, then effects
  std::vector<std::string> errors;  // the test cannot be used: misuse, nondeterminism
  std::vector<std::string> bounds;  // what was not covered, and why
  Coverage coverage;

  // Every run that the machine permits has been looked at.
  [[nodiscard]] bool decided() const { return errors.empty() && bounds.empty(); }
  // ... and nothing is wrong with any of them.
  [[nodiscard]] bool clean() const { return decided() && findings.empty(); }
  [[nodiscard]] bool found(const std::string& name) const;
};

// Rules, effects, timeline with lines of the user's own code, and what was covered.
std::ostream& operator<<(std::ostream& out, const Result& result);

}  // namespace amalgam::explorer

namespace amalgam {

// Explores what `describe` sets up and spawns. Deterministic. Does not throw but for memory.
explorer::Result explore(const explorer::Options& options,
                         const std::function<void(explorer::Machine&)>& describe);

}  // namespace amalgam
