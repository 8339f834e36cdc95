// The packed states of real slices: no field overlaps another, each has room for its values, and
// what like walkers hold can be compared and exchanged.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <vector>

#include "model/fields.hpp"
#include "model/program_index.hpp"
#include "model/slice_plan.hpp"
#include "model/state.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using model::Field;
using model::State;
using model::StateLayout;

std::vector<Field> walker_fields(const model::WalkerFields& w) {
  std::vector<Field> fields{w.far, w.near, w.receipts, w.root, w.next_root, w.blocked};
  fields.insert(fields.end(), w.seen_rank.begin(), w.seen_rank.end());
  fields.insert(fields.end(), w.seen_mark.begin(), w.seen_mark.end());
  std::erase_if(fields, [](const Field& f) { return f.mask == 0; });
  return fields;
}

std::vector<Field> shared_fields(const StateLayout& layout) {
  std::vector<Field> fields = layout.cells;
  for (const auto& page : layout.pages) {
    for (const Field& f : {page.freed, page.value, page.mark, page.relied}) fields.push_back(f);
  }
  for (const auto& agent : layout.agents) {
    fields.push_back(agent.executed);
  }
  for (const auto* list :
       {&layout.registers, &layout.flights, &layout.locks, &layout.wrote, &layout.last_update}) {
    fields.insert(fields.end(), list->begin(), list->end());
  }
  fields.push_back(layout.stopped_by);
  std::erase_if(fields, [](const Field& f) { return f.mask == 0; });
  return fields;
}

// Where a field lies, counted in bits from the first.
std::size_t position(const Field& f) { return f.word * std::size_t{64} + f.shift; }

// Like walkers are sorted by their chunks, so those hold nothing else and are laid out alike.
void expect_alike_chunks(const StateLayout& layout) {
  const auto first = walker_fields(layout.walkers[0]);
  const std::size_t bits = layout.walker_bits;
  for (std::size_t w = 0; w < layout.walkers.size(); ++w) {
    const auto fields = walker_fields(layout.walkers[w]);
    ASSERT_EQ(fields.size(), first.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      ASSERT_EQ(position(fields[i]), position(first[i]) + w * bits);
      ASSERT_EQ(fields[i].mask, first[i].mask);
      ASSERT_LE(position(fields[i]) + std::popcount(fields[i].mask), (w + 1) * bits);
    }
  }
  for (const Field& f : shared_fields(layout)) {
    ASSERT_GE(position(f), layout.walkers.size() * bits);
    ASSERT_LT(f.word, layout.words);
  }
}

// The values that a walker's fields hold.
std::vector<std::uint64_t> held(const StateLayout& layout, const State& s, std::size_t walker) {
  std::vector<std::uint64_t> values;
  for (const Field& f : walker_fields(layout.walkers[walker])) values.push_back(f.get(s));
  return values;
}

// Comparing and exchanging walkers is what it is on their fields, and touches nothing else.
void expect_exchangeable(const StateLayout& layout, std::mt19937_64& random) {
  State s;
  for (std::size_t w = 0; w < layout.walkers.size(); ++w) {
    for (const Field& f : walker_fields(layout.walkers[w])) f.set(s, random() % 2 * random());
  }
  for (const Field& f : shared_fields(layout)) f.set(s, random());
  for (unsigned a = 0; a < layout.walkers.size(); ++a) {
    for (unsigned b = 0; b < layout.walkers.size(); ++b) {
      const bool equal = held(layout, s, a) == held(layout, s, b);
      ASSERT_EQ(layout.same_walker(s, a, s, b), equal);
      ASSERT_EQ(layout.less_walker(s, a, b) || layout.less_walker(s, b, a), !equal);
      ASSERT_FALSE(layout.less_walker(s, a, b) && layout.less_walker(s, b, a));
      State t = s;
      layout.swap_walkers(t, a, b);
      for (unsigned w = 0; w < layout.walkers.size(); ++w) {
        const unsigned from = w == a ? b : w == b ? a : w;
        ASSERT_EQ(held(layout, t, w), held(layout, s, from));
      }
      for (const Field& f : shared_fields(layout)) ASSERT_EQ(f.get(t), f.get(s));
    }
  }
}

// What the fields must be able to hold.
void expect_room(const StateLayout& layout, const model::Slice& slice) {
  for (std::size_t c = 0; c < slice.cells.size(); ++c) {
    ASSERT_GE(layout.cells[c].mask + 1, slice.cells[c].values.size());
  }
  for (std::size_t a = 0; a < slice.agents.size(); ++a) {
    ASSERT_EQ(layout.agents[a].executed.mask & slice.agents[a].all, slice.agents[a].all);
  }
  for (const auto& w : layout.walkers) {
    if (!slice.entries.empty()) {
      const model::Mask all = ~model::Mask{0} >> (64 - slice.entries.size());
      ASSERT_EQ(w.far.mask & all, all);
    }
    ASSERT_GE(w.root.mask + 1, slice.roots.size());
  }
  const std::size_t data = slice.values.size() + slice.fresh_values;
  for (std::size_t p = 0; p < slice.pages.size(); ++p) {
    if (slice.pages[p].ref.is_table) continue;
    ASSERT_GE(layout.pages[p].value.mask + 1, data);
  }
  for (const Field& r : layout.registers) {
    ASSERT_GE(r.mask, slice.raws.size() + 1) << "a descriptor, unknown bytes, or nothing yet";
    ASSERT_GE(r.mask, 2 * data) << "a value with its mark, or nothing yet";
  }
}

TEST(StateLayout, PacksEveryScenarioWithoutOverlap) {
  std::mt19937_64 random(2);
  unsigned slices = 0;
  for (const std::string& name : scenario_names()) {
    if (name.starts_with("hvo-1g")) continue;
    const model::Program program = scenario_program(name);
    const model::ProgramIndex index(program);
    auto requests = model::plan_slices(index, true);
    if (requests.size() > 24) requests.resize(24);
    for (const auto& request : requests) {
      const model::Slice slice = model::build_slice(index, {}, request);
      ASSERT_EQ(slice.bound, "") << name;
      const StateLayout layout(slice);
      ASSERT_EQ(layout.bound, "") << name;
      std::vector<Field> fields = shared_fields(layout);
      for (const auto& w : layout.walkers) {
        for (const Field& f : walker_fields(w)) fields.push_back(f);
      }
      expect_independent(fields, random);
      expect_alike_chunks(layout);
      expect_exchangeable(layout, random);
      expect_room(layout, slice);
      ++slices;
    }
  }
  EXPECT_GT(slices, 300U);
}

}  // namespace
}  // namespace amalgam::test
