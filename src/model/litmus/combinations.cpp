#include "model/litmus/combinations.hpp"

#include <algorithm>

namespace amalgam::model::litmus {

namespace {

constexpr Value kAccessFlag = Value{1} << 10;

}  // namespace

Combinations::Combinations(const Test& test, const Runs& runs) : test_(test), runs_(runs) {
  for (const auto& thread : runs.threads) {
    std::vector<Summary>& found = summaries_.emplace_back();
    found.reserve(thread.size());
    for (const ThreadRun& run : thread) found.push_back(summarise(run));
  }
  later_offers_.resize(summaries_.size() + 1);
  for (std::size_t t = summaries_.size(); t-- > 0;) {
    later_offers_[t] = later_offers_[t + 1];
    for (const Summary& s : summaries_[t]) add(later_offers_[t], s.offers);
  }
}

bool Combinations::includes(const Pairs& all, const Pairs& some) {
  for (std::size_t w = 0; w < all.size(); ++w) {
    if ((some[w] & ~all[w]) != 0) return false;
  }
  return true;
}

void Combinations::add(Pairs& to, const Pairs& from) {
  for (std::size_t w = 0; w < to.size(); ++w) to[w] |= from[w];
}

bool Combinations::is_spurious(Address address) const {
  return std::ranges::find(runs_.spurious_af, address) != runs_.spurious_af.end();
}

bool Combinations::is_initial(Address address, Value value) const {
  const auto found = test_.memory.find(address);
  const Value initial = found == test_.memory.end() ? 0 : found->second;
  return value == initial || (is_spurious(address) && value == (initial | kAccessFlag));
}

// Pairs beyond the table are as good as always offered: the machine decides then.
std::uint32_t Combinations::pair_of(Address address, Value value) {
  const auto next = static_cast<std::uint32_t>(pair_ids_.size());
  return pair_ids_.try_emplace({address, value}, next).first->second;
}

void Combinations::offer(Summary& s, Address address, Value value) {
  const std::uint32_t id = pair_of(address, value);
  if (id < kMaxPairs) s.offers[id / 64] |= std::uint64_t{1} << id % 64;
}

Combinations::Summary Combinations::summarise(const ThreadRun& run) {
  Summary s;
  for (const Event& e : run.events) {
    if (!writes_memory(e)) continue;
    offer(s, e.address, e.value);
    if (is_spurious(e.address)) offer(s, e.address, e.value | kAccessFlag);
  }
  for (const Event& e : run.events) {
    if (!reads_memory(e) || is_initial(e.address, e.value)) continue;
    const std::uint32_t id = pair_of(e.address, e.value);
    if (id < kMaxPairs) s.needs[id / 64] |= std::uint64_t{1} << id % 64;
  }
  return s;
}

bool Combinations::extend(std::vector<std::uint32_t>& chosen, const Pairs& needs,
                          const Pairs& offers,
                          const std::function<bool(const std::vector<std::uint32_t>&)>& f) const {
  const std::size_t thread = chosen.size();
  Pairs possible = offers;
  add(possible, later_offers_[thread]);
  if (!includes(possible, needs)) return true;
  if (thread == summaries_.size()) return f(chosen);
  for (std::uint32_t r = 0; r < summaries_[thread].size(); ++r) {
    Pairs all_needs = needs;
    Pairs all_offers = offers;
    add(all_needs, summaries_[thread][r].needs);
    add(all_offers, summaries_[thread][r].offers);
    chosen.push_back(r);
    const bool go_on = extend(chosen, all_needs, all_offers, f);
    chosen.pop_back();
    if (!go_on) return false;
  }
  return true;
}

void Combinations::for_each(const std::function<bool(const std::vector<std::uint32_t>&)>& f) const {
  std::vector<std::uint32_t> chosen;
  extend(chosen, {}, {}, f);
}

}  // namespace amalgam::model::litmus
