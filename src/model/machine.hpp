// The machine: what may happen next in a state, and what is wrong with it.
//
// One flat memory; per PE a window of events of which any may run whose preserved predecessors have
// run; per CPU and device the set of entries that its TLB may hold. Observers' accesses are single
// steps: their walk and their access may be taken together, because an entry stays in the set until
// a TLBI removes it, and a TLBI waits for accesses that use what it removes (docs/machine.md).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/effect.hpp"
#include "model/rule.hpp"
#include "model/slice.hpp"
#include "model/state.hpp"

namespace amalgam::model {

enum class TransitionKind : std::uint8_t {
  kStart,
  kEvent,       // agent `actor` executes event `index`
  kReceive,     // walker `choice` carries out the TLBI of agent `actor`, event `index`
  kObserve,     // walker `actor` makes access `index` of Slice::observers
  kHardwareAf,  // hardware sets AF in cell `index`
};

// How an access was translated.
enum class OutcomeKind : std::uint8_t {
  kNothing,
  kEntry,       // by entry a
  kMixture,     // output address of a, permissions and attributes of b
  kAbort,       // TLB conflict abort between a and b
  kFault,       // translation or access flag fault; with a: the nT fault of a
  kJunkWalk,    // the walk read bytes that nobody has initialised
  kFreedWalk,   // the walk read a freed table
  kBitMixture,  // some address bits of a, some of b: memory that neither names
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::kNothing;
  std::uint8_t a = 0;
  std::uint8_t b = 0;

  [[nodiscard]] std::uint16_t packed() const {
    return static_cast<std::uint16_t>(static_cast<unsigned>(kind) | a << 3 | b << 9);
  }
  static Outcome unpack(std::uint64_t bits) {
    return {static_cast<OutcomeKind>(bits & 7), static_cast<std::uint8_t>(bits >> 3 & 63),
            static_cast<std::uint8_t>(bits >> 9 & 63)};
  }
};

struct Transition {
  TransitionKind kind = TransitionKind::kStart;
  std::uint8_t actor = 0;
  std::uint8_t index = 0;
  std::uint16_t choice = 0;  // the Outcome of a walk or an observation; the walker of a receipt

  [[nodiscard]] std::uint64_t packed() const {
    return static_cast<std::uint64_t>(kind) | std::uint64_t{actor} << 8 |
           std::uint64_t{index} << 16 | std::uint64_t{choice} << 24;
  }
  static Transition unpack(std::uint64_t bits) {
    return {static_cast<TransitionKind>(bits & 0xff), static_cast<std::uint8_t>(bits >> 8),
            static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint16_t>(bits >> 24)};
  }
};

// A broken rule or an effect, as the machine meets it.
struct Sighting {
  bool is_rule = false;
  std::uint8_t what = 0;  // a Rule or an Effect
  std::uint8_t walker = kNoIndex;
  std::uint8_t va_point = kNoIndex;
  std::uint8_t old_entry = kNoIndex;
  std::uint8_t new_entry = kNoIndex;
  std::uint8_t page = kNoIndex;
  AccessKind access = AccessKind::kLoad;
  Outcome outcome;
  std::uint8_t agent = kNoIndex;  // the agent whose access or condition it is
  std::uint8_t event = kNoIndex;
  bool permission_fault = false;
  bool is_condition = false;  // that an agent states
};

// What an event reads that assumes it reads something else.
struct Refutation {
  std::uint32_t op = 0;   // index into Slice::origins
  std::uint64_t raw = 0;  // kUninitialised for bytes of nobody's
  friend auto operator<=>(const Refutation&, const Refutation&) = default;
};

// Takes what the machine produces. The explorer implements it.
class MachineSink {
 public:
  virtual ~MachineSink() = default;
  virtual void next(const State& state, const Transition& transition) = 0;
  // Seen in the state that is being expanded, or (with `transition`) on the way out of it.
  virtual void sight(const Sighting& sighting, const Transition* transition) = 0;
  // A read of the program yields something else than it assumes: the run ends there.
  virtual void refute(const Refutation& /*refutation*/) {}
};

// What a walker's TLB may translate an address with.
struct Reach {
  Mask entries = 0;
  Mask current = 0;  // those that memory holds now
  std::uint64_t nodes = 0;
  bool fault = false;
  bool junk = false;
  bool freed_table = false;
};

class Semantics {
 public:
  explicit Semantics(const Slice& slice);

  [[nodiscard]] const StateLayout& layout() const { return layout_; }
  [[nodiscard]] const Slice& slice() const { return slice_; }

  // The states to start from: one for each choice of unknown contents and of what is tracked.
  [[nodiscard]] std::vector<State> initial_states() const;

  // Reports every successor of `state` and everything wrong with it. `reduce`: where an event
  // commutes with all others and nobody can see it, only that one.
  void expand(const State& state, bool reduce, MachineSink& sink) const;

  // Sorts what like walkers hold, so that states that differ by their names are equal.
  void canonicalise(State& state) const;

  [[nodiscard]] Reach reach(const State& s, std::uint8_t walker, std::uint8_t va_point) const;
  [[nodiscard]] bool ended(const State& s, std::uint8_t agent) const;
  [[nodiscard]] bool all_ended(const State& s) const;

  // Whether some event assumes what it reads, and whether all that do and that ever execute have
  // executed, so that what the run shows is a run of the program.
  [[nodiscard]] bool has_assumptions() const { return has_assumptions_; }
  [[nodiscard]] bool assumptions_met(const State& s) const;

 private:
  // An address whose translation is one leaf descriptor and nothing else.
  struct DirectLeaf {
    bool usable = false;
    std::uint8_t cell = 0;
    std::uint8_t table_page = 0;
    std::uint64_t nodes = 0;
    Mask entries = 0;
    Mask tagged = 0;
  };
  // What every walker can reach, computed once for the state that is expanded.
  using Reaches = std::array<std::array<Reach, kMaxVaPoints>, kMaxWalkers>;

  struct Access {
    std::uint8_t walker;
    std::uint8_t va_point;
    AccessKind kind;
    bool may_fault;
    bool may_be_lost;
    std::uint8_t agent = kNoIndex;
    std::uint8_t event = kNoIndex;
  };
  struct Landing {
    bool happened = false;  // the access reached memory
    bool feasible = true;   // false: hardware would have walked again
    std::uint8_t page = kNoIndex;
  };

  [[nodiscard]] std::vector<State> initial_worlds() const;

  // --- sets (machine_sets.cpp)
  void write_cell(State& s, std::uint8_t cell, ValueIndex value, bool is_update) const;
  void keep_replaced(State& s, const SliceCell& cell, Mask old_entries) const;
  void cut(State& s, std::uint8_t walker, const Event& e) const;
  void notify(State& s, const Event& e) const;
  void take_root(State& s, std::uint8_t walker, std::uint8_t root) const;
  void keep_lost_nodes(State& s, std::uint8_t walker, std::uint64_t before, Mask cut) const;
  [[nodiscard]] std::uint64_t all_nodes(const State& s, std::uint8_t walker) const;
  [[nodiscard]] Mask held(const State& s, std::uint8_t walker) const;
  [[nodiscard]] Mask current_entries(const State& s, std::uint8_t cell, Mask tagged) const;
  [[nodiscard]] Reach current_reach(const State& s, std::uint8_t walker,
                                    std::uint8_t va_point) const;
  void walk_nodes(const State& s, std::uint8_t walker, Mask held_entries, Mask tagged,
                  Reach& r) const;
  [[nodiscard]] std::uint8_t leaf_in_memory(const State& s, std::uint8_t root,
                                            std::uint8_t va_point) const;
  void note_update(State& s, std::uint8_t cell) const;

  // --- events (machine_events.cpp)
  void expand_agent(const State& s, std::uint8_t agent, MachineSink& sink) const;
  void expand_event(const State& s, std::uint8_t agent, std::uint8_t index,
                    MachineSink& sink) const;
  [[nodiscard]] bool permits(AccessKind kind, const Outcome& outcome) const;
  [[nodiscard]] bool is_fatal(const Event& access, const Outcome& outcome) const;
  [[nodiscard]] Mask runnable(const State& s, std::uint8_t agent) const;
  [[nodiscard]] bool enabled(const State& s, std::uint8_t agent, std::uint8_t index) const;
  [[nodiscard]] bool has_started(const State& s, std::uint8_t agent) const;
  void finish(State next, const Event& e, std::uint8_t index, MachineSink& sink,
              std::uint16_t choice = 0) const;
  void execute_walk(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void execute_access(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void execute_store_to_table(State next, const Event& e, std::uint8_t index,
                              const Landing& landing, MachineSink& sink) const;
  void execute_tlbi(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void execute_cell(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void sight_lost_update(const State& s, const Event& e, std::uint8_t index,
                         MachineSink& sink) const;
  void execute_page(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void sight_use_after_free(const State& s, const Event& e, std::uint8_t index,
                            MachineSink& sink) const;
  void execute_free(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void execute_root(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  void execute_control(const State& s, const Event& e, std::uint8_t index, MachineSink& sink) const;
  [[nodiscard]] bool tlbi_must_wait(const State& s, std::uint8_t walker, const Event& e) const;
  [[nodiscard]] bool device_in_flight(const State& s, std::uint8_t walker, Mask removed) const;
  [[nodiscard]] bool is_writable_now(const State& s, std::uint8_t page) const;
  [[nodiscard]] bool uses_removed(const Outcome& o, Mask removed) const;
  [[nodiscard]] std::uint8_t pending_store(const State& s, std::uint8_t agent,
                                           std::uint8_t index) const;
  [[nodiscard]] std::uint64_t value_read(const State& s, const Event& e, std::uint8_t index) const;
  [[nodiscard]] std::uint8_t operand_value(const State& s, const Operand& o) const;
  [[nodiscard]] State with_own_stores(const State& s, std::uint8_t agent, std::uint8_t index) const;
  [[nodiscard]] bool control_must_wait(const State& s, const Event& e) const;
  [[nodiscard]] bool same_value(const State& s, std::uint64_t a, std::uint64_t b) const;
  void check_forbids(const State& s, MachineSink& sink) const;
  void relied_upon(const State& s, const Event& e, const Transition& t, MachineSink& sink) const;

  // --- own order (machine_order.cpp)
  struct Earlier {
    bool wait = false;
    std::optional<std::uint64_t> forwarded;  // as a register holds it
  };
  [[nodiscard]] std::uint8_t frame_at(const Event& access, const Outcome& outcome) const;
  [[nodiscard]] std::uint8_t location(const State& s, const Event& e, std::uint64_t executed) const;
  [[nodiscard]] std::uint64_t datum_of(const State& s, std::uint8_t page) const;
  [[nodiscard]] std::optional<std::uint64_t> stored_datum(const State& s, const Event& e,
                                                          std::uint8_t page) const;
  [[nodiscard]] Earlier earlier_at(const State& s, const Event& e, std::uint8_t index,
                                   std::uint8_t page) const;
  [[nodiscard]] bool same_page_order_allows(const State& s, const Event& walk, std::uint8_t index,
                                            const Outcome& outcome) const;
  [[nodiscard]] bool is_between_instructions(const State& s, std::uint8_t agent) const;
  [[nodiscard]] bool others_half_done(const State& s, std::uint8_t agent) const;

  // --- accesses (machine_access.cpp)
  template <typename F>
  void for_each_outcome(const State& s, std::uint8_t walker, const Reach& r, F&& f) const;
  bool translate(const Access& access, const Outcome& outcome, const Transition& t,
                 MachineSink& sink) const;
  Landing land(State& next, const Access& access, const Outcome& outcome, const Transition& t,
               MachineSink& sink) const;
  Landing store(State& next, const Access& access, const Outcome& outcome, const Transition& t,
                MachineSink& sink) const;
  bool records_store(State& next, const Entry& entry) const;
  [[nodiscard]] bool lacks_permission(const State& s, const Access& access,
                                      const Outcome& outcome) const;
  [[nodiscard]] bool is_watched(const State& s, std::uint8_t va_point) const;
  void load(State& next, const Access& access, const Outcome& outcome, const Transition& t,
            MachineSink& sink) const;
  void fault(const Access& access, const Outcome& outcome, bool permission, const Transition& t,
             MachineSink& sink) const;
  [[nodiscard]] bool shows_mixture(const Access& access, const Outcome& outcome) const;
  [[nodiscard]] bool is_mixture_of_fields(const Outcome& o) const;
  [[nodiscard]] bool grants_store(const State& s, const Access& access, std::uint8_t page) const;
  void put_fresh(State& s, std::uint8_t page) const;
  [[nodiscard]] bool in_handler(const State& s, std::uint8_t walker) const;
  [[nodiscard]] bool shows_nothing(const State& s, const Access& access,
                                   const Outcome& outcome) const;
  void observe(const State& s, const Reaches& reaches, MachineSink& sink) const;
  [[nodiscard]] bool contents_differ(const State& s, const Entry& a, const Entry& b) const;
  [[nodiscard]] Mask differing(const State& s, unsigned entry, Mask candidates) const;

  // --- rules (machine_rules.cpp)
  void judge(const State& s, const Reaches& reaches, MachineSink& sink) const;
  void judge_pairs(const State& s, std::uint8_t walker, std::uint8_t va_point, const Reach& r,
                   MachineSink& sink) const;
  [[nodiscard]] Mask older_only(const State& s, unsigned entry, Mask candidates) const;
  [[nodiscard]] Mask newer_only(const State& s, unsigned entry, Mask candidates) const;
  void judge_end(const State& s, MachineSink& sink) const;
  void judge_end_of(const State& s, std::uint8_t walker, std::uint8_t va_point,
                    MachineSink& sink) const;
  [[nodiscard]] bool is_observed(std::uint8_t walker, std::uint8_t v) const;
  [[nodiscard]] bool is_repeat(const State& s, std::uint8_t walker) const;

  [[nodiscard]] std::uint8_t value_of(const State& s, std::uint8_t cell) const {
    return static_cast<std::uint8_t>(layout_.cells[cell].get(s));
  }
  [[nodiscard]] const CellValue& cell_value(const State& s, std::uint8_t cell) const {
    return slice_.cells[cell].values[value_of(s, cell)];
  }
  [[nodiscard]] std::uint8_t root_of(const State& s, std::uint8_t walker) const {
    return static_cast<std::uint8_t>(layout_.walkers[walker].root.get(s));
  }

  const Slice& slice_;
  StateLayout layout_;
  std::vector<std::uint64_t> tree_nodes_;  // [root]: nodes of its tree
  std::vector<Mask> tagged_;               // [root]: entries that its tag matches
  std::vector<std::uint8_t> data_registers_;
  std::vector<Mask> walks_;        // [agent]: its walks
  std::vector<Mask> tlbis_;        // [agent]: its invalidations
  std::vector<Mask> independent_;  // [agent]: events that commute with everything
  std::vector<Mask> assuming_;     // [agent]: reads that assume what they yield
  bool has_assumptions_ = false;
  std::vector<DirectLeaf> direct_;  // by address
  bool nodes_never_change_ = false;
  bool stops_ = false;  // some agent stops or interrupts others
  bool awaits_af_ = false;
  mutable Reaches reaches_;  // of the state that is expanded; saves clearing them each time
  Mask risky_ = 0;           // new entries that some other had to be broken for
  Mask device_risky_ = 0;    // ... or a device had to be told of

  std::vector<std::vector<std::uint8_t>> classes_;  // like walkers
  std::vector<std::uint8_t> previous_like_;         // [walker]: the like walker before it

  [[nodiscard]] Reach reach_leaf(const State& s, std::uint8_t walker, const DirectLeaf& leaf) const;
  void find_direct_leaves();
  void find_classes();
  void find_trees();
  void find_independent();
  static bool is_lock(const Event& e) {
    return e.kind == EventKind::kLock || e.kind == EventKind::kUnlock;
  }
  [[nodiscard]] bool others_touch(const SliceAgent& agent, const Event& e) const;
  [[nodiscard]] bool hardware_may_write(std::uint8_t cell) const;
  [[nodiscard]] bool is_mapped(std::uint8_t page) const;
  [[nodiscard]] bool may_go_alone(const State& s, std::uint8_t agent, std::uint8_t index) const;
  [[nodiscard]] bool is_independent(const SliceAgent& agent, const Event& e) const;
};

}  // namespace amalgam::model
