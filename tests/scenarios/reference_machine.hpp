// A slow machine for tiny programs, written from the rules and not from the model's code: every TLB
// holds what it holds, every barrier is an event, nothing is sliced, masked, sorted or left out.
//
// Limits: stage 1, one root, last-level descriptors, no devices, no hardware AF or dirty
// management, default assumptions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "amalgam/arch/tlbi.hpp"
#include "model/preserved_order.hpp"
#include "model/program.hpp"

namespace amalgam::test {

struct ReferenceOptions {
  // TLB fills as steps of their own, at any time; off: a TLB takes up everything at once. More in a
  // TLB only ever allows more, so the answer is the same.
  bool fills_are_steps = false;
  std::uint64_t max_states = 400'000;
};

struct ReferenceResult {
  std::set<std::string> names;  // of the rules and effects found
  std::uint64_t states = 0;
  bool complete = true;
  bool agent_died = false;  // some run ends in a fault outside the contract
};

ReferenceResult explore_reference(const model::Program& program, std::uint8_t bbm, arch::Ets ets,
                                  const ReferenceOptions& options);

namespace reference {

// One write of a descriptor, from when it is in memory until nobody can use it any more.
struct Instance {
  std::uint64_t raw = 0;
  std::uint8_t cached = 0;    // CPUs whose TLB holds it
  std::uint32_t flights = 0;  // walks that used it
};

enum class NodeKind : std::uint8_t {
  kBarrier,
  kWriteCell,
  kReadCell,
  kCasCell,
  kUpdateCell,
  kWalk,
  kAccess,
  kReadFrame,
  kWriteFrame,
  kAddFrame,
  kAllocate,
  kFree,
  kTlbiOwn,
  kTlbiOthers,
  kLock,
  kUnlock,
  kStop,
  kResume,
};

// An event, or a barrier, of an agent.
struct Node {
  NodeKind kind = NodeKind::kBarrier;
  OrderNode order;
  std::uint64_t preds = 0;  // nodes of the agent, as bits
  const model::Op* op = nullptr;
  std::size_t page = 0;   // input page, of cells and accesses
  std::size_t frame = 0;  // of accesses by output address
  std::size_t partner = 0;
  std::uint32_t reg = model::kNone;
  model::AccessKind access = model::AccessKind::kLoad;
  bool may_fault = false;
  bool relies = false;       // the read of a copy
  std::uint32_t flight = 0;  // walk: its bit in Instance::flights
};

struct Agent {
  std::uint32_t cpu = 0;
  std::vector<Node> nodes;
  const model::Agent* source = nullptr;
};

enum class Translated : std::uint8_t { kNot, kByEntry, kByMixture, kAbort, kFault };

// What a walk came to: the output address of `where` with the permissions of `how`.
struct Translation {
  Translated kind = Translated::kNot;
  std::uint64_t where = 0;
  std::uint64_t how = 0;
};

struct Datum {
  std::uint32_t value = 0;
  bool mark = false;  // holds the store that is watched
  friend bool operator==(const Datum&, const Datum&) = default;
};

struct FrameState {
  Datum datum;
  bool freed = false;
  bool relied = false;
};

struct AgentState {
  std::uint64_t executed = 0;
  std::size_t end = 0;  // nodes from here on are cancelled
  bool died = false;
  std::map<std::size_t, Translation> walks;
  std::map<std::size_t, std::uint8_t> recipients;  // CPUs that have carried out a TLBI
  std::map<std::uint32_t, Datum> data;             // registers
  std::map<std::uint32_t, std::uint64_t> raws;
  std::map<std::size_t, Datum> copies;  // what the read of a copy found
  std::map<std::size_t, std::uint32_t>
      forwarded;  // walks that used a store before it was in memory
};

struct ObserverFlight {
  bool active = false;
  std::size_t access = 0;
  Translation translation;
};

struct Machine {
  std::vector<std::vector<Instance>> cells;  // by page; the last instance is in memory
  std::vector<FrameState> frames;
  bool unknown_are_same = false;
  std::vector<AgentState> agents;
  std::vector<ObserverFlight> flights;               // by CPU
  std::vector<std::vector<std::uint8_t>> seen_rank;  // [cpu][page]
  std::vector<std::vector<bool>> seen_mark;
  std::optional<std::size_t> watched;  // the page whose store is watched
  std::set<std::uint32_t> locks;
  std::optional<std::size_t> stopped_by;

  [[nodiscard]] std::string key() const;
};

struct ObserverAccess {
  std::uint32_t cpus = 0;
  std::size_t page = 0;
  model::ObserverAccess said;
};

class Explorer {
 public:
  Explorer(const model::Program& program, std::uint8_t bbm, arch::Ets ets,
           const ReferenceOptions& options);
  ReferenceResult run();

 private:
  // --- the program (reference_program.cpp)
  void add_pages();
  void add_agents();
  class Lowering;
  class Follower;
  void add_order(Agent& agent) const;
  [[nodiscard]] bool depends(const Agent& agent, std::size_t earlier, std::size_t later) const;
  void add_observers();
  [[nodiscard]] bool may_move(const Agent& agent, const Node& n) const;
  void add_ranks();
  [[nodiscard]] std::size_t page_of(model::VaPage page) const;
  [[nodiscard]] std::size_t page_of_cell(model::CellId cell) const;
  [[nodiscard]] std::vector<Machine> start() const;

  // --- what descriptors mean (reference_program.cpp)
  [[nodiscard]] bool cacheable(std::uint64_t raw) const;
  [[nodiscard]] std::optional<std::size_t> frame_of(std::uint64_t raw) const;
  [[nodiscard]] bool writable(std::uint64_t raw) const;
  [[nodiscard]] bool allows(std::uint64_t raw, model::AccessKind kind) const;
  [[nodiscard]] arch::Change change(const Machine& m, std::size_t page, std::uint64_t from,
                                    std::uint64_t to) const;
  [[nodiscard]] bool removes(const Node& tlbi, std::size_t page, std::uint64_t raw) const;

  // --- steps
  void expand(const Machine& m);
  void visit(Machine m);
  void settle(Machine& m) const;
  [[nodiscard]] bool ended(const Machine& m, std::size_t agent) const;
  [[nodiscard]] bool all_ended(const Machine& m) const;
  [[nodiscard]] bool is_parked(const Machine& m, std::uint32_t cpu) const;
  void step(const Machine& m, std::size_t agent, std::size_t node);
  void finish(Machine m, std::size_t agent, std::size_t node);
  void step_cell(const Machine& m, std::size_t agent, std::size_t node);
  void step_frame(const Machine& m, std::size_t agent, std::size_t node);
  void step_free(const Machine& m, std::size_t agent, std::size_t node);
  void step_walk(const Machine& m, std::size_t agent, std::size_t node);
  void step_access(const Machine& m, std::size_t agent, std::size_t node);
  void step_tlbi(const Machine& m, std::size_t agent, std::size_t node);
  void step_stop(const Machine& m, std::size_t agent, std::size_t node);
  void observe(const Machine& m);
  void fill(const Machine& m);

  // --- parts of steps
  void store_cell(Machine& m, std::size_t page, std::uint64_t raw) const;
  [[nodiscard]] bool undoes_an_update(const Machine& m, std::size_t agent, std::size_t node) const;
  [[nodiscard]] bool waits(const Machine& m, std::uint32_t cpu, const Node& tlbi) const;
  [[nodiscard]] bool waits_for(const Machine& m, std::size_t agent, std::uint32_t flights,
                               std::size_t page) const;
  [[nodiscard]] std::vector<std::size_t> candidates(const Machine& m, std::uint32_t cpu,
                                                    std::size_t page) const;
  struct Choice {
    Translation translation;
    std::vector<std::size_t> instances;  // of the page, that it uses
    std::optional<std::size_t> store;    // ... or an own store that is not in memory yet
  };
  [[nodiscard]] std::vector<Choice> choices(const Machine& m, std::uint32_t cpu,
                                            std::size_t page) const;
  [[nodiscard]] std::vector<std::size_t> forwardable(const Machine& m, std::size_t agent,
                                                     std::size_t node) const;
  [[nodiscard]] bool may_take(const Machine& m, std::size_t agent, std::size_t node,
                              const Translation& t) const;
  void take(const Machine& m, std::size_t agent, std::size_t node, const Choice& choice);
  struct Access {
    std::uint32_t cpu = 0;
    std::size_t page = 0;
    model::AccessKind kind = model::AccessKind::kLoad;
    bool may_fault = false;
    bool observer = false;
    bool may_be_lost = false;
  };
  // Whether the access happened. `watch`: this is the store to watch.
  bool land(Machine& m, const Access& access, const Translation& t, bool watch);
  [[nodiscard]] bool shows_mixture(model::AccessKind kind, const Translation& t) const;
  void land_load(Machine& m, const Access& access, std::size_t frame);
  void land_store(Machine& m, const Access& access, const Translation& t, std::size_t frame,
                  bool watch);
  [[nodiscard]] bool grants_store(const Machine& m, std::size_t page, std::size_t frame) const;
  [[nodiscard]] std::uint32_t named(const Machine& m, std::uint32_t value) const;
  void put_fresh(Machine& m, std::size_t frame) const;
  [[nodiscard]] std::uint64_t evaluate(const AgentState& a, const model::DescriptorExpr& e) const;
  // What own accesses before `node` in program order, to the same frame and not yet done, mean for
  // it: it has to wait, or (a load) it takes the youngest store's value.
  struct Earlier {
    bool wait = false;
    std::optional<Datum> forwarded;
  };
  [[nodiscard]] Earlier earlier_at(const Machine& m, std::size_t agent, std::size_t node,
                                   std::size_t frame) const;
  [[nodiscard]] std::optional<std::size_t> location(const Machine& m, std::size_t agent,
                                                    std::size_t node) const;
  void complete(const Machine& m, std::uint32_t cpu);
  void rely(const Machine& m, std::size_t frame);

  // --- judgement
  void found(const std::string& name) { result_.names.insert(name); }
  void judge(const Machine& m);
  void judge_end(const Machine& m);
  void judge_forbids(const Machine& m);

  const model::Program& program_;
  ReferenceOptions options_;
  arch::Ets ets_;
  arch::ChangeContext context_;
  struct Page {
    std::uint64_t va = 0;
    model::CellId cell = model::kNone;
    std::map<std::size_t, std::uint8_t> rank;  // of frames in their succession
  };
  std::vector<Page> pages_;
  std::vector<Agent> agents_;
  std::vector<ObserverAccess> observers_;
  std::unordered_map<std::string, bool> seen_;
  std::vector<Machine> open_;
  ReferenceResult result_;
  std::uint32_t walks_ = 0;
};

}  // namespace reference
}  // namespace amalgam::test
