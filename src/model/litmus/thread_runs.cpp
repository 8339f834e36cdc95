#include "model/litmus/thread_runs.hpp"

#include <algorithm>
#include <memory>

#include "model/litmus/domains.hpp"
#include "model/litmus/interpreter.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr Value kValid = 1;
constexpr Value kAccessFlag = Value{1} << 10;

// Whether hardware may set the access flag of a descriptor that no access uses.
constexpr bool may_gain_af(Value descriptor) {
  return (descriptor & kValid) != 0 && (descriptor & kAccessFlag) == 0;
}

std::size_t count_stores(const ThreadRun& run) {
  return static_cast<std::size_t>(std::ranges::count_if(run.events, writes_memory));
}

std::size_t count_stores_without_af(const ThreadRun& run, Address descriptor) {
  return static_cast<std::size_t>(std::ranges::count_if(run.events, [&](const Event& e) {
    return e.kind == EventKind::kWrite && e.address == descriptor && may_gain_af(e.value);
  }));
}

template <typename Count>
std::size_t most(const std::vector<ThreadRun>& runs, Count count) {
  std::size_t result = 0;
  for (const ThreadRun& run : runs) result = std::max(result, count(run));
  return result;
}

// Alternates between running threads and noting what they store, until nothing is new.
class Enumeration {
 public:
  Enumeration(const Test& test, const ModelOptions& options, const Limits& limits)
      : test_(test), limits_(limits), domains_(test), updates_af_(hardware_sets_af(test)) {
    runs_.threads.resize(test.threads.size());
    for (unsigned t = 0; t < test.threads.size(); ++t) {
      interpreters_.push_back(std::make_unique<Interpreter>(test, t, options, limits, domains_));
    }
  }

  Runs enumerate() {
    run_stale_threads(true);
    add_spurious_values();
    // A value that takes n stores to come about, each using the one before, is known after n
    // rounds. No execution has more stores than this, so that values that need more do not occur:
    // this is what stops threads that count each other up.
    for (std::size_t round = 1; round <= count_all_stores(); ++round) {
      if (!run_stale_threads(false)) break;
      add_spurious_values();
    }
    list_spurious_updates();
    runs_.domains = domains_.domains();
    return std::move(runs_);
  }

 private:
  bool run_stale_threads(bool all) {
    bool any = false;
    for (unsigned t = 0; t < interpreters_.size(); ++t) {
      if (!domains_.take_stale(t) && !all) continue;
      run_thread(t);
      any = true;
    }
    return any;
  }

  void run_thread(unsigned t) {
    std::vector<ThreadRun>& runs = runs_.threads[t];
    runs.clear();
    Choices choices;
    std::size_t tried = 0;
    std::size_t bytes = 0;
    do {
      if (++tried > limits_.max_runs || bytes > limits_.max_memory_bytes) {
        runs_.bound = "thread " + test_.threads[t].name + " has more than " +
                      std::to_string(tried - 1) + " runs";
        return;
      }
      const RunOutcome outcome = interpreters_[t]->run(choices);
      if (outcome == RunOutcome::kTooLong) {
        runs_.bound = "a run of thread " + test_.threads[t].name + " has more than " +
                      std::to_string(kMaxRunEvents) + " events";
      }
      if (outcome != RunOutcome::kComplete) continue;
      runs.push_back(interpreters_[t]->result());
      bytes += sizeof(ThreadRun) + runs.back().events.size() * sizeof(Event);
      note_stores(runs.back(), t);
    } while (choices.advance());
  }

  void note_stores(const ThreadRun& run, unsigned t) {
    for (const Event& e : run.events) {
      if (writes_memory(e)) domains_.add(e.address, e.value, thread_writer(t));
    }
  }

  void add_spurious_values() {
    if (!updates_af_) return;
    for (const Address descriptor : test_.descriptors) {
      for (const Value value : domains_.values(descriptor)) {
        if (may_gain_af(value)) domains_.add(descriptor, value | kAccessFlag, kSpuriousWriter);
      }
    }
  }

  [[nodiscard]] std::size_t count_all_stores() const {
    std::size_t count = updates_af_ ? test_.descriptors.size() : 0;
    for (const std::vector<ThreadRun>& runs : runs_.threads) count += most(runs, count_stores);
    return count;
  }

  // Each store of a descriptor without AF can be followed by one update: a second one would have to
  // read the same store, and no two atomic updates do.
  void list_spurious_updates() {
    if (!updates_af_) return;
    for (const Address descriptor : test_.descriptors) {
      const auto found = test_.memory.find(descriptor);
      std::size_t count = found != test_.memory.end() && may_gain_af(found->second) ? 1 : 0;
      for (const std::vector<ThreadRun>& runs : runs_.threads) {
        count += most(
            runs, [&](const ThreadRun& run) { return count_stores_without_af(run, descriptor); });
      }
      runs_.spurious_af.insert(runs_.spurious_af.end(), count, descriptor);
    }
  }

  const Test& test_;
  const Limits& limits_;
  DomainTable domains_;
  bool updates_af_;
  std::vector<std::unique_ptr<Interpreter>> interpreters_;
  Runs runs_;
};

}  // namespace

bool hardware_sets_af(const Test& test) {
  return std::ranges::any_of(test.threads,
                             [](const Thread& t) { return t.hardware_af || t.hardware_dirty; });
}

Runs enumerate_runs(const Test& test, const ModelOptions& options, const Limits& limits) {
  return Enumeration(test, options, limits).enumerate();
}

}  // namespace amalgam::model::litmus
