#include "model/litmus/skeleton.hpp"

#include <algorithm>

namespace amalgam::model::litmus {
namespace {

std::vector<Address> touched_locations(std::span<const ThreadRun* const> runs,
                                       std::span<const SpuriousUpdate> spurious) {
  std::vector<Address> locations;
  for (const ThreadRun* run : runs) {
    for (const Event& e : run->events) {
      if (is_memory(e)) locations.push_back(e.address);
    }
  }
  for (const SpuriousUpdate& update : spurious) locations.push_back(update.descriptor);
  std::sort(locations.begin(), locations.end());
  locations.erase(std::unique(locations.begin(), locations.end()), locations.end());
  return locations;
}

class Builder {
 public:
  Builder(const Test& test, std::span<const ThreadRun* const> runs, unsigned size) {
    skeleton_.test = &test;
    skeleton_.runs.assign(runs.begin(), runs.end());
    for (Relation* relation : {&skeleton_.po, &skeleton_.iio, &skeleton_.same_address,
                               &skeleton_.internal, &skeleton_.addr, &skeleton_.data,
                               &skeleton_.ctrl, &skeleton_.pick_addr, &skeleton_.pick_data,
                               &skeleton_.pick_ctrl, &skeleton_.rmw, &skeleton_.same_translation}) {
      *relation = Relation(size);
    }
  }

  void add_initial_write(Address location) {
    const auto found = skeleton_.test->memory.find(location);
    Event e;
    e.kind = EventKind::kWrite;
    e.address = location;
    e.value = found == skeleton_.test->memory.end() ? 0 : found->second;
    skeleton_.initial.insert(append(e, kInitialThread));
  }

  void add_run(const ThreadRun& run, std::uint8_t thread) {
    const unsigned base = skeleton_.size();
    for (const Event& e : run.events) classify(append(e, thread));
    for (unsigned i = 0; i < run.events.size(); ++i) relate(run, base, i);
  }

  void add_spurious(const SpuriousUpdate& update) {
    Event read;
    read.kind = EventKind::kWalk;
    read.address = update.descriptor;
    read.value = update.before;
    Event write = read;
    write.kind = EventKind::kHardwareUpdate;
    write.value = update.after;
    write.sets_af = true;
    const unsigned from = append(read, kSpuriousThread);
    const unsigned to = append(write, kSpuriousThread);
    classify(from);
    classify(to);
    skeleton_.iio.add(from, to);
    skeleton_.rmw.add(from, to);
    skeleton_.same_translation.add(from, from);
  }

  Skeleton finish() {
    for (unsigned a = 0; a < skeleton_.size(); ++a) {
      for (unsigned b = 0; b < skeleton_.size(); ++b) {
        if (same_thread(a, b)) skeleton_.internal.add(a, b);
        if (same_location(a, b)) skeleton_.same_address.add(a, b);
      }
    }
    return std::move(skeleton_);
  }

 private:
  unsigned append(const Event& e, std::uint8_t thread) {
    skeleton_.events.push_back(e);
    skeleton_.thread.push_back(thread);
    return skeleton_.size() - 1;
  }

  EventSet& set_of(EventKind kind) {
    switch (kind) {
      case EventKind::kRead:
        return skeleton_.reads;
      case EventKind::kWrite:
        return skeleton_.writes;
      case EventKind::kWalk:
        return skeleton_.walks;
      case EventKind::kHardwareUpdate:
        return skeleton_.updates;
      case EventKind::kFault:
        return skeleton_.faults;
      case EventKind::kReturn:
        return skeleton_.returns;
      case EventKind::kBarrier:
        return skeleton_.barriers;
      case EventKind::kTlbi:
        return skeleton_.tlbis;
      case EventKind::kDataCache:
        return skeleton_.caches;
      case EventKind::kWriteSystem:
        break;
    }
    return skeleton_.system_writes;
  }

  void classify(unsigned e) { set_of(skeleton_.events[e].kind).insert(e); }

  void relate(const ThreadRun& run, unsigned base, unsigned i) {
    const Event& e = run.events[i];
    const auto relate_all = [&](Relation& relation, RunMask mask) {
      for_each_event(mask, [&](RunEvent from) { relation.add(base + from, base + i); });
    };
    relate_all(skeleton_.iio, e.before_in_instruction);
    relate_all(skeleton_.addr, e.address_from);
    relate_all(skeleton_.data, e.data_from);
    relate_all(skeleton_.ctrl, e.control_from);
    relate_all(skeleton_.pick_addr, e.pick_address_from);
    relate_all(skeleton_.pick_data, e.pick_data_from);
    relate_all(skeleton_.pick_ctrl, e.pick_control_from);
    if (writes_memory(e) && e.pair != kNoEvent) skeleton_.rmw.add(base + e.pair, base + i);
    for (unsigned j = 0; j < run.events.size(); ++j) {
      const Event& other = run.events[j];
      if (e.instruction < other.instruction) skeleton_.po.add(base + i, base + j);
      if (e.kind == EventKind::kWalk && other.kind == EventKind::kWalk &&
          e.walk.translation == other.walk.translation) {
        skeleton_.same_translation.add(base + i, base + j);
      }
    }
  }

  [[nodiscard]] bool same_thread(unsigned a, unsigned b) const {
    const auto is_nobody = [&](unsigned e) { return skeleton_.thread[e] >= kSpuriousThread; };
    return skeleton_.thread[a] == skeleton_.thread[b] || (is_nobody(a) && is_nobody(b));
  }

  [[nodiscard]] bool same_location(unsigned a, unsigned b) const {
    const Event& first = skeleton_.events[a];
    const Event& second = skeleton_.events[b];
    return is_memory(first) && is_memory(second) && first.address == second.address;
  }

  Skeleton skeleton_;
};

}  // namespace

std::optional<Skeleton> build_skeleton(const Test& test, std::span<const ThreadRun* const> runs,
                                       std::span<const SpuriousUpdate> spurious) {
  const std::vector<Address> locations = touched_locations(runs, spurious);
  std::size_t size = locations.size() + 2 * spurious.size();
  for (const ThreadRun* run : runs) size += run->events.size();
  if (size > kMaxEvents) return std::nullopt;

  Builder builder(test, runs, static_cast<unsigned>(size));
  for (const Address location : locations) builder.add_initial_write(location);
  for (std::size_t t = 0; t < runs.size(); ++t) {
    builder.add_run(*runs[t], static_cast<std::uint8_t>(t));
  }
  for (const SpuriousUpdate& update : spurious) builder.add_spurious(update);
  return builder.finish();
}

}  // namespace amalgam::model::litmus
