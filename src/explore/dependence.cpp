#include "explore/dependence.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"

namespace amalgam::explorer {

namespace {

// What hardware does not do before the branch that leads to it is decided.
bool waits_for_branches(const Action& a) {
  return a.kind != ActionKind::kLoad && a.kind != ActionKind::kReadMemory &&
         a.kind != ActionKind::kBarrier;
}

void add_after(Dependence& d, std::size_t read) {
  if (std::find(d.after.begin(), d.after.end(), read) == d.after.end()) d.after.push_back(read);
}

// The first read (index of its action) at which the paths part, or nothing.
std::optional<std::size_t> parting(const Path& a, const Path& b) {
  const std::size_t shared = std::min(a.reads.size(), b.reads.size());
  for (std::size_t r = 0; r < shared; ++r) {
    if (a.reads[r] != b.reads[r]) return std::nullopt;
    if (a.actions[a.reads[r]].read != b.actions[b.reads[r]].read) return a.reads[r];
  }
  return std::nullopt;
}

// What of `path` differs from `other` after the read.
void add_differences(const Path& path, const Path& other, std::size_t read,
                     std::vector<Dependence>& all) {
  const std::size_t shared = std::min(path.actions.size(), other.actions.size());
  std::size_t i = read + 1;
  for (; i < shared && same_target(path.actions[i], other.actions[i]); ++i) {
    const Action& a = path.actions[i];
    if (same_values(a, other.actions[i])) continue;
    add_after(all[i], read);
    const Action& source = path.actions[read];
    const bool same_descriptor = a.page == source.page && a.index == source.index;
    if (a.kind == ActionKind::kStore && same_descriptor) all[i].computed_from = source.read;
  }
  const bool other_place = i < shared && path.actions[i].kind == other.actions[i].kind;
  if (other_place) add_after(all[i], read);
  for (; i < path.actions.size(); ++i) {
    if (waits_for_branches(path.actions[i])) add_after(all[i], read);
  }
}

bool names_table(const arch::Geometry& g, std::uint64_t raw, PhysicalAddress page) {
  return arch::is_table(g, {raw}, arch::start_level(g)) &&
         arch::output_address(g, {raw}, arch::start_level(g)) == page;
}

void add_addresses(const Path& path, const arch::Geometry& g, std::vector<Dependence>& all) {
  for (std::size_t i = 0; i < path.actions.size(); ++i) {
    const Action& a = path.actions[i];
    const bool touches = a.kind == ActionKind::kLoad || a.kind == ActionKind::kStore ||
                         a.kind == ActionKind::kExchange;
    if (!touches) continue;
    for (std::size_t r = i; r-- > 0;) {
      if (!path.actions[r].reads() || !names_table(g, path.actions[r].read, a.page)) continue;
      add_after(all[i], r);
      break;
    }
  }
}

}  // namespace

std::vector<Dependence> find_dependences(const std::vector<Path>& paths, std::size_t path,
                                         const arch::Geometry& geometry) {
  std::vector<Dependence> all(paths[path].actions.size());
  for (std::size_t other = 0; other < paths.size(); ++other) {
    if (other == path) continue;
    const auto read = parting(paths[path], paths[other]);
    if (read) add_differences(paths[path], paths[other], *read, all);
  }
  add_addresses(paths[path], geometry, all);
  for (Dependence& d : all) std::sort(d.after.begin(), d.after.end());
  return all;
}

}  // namespace amalgam::explorer
