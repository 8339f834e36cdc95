#include "model/sized_slices.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/program_builder.hpp"
#include "model/program_index.hpp"
#include "model/slice_plan.hpp"
#include "model/state.hpp"

namespace amalgam::test {

namespace {

using model::Slice;

unsigned below(std::mt19937_64& random, unsigned n) { return static_cast<unsigned>(random() % n); }

// Frame `i` modulo the frames there are, in a descriptor that no other number gives.
std::uint64_t numbered_leaf(const ProgramBuilder& builder, const ProgramSize& size, unsigned i) {
  return builder.leaf(i % size.frames, i % 2 == 0, static_cast<std::uint8_t>(i / size.frames % 16));
}

std::vector<model::Op> agent_ops(ProgramBuilder& builder, const ProgramSize& size,
                                 model::RegionId region, unsigned agent) {
  std::vector<model::Op> ops;
  for (unsigned i = 0; i < std::max(size.stores, size.flushes); ++i) {
    const unsigned number = agent * size.stores + i;
    if (i < size.stores) {
      ops.push_back(ProgramBuilder::store(builder.cell(region, number % size.pages),
                                          numbered_leaf(builder, size, number + size.pages)));
    }
    ops.push_back(ProgramBuilder::barrier());
    if (i < size.flushes) ops.push_back(builder.flush());
    ops.push_back(ProgramBuilder::barrier());
  }
  return ops;
}

model::Program sized_program(const ProgramSize& size) {
  arch::Geometry geometry;
  if (size.stage2) geometry.stage = arch::Stage::kStage2;
  ProgramBuilder builder(size.cpus, geometry);
  for (unsigned r = 1; r < size.roots; ++r) builder.add_root();
  for (unsigned f = 0; f < size.frames; ++f) builder.add_frame();
  std::vector<std::uint64_t> leaves;
  leaves.reserve(size.pages);
  for (unsigned p = 0; p < size.pages; ++p) leaves.push_back(numbered_leaf(builder, size, p));
  const model::RegionId region = builder.add_region(leaves);
  if (size.mirror) builder.add_device(true);
  for (unsigned a = 0; a < size.agents; ++a) {
    builder.add_agent(0, agent_ops(builder, size, region, a));
  }
  builder.add_observer({1, size.cpus - 1}, region, model::AccessKind::kLoad);
  return builder.program();
}

// Few where each has much to hold, so that all fit.
void add_bare_walkers(Slice& slice, std::mt19937_64& random) {
  const bool near = below(random, 2) == 0;
  const bool mirrors = below(random, 3) == 0;
  const bool large = slice.entries.size() + slice.receipt_bits > 60;
  slice.walkers.resize(1 + below(random, large ? model::kMaxWalkers / 2 : model::kMaxWalkers));
  std::vector<std::uint8_t> leaders;
  for (const std::uint8_t w : model::indices(slice.walkers)) {
    model::Walker& walker = slice.walkers[w];
    walker.near_set = near;
    walker.mirrors = mirrors;
    walker.like = w;
    const unsigned leader = below(random, static_cast<unsigned>(leaders.size()) + 1);
    if (leader < leaders.size()) {
      walker.like = leaders[leader];
    } else {
      leaders.push_back(w);
    }
  }
}

void add_bare_memory(Slice& slice, std::mt19937_64& random) {
  slice.pages.resize(below(random, 6));
  for (model::SlicePage& page : slice.pages) page.ref.is_table = below(random, 3) == 0;
  slice.cells.resize(below(random, 6));
  for (model::SliceCell& cell : slice.cells) cell.values.resize(1 + below(random, 12));
  slice.va_points.resize(below(random, model::kMaxVaPoints + 1));
  for (model::VaPoint& point : slice.va_points) {
    point.primary = below(random, 4) != 0;
    point.rank.fill(model::kNoIndex);
    const unsigned ranked = below(random, model::kMaxPages + 1);
    for (unsigned p = 0; p < ranked; ++p) point.rank[p] = static_cast<std::uint8_t>(p);
    std::shuffle(point.rank.begin(), point.rank.end(), random);
  }
  slice.raws.resize(below(random, 20));
  slice.values.resize(below(random, 5));
  slice.fresh_values = below(random, 5);
}

void add_bare_agents(Slice& slice, std::mt19937_64& random) {
  slice.agents.resize(below(random, 4));
  for (model::SliceAgent& agent : slice.agents) {
    agent.events.resize(below(random, 20));
    for (unsigned i = 0; i < agent.events.size(); ++i) agent.all |= model::bit(i);
  }
  slice.observers.resize(below(random, 3));
  slice.register_count = below(random, 4);
  slice.flight_slots = below(random, 4);
  slice.lock_count = below(random, 3);
}

}  // namespace

const std::vector<ProgramSize>& program_sizes() {
  static const std::vector<ProgramSize> kSizes{
      {.walker_bits = 8, .cpus = 4},
      {.walker_bits = 16, .cpus = 5, .frames = 8, .stores = 4, .flushes = 4},
      {.walker_bits = 32, .cpus = 8, .frames = 10, .stores = 8, .flushes = 8},
      {.walker_bits = 64, .cpus = 8, .frames = 20, .stores = 18, .flushes = 18},
      {.walker_bits = 64,
       .cpus = 6,
       .frames = 8,
       .stores = 6,
       .flushes = 6,
       .roots = 3,
       .mirror = true},
      {.walker_bits = 128, .cpus = 5, .frames = 22, .stores = 20, .flushes = 20, .stage2 = true},
      {.walker_bits = 192,
       .cpus = 4,
       .agents = 2,
       .pages = 2,
       .frames = 4,
       .stores = 20,
       .flushes = 20,
       .mirror = true},
      {.walker_bits = 256,
       .cpus = 3,
       .agents = 3,
       .pages = 2,
       .frames = 4,
       .stores = 18,
       .flushes = 20,
       .roots = 5,
       .mirror = true},
  };
  return kSizes;
}

BuiltSlice build_sized_slice(const ProgramSize& size) {
  BuiltSlice built;
  built.program = std::make_unique<model::Program>(sized_program(size));
  const model::ProgramIndex index(*built.program);
  built.slice = model::build_slice(index, {}, model::plan_slices(index, false).at(0));
  return built;
}

Slice bare_slice(std::mt19937_64& random) {
  static constexpr std::array<unsigned, 6> kMost{1, 3, 8, 20, 45, 64};
  for (;;) {
    Slice slice;
    const unsigned most = kMost[below(random, kMost.size())];
    slice.entries.resize(below(random, most + 1));
    slice.receipt_bits = below(random, most + 1);
    slice.roots.resize(1 + below(random, most));
    for (model::SliceRoot& root : slice.roots) root.start.fill(model::kNoIndex);
    add_bare_walkers(slice, random);
    add_bare_memory(slice, random);
    add_bare_agents(slice, random);
    if (model::StateLayout(slice).bound.empty()) return slice;
  }
}

const std::vector<Slice>& sized_slices() {
  static const std::vector<Slice> kSlices = [] {
    static std::vector<BuiltSlice> built;
    std::vector<Slice> slices;
    for (const ProgramSize& size : program_sizes()) {
      built.push_back(build_sized_slice(size));
      slices.push_back(built.back().slice);
    }
    std::mt19937_64 random(3);
    for (unsigned i = 0; i < 1'000; ++i) slices.push_back(bare_slice(random));
    return slices;
  }();
  return kSlices;
}

}  // namespace amalgam::test
