#include "model/litmus/run_join.hpp"

#include <algorithm>

namespace amalgam::model::litmus {
namespace {

// Whether the write at `from` in a run may be what its read or walk at `to` sees. An explicit read
// never sees a later write of its own thread, and nothing sees the write of its own instruction.
bool may_see(const ThreadRun& run, unsigned from, unsigned to) {
  const Event& write = run.events[from];
  const Event& read = run.events[to];
  if (!writes_memory(write) || write.address != read.address || write.value != read.value) {
    return false;
  }
  if (write.instruction == read.instruction) return false;
  const bool both_explicit = write.kind == EventKind::kWrite && read.kind == EventKind::kRead;
  return !both_explicit || from < to;
}

bool is_fed_by_itself(const ThreadRun& run, unsigned read) {
  for (unsigned from = 0; from < run.events.size(); ++from) {
    if (may_see(run, from, read)) return true;
  }
  return false;
}

}  // namespace

PairSet& PairSet::operator|=(const PairSet& o) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= o.words_[i];
  return *this;
}

bool PairSet::is_within(const PairSet& o) const {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & ~o.words_[i]) != 0) return false;
  }
  return true;
}

bool PairSet::is_within(const PairSet& a, const PairSet& b) const {
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & ~(a.words_[i] | b.words_[i])) != 0) return false;
  }
  return true;
}

RunJoin::RunJoin(const Test& test, const Runs& runs) : test_(test) {
  number_all(runs);
  for (const std::vector<ThreadRun>& thread : runs.threads) {
    Part part;
    part.choices.reserve(thread.size());
    for (const ThreadRun& run : thread) {
      if (!run.hit_loop_bound) part.choices.push_back(describe(run));
    }
    parts_.push_back(std::move(part));
  }
  add_spurious_parts(runs);
  drop_hopeless();
  later_offers_.assign(parts_.size() + 1, PairSet(numbers_.size()));
  for (std::size_t depth = parts_.size(); depth-- > 0;) {
    later_offers_[depth] = later_offers_[depth + 1];
    for (const Choice& choice : parts_[depth].choices) later_offers_[depth] |= choice.offers;
  }
}

std::size_t RunJoin::number(Address address, Value value) {
  return numbers_.try_emplace({address, value}, numbers_.size()).first->second;
}

void RunJoin::number_all(const Runs& runs) {
  for (const std::vector<ThreadRun>& thread : runs.threads) {
    for (const ThreadRun& run : thread) {
      for (const Event& e : run.events) {
        if (is_memory(e)) number(e.address, e.value);
        if (e.walk.hazard == WalkHazard::kNone) continue;
        for (const Value value : e.walk.met) number(e.address, value);
      }
    }
  }
  for (const Address address : runs.spurious_af) {
    const auto domain = runs.domains.find(address);
    if (domain == runs.domains.end()) continue;
    for (const Value value : domain->second) {
      number(address, value);
      number(address, with_af(value));
    }
  }
}

bool RunJoin::is_initial(Address address, Value value) const {
  const auto found = test_.memory.find(address);
  return value == (found == test_.memory.end() ? 0 : found->second);
}

// What a walk makes of two values needs both of them.
void RunJoin::describe_hazard(const ThreadRun& run, unsigned walk, Choice& choice) const {
  const Event& e = run.events[walk];
  for (const Value value : e.walk.met) {
    const bool own = std::ranges::any_of(run.events, [&](const Event& w) {
      return writes_memory(w) && w.address == e.address && w.value == value;
    });
    const auto number = numbers_.find({e.address, value});
    if (own || is_initial(e.address, value) || number == numbers_.end()) continue;
    choice.needs.insert(number->second);
  }
}

RunJoin::Choice RunJoin::describe(const ThreadRun& run) const {
  Choice choice{.run = &run,
                .update = {},
                .happens = true,
                .needs = PairSet(numbers_.size()),
                .offers = PairSet(numbers_.size())};
  for (unsigned i = 0; i < run.events.size(); ++i) {
    const Event& e = run.events[i];
    if (!is_memory(e)) continue;
    if (e.walk.hazard != WalkHazard::kNone && e.kind == EventKind::kWalk) {
      describe_hazard(run, i, choice);
      continue;
    }
    const std::size_t pair = numbers_.at({e.address, e.value});
    if (writes_memory(e)) {
      choice.offers.insert(pair);
    } else if (!is_initial(e.address, e.value) && !is_fed_by_itself(run, i)) {
      choice.needs.insert(pair);
    }
  }
  return choice;
}

void RunJoin::add_spurious_parts(const Runs& runs) {
  std::vector<Address> addresses = runs.spurious_af;
  std::sort(addresses.begin(), addresses.end());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Part part;
    part.like_previous = i > 0 && addresses[i] == addresses[i - 1];
    const PairSet none(numbers_.size());
    part.choices.push_back({nullptr, {}, false, none, none});
    const auto domain = runs.domains.find(addresses[i]);
    if (domain == runs.domains.end()) continue;
    for (const Value value : domain->second) {
      if (!may_set_af(value)) continue;
      Choice choice{nullptr, {addresses[i], value, with_af(value)}, true, none, none};
      if (!is_initial(addresses[i], value)) {
        choice.needs.insert(numbers_.at({addresses[i], value}));
      }
      choice.offers.insert(numbers_.at({addresses[i], with_af(value)}));
      part.choices.push_back(std::move(choice));
    }
    parts_.push_back(std::move(part));
  }
}

// Drops choices that need what no other part offers, until nothing changes.
void RunJoin::drop_hopeless() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      PairSet others(numbers_.size());
      for (std::size_t o = 0; o < parts_.size(); ++o) {
        if (o == p) continue;
        for (const Choice& choice : parts_[o].choices) others |= choice.offers;
      }
      const std::size_t dropped = std::erase_if(
          parts_[p].choices, [&](const Choice& c) { return !c.needs.is_within(others); });
      changed = changed || dropped > 0;
    }
  }
}

bool RunJoin::for_each(const Visit& visit) const {
  Path path;
  const PairSet none(numbers_.size());
  return extend(0, path, none, none, visit);
}

bool RunJoin::extend(std::size_t depth, Path& path, const PairSet& needs, const PairSet& offers,
                     const Visit& visit) const {
  if (!needs.is_within(offers, later_offers_[depth])) return true;
  if (depth == parts_.size()) return visit(path.runs, path.spurious);
  // Updates of one descriptor are taken in the order of their choices.
  const std::size_t first = parts_[depth].like_previous ? path.chosen.back() : 0;
  for (std::size_t index = first; index < parts_[depth].choices.size(); ++index) {
    if (!choose(depth, index, path, needs, offers, visit)) return false;
  }
  return true;
}

bool RunJoin::choose(std::size_t depth, std::size_t index, Path& path, const PairSet& needs,
                     const PairSet& offers, const Visit& visit) const {
  const Choice& choice = parts_[depth].choices[index];
  PairSet all_needs = needs;
  all_needs |= choice.needs;
  PairSet all_offers = offers;
  all_offers |= choice.offers;
  path.chosen.push_back(index);
  if (choice.run != nullptr) path.runs.push_back(choice.run);
  const bool is_update = choice.run == nullptr && choice.happens;
  if (is_update) path.spurious.push_back(choice.update);
  const bool go_on = extend(depth + 1, path, all_needs, all_offers, visit);
  if (is_update) path.spurious.pop_back();
  if (choice.run != nullptr) path.runs.pop_back();
  path.chosen.pop_back();
  return go_on;
}

}  // namespace amalgam::model::litmus
