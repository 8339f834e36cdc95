#include "model/litmus/herd_model_bbm.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "amalgam/arch/descriptor_layout.hpp"
#include "model/litmus/herd_model_tlbi.hpp"

namespace amalgam::model::litmus {
namespace {

namespace bits = arch::bits;

constexpr Address kOutputAddress = arch::bit_mask(47, 12);
constexpr Address kPageOffset = arch::bit_mask(11, 0);

bool is_uncacheable(Value descriptor) {
  return (descriptor & bits::kValid) == 0 || (descriptor & bits::kAccessFlag) == 0;
}

// Memory type, Device sub-type and cacheabilities are all in the attribute index.
bool attributes_differ(Value a, Value b) {
  return ((a ^ b) & (bits::kAttrIndx | bits::kShareability)) != 0;
}

bool output_address_differs(Value a, Value b) { return ((a ^ b) & kOutputAddress) != 0; }

}  // namespace

BreakBeforeMake::BreakBeforeMake(const Skeleton& skeleton)
    : skeleton_(skeleton), differs_(skeleton.size()), in_scope_(skeleton.size()) {
  const Test& test = *skeleton.test;
  for (const Thread& thread : test.threads) {
    hardware_af_ |= thread.hardware_af || thread.hardware_dirty;
    hardware_dirty_ |= thread.hardware_dirty;
  }
  for (unsigned e = 0; e < skeleton.size(); ++e) {
    const Event& event = skeleton.events[e];
    const auto& descriptors = test.descriptors;
    if (!is_memory(event) ||
        std::find(descriptors.begin(), descriptors.end(), event.address) == descriptors.end()) {
      continue;
    }
    (is_uncacheable(event.value) ? uncacheable_ : cacheable_).insert(e);
  }
  cacheable_.for_each([&](unsigned from) {
    (cacheable_ & skeleton.same_address.row(from)).for_each([&](unsigned to) {
      if (writes_memory(skeleton.events[to]) && differs(from, to)) differs_.add(from, to);
    });
  });
  can_be_needed_ = !differs_.empty();
  if (!can_be_needed_) return;
  skeleton.tlbis.for_each([&](unsigned tlbi) {
    cacheable_.for_each([&](unsigned e) {
      if (in_invalidation_scope(skeleton, tlbi, e)) in_scope_.add(tlbi, e);
    });
  });
}

bool BreakBeforeMake::differs(unsigned from, unsigned to) const {
  const Value a = skeleton_.events[from].value;
  const Value b = skeleton_.events[to].value;
  if (attributes_differ(a, b)) return true;
  if (!output_address_differs(a, b)) return false;
  return is_writable(a) || is_writable(b) ||
         contents_differ(a & kOutputAddress, b & kOutputAddress);
}

bool BreakBeforeMake::is_writable(Value descriptor) const {
  const bool accessible = (descriptor & bits::kAccessFlag) != 0 || hardware_af_;
  const bool clean = (descriptor & bits::kAp2ReadOnly) != 0;
  const bool marked_by_hardware = (descriptor & bits::kDbm) != 0 && hardware_dirty_;
  return accessible && (!clean || marked_by_hardware);
}

// Whether accesses or initial values of the two pages show different values at some offset. Each
// name has an initial value, zero if the test gives none.
bool BreakBeforeMake::contents_differ(Address page_a, Address page_b) const {
  std::vector<std::pair<Address, Value>> seen_a;
  std::vector<std::pair<Address, Value>> seen_b;
  const auto note = [&](Address address, Value value) {
    if ((address & ~kPageOffset) == page_a) seen_a.emplace_back(address & kPageOffset, value);
    if ((address & ~kPageOffset) == page_b) seen_b.emplace_back(address & kPageOffset, value);
  };
  for (const auto& [address, value] : skeleton_.test->memory) note(address, value);
  for (const Symbol& symbol : skeleton_.test->symbols) {
    if (symbol.pa != 0 && !skeleton_.test->memory.contains(symbol.pa)) note(symbol.pa, 0);
  }
  for (const Event& e : skeleton_.events) {
    if (is_memory(e)) note(e.address, e.value);
  }
  return std::any_of(seen_a.begin(), seen_a.end(), [&](const auto& a) {
    return std::any_of(seen_b.begin(), seen_b.end(),
                       [&](const auto& b) { return a.first == b.first && a.second != b.second; });
  });
}

Relation BreakBeforeMake::update_needs_bbm(const Relation& ca) const { return differs_ & ca; }

bool BreakBeforeMake::has_bbm(unsigned from, unsigned to, const Relation& ca,
                              const Relation& ob) const {
  EventSet broken_for;  // TLBIs that come after a break
  (ca.row(from) & uncacheable_).for_each([&](unsigned broken) {
    broken_for |= ob.row(broken) & skeleton_.tlbis;
  });
  bool found = false;
  broken_for.for_each(
      [&](unsigned tlbi) { found = found || (ob.has(tlbi, to) && in_scope_.has(tlbi, to)); });
  return found;
}

bool BreakBeforeMake::lacks_bbm(const Relation& needed, const Relation& ca,
                                const Relation& ob) const {
  bool lacking = false;
  needed.domain().for_each([&](unsigned from) {
    needed.row(from).for_each(
        [&](unsigned to) { lacking = lacking || !has_bbm(from, to, ca, ob); });
  });
  return lacking;
}

}  // namespace amalgam::model::litmus
