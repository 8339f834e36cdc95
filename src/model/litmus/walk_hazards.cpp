#include "model/litmus/walk_hazards.hpp"

#include <algorithm>
#include <map>

#include "amalgam/arch/change.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr Address kPageOffset = 0xfff;
constexpr Value kOutput = 0x0000'ffff'ffff'f000U;
constexpr Value kPermissions = arch::bits::kAp1User | arch::bits::kAp2ReadOnly | arch::bits::kDbm |
                               arch::bits::kPxn | arch::bits::kUxn;
constexpr Value kAttributes = arch::bits::kAttrIndx | arch::bits::kShareability;
constexpr std::array<Value, 3> kFields{kOutput, kPermissions, kAttributes};

std::map<Address, Value> contents_of(const Test& test, Address page) {
  std::map<Address, Value> contents;
  for (const auto& [address, value] : test.memory) {
    if ((address & ~kPageOffset) == page && value != 0) contents[address & kPageOffset] = value;
  }
  return contents;
}

arch::ChangeContext context_of(const Test& test, Value a, Value b) {
  arch::ChangeContext context;
  context.any_hardware_af = hardware_sets_af(test);
  context.any_hardware_dirty = std::ranges::any_of(test.threads, &Thread::hardware_dirty);
  context.mair = test.translation.mair;
  const bool same = contents_of(test, a & kOutput) == contents_of(test, b & kOutput);
  context.contents = same ? arch::Contents::kSame : arch::Contents::kDifferent;
  return context;
}

bool owes_break(const Test& test, Value a, Value b) {
  const arch::ChangeContext context = context_of(test, a, b);
  const arch::Entry first{{a}, arch::kPageLevel};
  const arch::Entry second{{b}, arch::kPageLevel};
  return arch::classify(first, second, context).break_required ||
         arch::classify(second, first, context).break_required;
}

// `a` with the fields of `b` that `chosen` names, a bit each.
Value mix(Value a, Value b, unsigned chosen) {
  for (unsigned f = 0; f < kFields.size(); ++f) {
    if ((chosen >> f & 1) != 0) a = (a & ~kFields[f]) | (b & kFields[f]);
  }
  return a;
}

void add_pair(Value a, Value b, std::vector<HazardChoice>& choices) {
  std::vector<Value> mixtures;
  for (unsigned chosen = 1; chosen < 1U << kFields.size(); ++chosen) {
    const Value mixed = mix(a, b, chosen);
    const bool is_new =
        mixed != a && mixed != b && std::ranges::find(mixtures, mixed) == mixtures.end();
    if (is_new) mixtures.push_back(mixed);
  }
  for (const Value mixed : mixtures) choices.push_back({WalkHazard::kMixture, mixed, {a, b}});
  choices.push_back({WalkHazard::kConflict, a, {a, b}});
}

}  // namespace

std::vector<HazardChoice> hazards_of(const Test& test, std::span<const Value> values) {
  std::vector<HazardChoice> choices;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      if (owes_break(test, values[i], values[j])) add_pair(values[i], values[j], choices);
    }
  }
  return choices;
}

}  // namespace amalgam::model::litmus
