#include "model/explorer.hpp"

#include <algorithm>
#include <set>

namespace amalgam::model {

namespace {

class Explorer final : public MachineSink {
 public:
  Explorer(const Slice& slice, const ExploreLimits& limits)
      : machine_(slice),
        limits_(limits),
        set_(std::max(1U, machine_.layout().words), limits.memory_bytes) {}

  Exploration run();

  void next(const State& state, const Transition& transition) override;
  void sight(const Sighting& sighting, const Transition* transition) override;
  void refute(const Refutation& refutation) override { refuted_.insert(refutation); }

 private:
  struct First {
    Sighting sighting;
    std::uint32_t state = 0;
    bool has_final = false;
    Transition final;
    std::uint32_t leads_to = StateSet::kFull;  // the state after `final`, where there is one
  };
  // A run that refutes an assumption is no run of the program, so nothing that it shows counts.
  // What counts is known once every state is: from the states that refute nothing any more,
  // backwards.
  void note(const First& first);
  void confirm();
  First* find_first(const Sighting& sighting);
  bool tells_more(const First& other);
  struct Pending {
    std::uint64_t hash;
    std::uint64_t transition;
  };
  void insert_pending();
  [[nodiscard]] Found retrace(const First& first) const;

  Semantics machine_;
  ExploreLimits limits_;
  StateSet set_;
  Exploration result_;
  std::uint32_t current_ = 0;
  std::uint64_t seen_rules_ = 0;
  std::uint64_t seen_effects_ = 0;
  std::vector<First> firsts_;
  std::set<Refutation> refuted_;
  std::vector<First> unconfirmed_;
  std::size_t of_this_state_ = 0;                                  // where those begin in it
  std::vector<std::pair<std::uint32_t, std::uint32_t>> followed_;  // successor, state
  std::vector<Pending> pending_;
  std::vector<std::uint64_t> pending_words_;
};

void Explorer::next(const State& state, const Transition& transition) {
  ++result_.transitions;
  State canonical = state;
  machine_.canonicalise(canonical);
  const std::uint64_t hash = set_.hash(canonical.words.data());
  set_.prefetch(hash);
  const unsigned words = machine_.layout().words;
  pending_words_.insert(pending_words_.end(), canonical.words.begin(),
                        canonical.words.begin() + words);
  pending_.push_back({hash, transition.packed()});
}

// The successors of one state are inserted together, once their slots are on the way to the cache.
void Explorer::insert_pending() {
  const unsigned words = machine_.layout().words;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const StateSet::Inserted inserted = set_.insert(
        pending_words_.data() + i * words, pending_[i].hash, current_, pending_[i].transition);
    if (inserted.index == StateSet::kFull) result_.bound = "memory";
    if (!machine_.has_assumptions()) continue;
    followed_.emplace_back(inserted.index, current_);
    for (std::size_t u = of_this_state_; u < unconfirmed_.size(); ++u) {
      First& first = unconfirmed_[u];
      const bool led = first.has_final && first.final.packed() == pending_[i].transition;
      if (led && first.leads_to == StateSet::kFull) first.leads_to = inserted.index;
    }
  }
  const std::size_t extra =
      followed_.size() * sizeof(followed_[0]) + unconfirmed_.size() * sizeof(First);
  if (set_.bytes() + extra > limits_.memory_bytes) result_.bound = "memory";
  of_this_state_ = unconfirmed_.size();
  pending_.clear();
  pending_words_.clear();
}

void Explorer::sight(const Sighting& sighting, const Transition* transition) {
  if (machine_.slice().conditions_only && !sighting.is_condition) return;
  First first;
  first.sighting = sighting;
  first.state = current_;
  if (transition != nullptr) {
    first.has_final = true;
    first.final = *transition;
  }
  if (machine_.has_assumptions()) {
    unconfirmed_.push_back(first);
  } else {
    note(first);
  }
}

// Keeps the first of each kind.
void Explorer::note(const First& first) {
  const Sighting& sighting = first.sighting;
  std::uint64_t& seen = sighting.is_rule ? seen_rules_ : seen_effects_;
  const std::uint64_t own = std::uint64_t{1} << sighting.what;
  const bool known = (seen & own) != 0;
  if (known && !tells_more(first)) return;
  seen |= own;
  if (known) {
    *find_first(sighting) = first;
  } else {
    firsts_.push_back(first);
  }
}

Explorer::First* Explorer::find_first(const Sighting& sighting) {
  const auto found = std::find_if(firsts_.begin(), firsts_.end(), [&](const First& f) {
    return f.sighting.is_rule == sighting.is_rule && f.sighting.what == sighting.what;
  });
  return &*found;
}

// Of two runs of the same length the one with a store says more: something is corrupted.
bool Explorer::tells_more(const First& other) {
  if (other.sighting.is_rule || other.sighting.access == AccessKind::kLoad) return false;
  const First& first = *find_first(other.sighting);
  return first.state == other.state && first.sighting.access == AccessKind::kLoad;
}

void Explorer::confirm() {
  std::vector<bool> counts(set_.size(), false);
  std::vector<std::uint32_t> open;
  const auto mark = [&](std::uint32_t state) {
    if (counts[state]) return;
    counts[state] = true;
    open.push_back(state);
  };
  for (std::uint32_t s = 0; s < set_.size(); ++s) {
    if (machine_.assumptions_met(set_.at(s))) mark(s);
  }
  std::sort(followed_.begin(), followed_.end());
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    auto it = std::lower_bound(followed_.begin(), followed_.end(), std::make_pair(state, 0U));
    for (; it != followed_.end() && it->first == state; ++it) mark(it->second);
  }
  for (const First& first : unconfirmed_) {
    if (counts[first.leads_to == StateSet::kFull ? first.state : first.leads_to]) note(first);
  }
}

Found Explorer::retrace(const First& first) const {
  Found found;
  found.sighting = first.sighting;
  found.has_final = first.has_final;
  std::uint32_t at = first.state;
  if (first.has_final) found.transitions.push_back(first.final);
  found.states.push_back(set_.at(at));
  for (; set_.parent(at) != StateSet::kFull; at = set_.parent(at)) {
    found.transitions.push_back(Transition::unpack(set_.transition(at)));
    found.states.push_back(set_.at(set_.parent(at)));
  }
  std::reverse(found.transitions.begin(), found.transitions.end());
  std::reverse(found.states.begin(), found.states.end());
  return found;
}

Exploration Explorer::run() {
  if (!machine_.layout().bound.empty()) {
    result_.bound = machine_.layout().bound;
    return result_;
  }
  for (State s : machine_.initial_states()) {
    machine_.canonicalise(s);
    const StateSet::Inserted first = set_.insert(s, StateSet::kFull, Transition{}.packed());
    if (first.index == StateSet::kFull) result_.bound = "memory";
  }
  for (current_ = 0; current_ < set_.size(); ++current_) {
    if (set_.size() > limits_.max_states) result_.bound = "states";
    if (!result_.bound.empty()) break;
    machine_.expand(set_.at(current_), limits_.reduction, *this);
    insert_pending();
  }
  result_.states = set_.size();
  result_.bytes = set_.bytes();
  result_.refuted.assign(refuted_.begin(), refuted_.end());
  if (machine_.has_assumptions()) confirm();
  for (const First& first : firsts_) result_.found.push_back(retrace(first));
  return result_;
}

}  // namespace

Exploration explore(const Slice& slice, const ExploreLimits& limits) {
  if (!slice.bound.empty()) {
    Exploration refused;
    refused.bound = slice.bound;
    return refused;
  }
  return Explorer(slice, limits).run();
}

}  // namespace amalgam::model
