// Random changes to tables, against a plain map from pages to what they map to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/rule_port.hpp"

namespace amalgam::pgtable::test {

template <arch::Geometry kValue>
struct Shape {
  static constexpr arch::Geometry kGeometry = kValue;
};

// A table, its port and the oracle, over a window of pages somewhere in the address space. The
// window spans several blocks of level 2 and the end of one.
template <arch::Geometry kGeometry>
class World {
 public:
  using Port = RulePort<kGeometry>;
  using Table = PageTable<kGeometry, Port>;
  using Batch = typename Table::Batch;
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);
  static constexpr std::uint64_t kTablePages = entries_in_page(kGeometry);
  static constexpr std::uint64_t kWindowPages = 4 * kTablePages;

  struct Options {
    std::uint64_t seed = 0;
    bool live = true;
    std::uint8_t bbm = 0;
    Half half = Half::kLower;
    bool hardware = false;  // marks leaves accessed and dirty at any time
  };

  explicit World(const Options& options)
      : options_(options),
        random_(options.seed),
        port_(kManyPages, features(options), options.hardware),
        table_(port_, make_root(), config(options)),
        base_(half_bits(kGeometry, options.half) | window_start()) {
    port_.root_is(table_.root());
    table_.clear_root();
    if (options.live) table_.activate();
    if (options.live) port_.now_live();
    if (options.hardware) {
      port_.hardware = [this](std::uint64_t raw, int level, std::uint64_t input) {
        return mark(raw, level, input);
      };
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      ASSERT_TRUE(port_.offences.empty()) << "step " << i << ": " << port_.offences.front();
      ASSERT_EQ(port_.misuses, 0U) << "step " << i;
      ASSERT_EQ(port_.reserved(), 0U) << "step " << i;
      ASSERT_EQ(port_.views_open(), 0U);
      ASSERT_EQ(port_.notifying, 0);
      compare(20, i);
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_LE(port_.max_open,
              static_cast<std::size_t>(arch::kPageLevel + 2 - arch::start_level(kGeometry)));
    EXPECT_GT(done_, steps / 4);
    EXPECT_TRUE(refused_ > 0 || steps < 100);  // in a short run nothing may happen to be refused
  }

  // Takes everything away and expects that the root alone is left.
  void empty_out() {
    auto batch = table_.batch();
    const std::uint64_t half = kWindowPages / 2;
    ASSERT_TRUE(table_.unmap(va_of(0), half * kPage, batch, {.fault_window = true}).ok());
    ASSERT_TRUE(table_.unmap(va_of(half), half * kPage, batch, {.fault_window = true}).ok());
    ASSERT_TRUE(table_.prune(base_ & ~whole_mask(), whole_mask() + 1, batch).ok());
    batch.flush();
    EXPECT_TRUE(port_.offences.empty()) << port_.offences.front();
    EXPECT_EQ(port_.pages(), root_pages(kGeometry));
  }

 private:
  struct Page {
    std::uint64_t output = 0;
    bool writable = false;
    friend bool operator==(const Page&, const Page&) = default;
  };
  static constexpr std::size_t kManyPages = 1U << 16;
  static constexpr std::uint64_t kMoveArea = std::uint64_t{1} << 20;  // pages that map() never uses

  static arch::Features features(const Options& options) {
    arch::Features f;
    f.bbm = options.bbm;
    f.tlbi_range = (options.seed & 1) == 0;
    f.ttl = (options.seed & 2) == 0;
    return f;
  }
  static typename Table::Config config(const Options& options) {
    typename Table::Config c;
    c.half = options.half;
    c.features = features(options);
    c.knowledge.hardware_af = c.knowledge.hardware_dirty = options.hardware;
    return c;
  }
  static constexpr std::uint64_t whole_mask() { return arch::low_mask(kGeometry.va_bits); }

  PhysicalAddress make_root() {
    EXPECT_TRUE(port_.reserve(root_pages(kGeometry)));
    const PhysicalAddress root = port_.take();
    for (std::size_t i = 1; i < root_pages(kGeometry); ++i) (void)port_.take();
    return root;
  }
  std::uint64_t window_start() { return random_() & whole_mask() & ~(kWindowPages * kPage - 1); }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool sometimes(std::uint64_t n) { return below(n) == 0; }
  std::uint64_t va_of(std::uint64_t page) const { return base_ + page * kPage; }

  // Hardware: now and then a walk sets the access flag, or a store the dirty state.
  std::uint64_t mark(std::uint64_t raw, int level, std::uint64_t input) {
    if (!sometimes(512)) return raw;
    const bool tracked = (raw & arch::bits::kDbm) != 0;
    const std::uint64_t marked = raw | arch::bits::kAccessFlag;
    if (!tracked || arch::is_dirty(kGeometry, {raw})) return marked;
    const Range leaf = own_range(kGeometry, {raw, level, input});
    const std::uint64_t window = base_ & whole_mask();
    for (std::uint64_t at = leaf.start; at < leaf.end; at += kPage) {
      if (at - window < kWindowPages * kPage) dirty_.insert((at - window) / kPage);
    }
    return arch::with_dirty(kGeometry, {marked}).raw;
  }

  Permits some_permits() {
    Permits p;
    p.fault_window = sometimes(2);
    p.no_translation = sometimes(2);
    p.conflict_abort = sometimes(2);
    p.read_only_window = sometimes(2);
    p.stop_others = sometimes(3);
    p.split = !sometimes(4);
    port_.other_cpus_tolerate_aborts(p.conflict_abort);
    return p;
  }

  Attributes some_attributes() {
    Attributes a{.writable = sometimes(2)};
    if (options_.hardware) {
      a.dirty_tracking = true;
      a.accessed = sometimes(2);
      a.writable = false;
    }
    return a;
  }

  struct Span {
    std::uint64_t first = 0;
    std::uint64_t pages = 0;
    [[nodiscard]] std::uint64_t end() const { return first + pages; }
  };
  Span some_span() {
    const std::uint64_t most = sometimes(4) ? kWindowPages / 2 : 40;
    Span s{0, 1 + below(most)};
    if (sometimes(3)) s.pages = kTablePages * (1 + below(2));
    s.first = below(kWindowPages - s.pages + 1);
    if (sometimes(2)) s.first &= ~std::uint64_t{15};
    if (sometimes(3)) s.first &= ~(kTablePages - 1);
    return s;
  }

  void step() {
    using Operation = void (World::*)(const Span&, const Permits&, Batch&);
    static constexpr Operation kOperations[] = {
        &World::map,      &World::map,    &World::unmap,   &World::protect, &World::remap,
        &World::split,    &World::refine, &World::fold,    &World::unfold,  &World::collapse,
        &World::collapse, &World::age,    &World::harvest, &World::install, &World::prune};
    auto batch = table_.batch();
    const Operation first = kOperations[below(std::size(kOperations))];
    (this->*first)(some_span(), some_permits(), batch);
    // Two operations in one batch now and then: what the first leaves stale is still there.
    if (!sometimes(4)) return;
    const Operation second = kOperations[below(std::size(kOperations))];
    (this->*second)(some_span(), some_permits(), batch);
  }

  bool note(const Status& status) {
    ++(status.ok() ? done_ : refused_);
    return status.ok();
  }

  // Runs an operation, now and then with table pages so scarce that it fails at some point. What
  // fails has changed nothing.
  template <typename F>
  bool attempt(const F& operation) {
    const bool scarce = sometimes(8);
    const bool compares = !options_.hardware && (scarce || sometimes(4));
    const auto before = compares ? port_.contents() : typename Port::Pages{};
    if (scarce) port_.limit_pages(port_.pages() + below(3));
    const Status status = operation();
    port_.limit_pages(kManyPages);
    if (note(status)) return true;
    EXPECT_NE(status.error, Error::kNone);
    EXPECT_TRUE(scarce || status.error != Error::kNoMemory);
    EXPECT_TRUE(!compares || before == port_.contents()) << name(status.error);
    return false;
  }

  bool is_free(const Span& s) const {
    const auto from = oracle_.lower_bound(s.first);
    return from == oracle_.end() || from->first >= s.end();
  }
  template <typename F>
  void for_each_page(const Span& s, const F& f) {
    const auto end = oracle_.lower_bound(s.end());
    for (auto p = oracle_.lower_bound(s.first); p != end; ++p) f(p->first, p->second);
  }

  void map(const Span& s, const Permits&, Batch& batch) {
    std::uint64_t output = below(1U << 18) * kPage;
    const std::uint64_t block_mask = kTablePages * kPage - 1;
    if (!sometimes(3)) output = (output & ~block_mask) | (va_of(s.first) & block_mask);
    const Attributes attributes = some_attributes();
    const LeafSizes sizes{.blocks = sometimes(2), .contiguous = sometimes(2)};
    const bool done = attempt([&] {
      return table_.map(va_of(s.first), s.pages * kPage, output, attributes, batch, sizes);
    });
    if (!done) return;
    EXPECT_TRUE(is_free(s));
    for (std::uint64_t i = 0; i < s.pages; ++i) {
      oracle_[s.first + i] = {output + i * kPage, attributes.writable};
    }
  }

  // The lock is not held, so that what the batch holds back has to be flushed by whoever has it.
  void install(const Span& s, const Permits&, Batch& batch) {
    batch.flush();
    const Span one{s.first, 1};
    const std::uint64_t output = below(1U << 18) * kPage;
    const Attributes attributes = some_attributes();
    const bool was_free = is_free(one);
    const bool done =
        attempt([&] { return table_.install(va_of(s.first), 3, output, attributes); });
    if (done) {
      EXPECT_TRUE(was_free);
      oracle_[s.first] = {output, attributes.writable};
    }
  }

  void unmap(const Span& s, const Permits& permits, Batch& batch) {
    const bool done =
        attempt([&] { return table_.unmap(va_of(s.first), s.pages * kPage, batch, permits); });
    if (!done) return;
    oracle_.erase(oracle_.lower_bound(s.first), oracle_.lower_bound(s.end()));
    dirty_.erase(dirty_.lower_bound(s.first), dirty_.lower_bound(s.end()));
  }

  void prune(const Span& s, const Permits&, Batch& batch) {
    const std::size_t before = port_.pages();
    if (!attempt([&] { return table_.prune(va_of(s.first), s.pages * kPage, batch); })) return;
    batch.flush();
    pruned_ += before - port_.pages();
  }

  void protect(const Span& s, const Permits& permits, Batch& batch) {
    const Attributes attributes = some_attributes();
    const bool done = attempt([&] {
      return table_.protect(va_of(s.first), s.pages * kPage, attributes, permits, batch);
    });
    if (!done) return;
    for_each_page(s, [&](std::uint64_t, Page& page) { page.writable = attributes.writable; });
  }

  void remap(const Span& s, const Permits& permits, Batch& batch) {
    Move move{.attributes = some_attributes()};
    move.output = (next_move_ + (va_of(s.first) / kPage) % kTablePages) * kPage;
    if (sometimes(4)) move.output = next_move_ * kPage;
    next_move_ += (s.pages + 2 * kTablePages) & ~(kTablePages - 1);
    move.carry = sometimes(2) ? Carry::kContents : Carry::kNothing;
    std::map<std::uint64_t, std::uint64_t> held;
    for_each_page(s, [&](std::uint64_t at, Page& p) { held[at] = port_.content_of(p.output); });
    const bool done = attempt(
        [&] { return table_.remap(va_of(s.first), s.pages * kPage, move, permits, batch); });
    if (!done) return;
    for_each_page(s, [&](std::uint64_t at, Page& page) {
      page = {move.output + (at - s.first) * kPage, move.attributes.writable};
      EXPECT_TRUE(move.carry == Carry::kNothing || port_.content_of(page.output) == held[at]);
    });
  }

  void split(const Span& s, const Permits& permits, Batch& batch) {
    if (!attempt([&] { return table_.split(va_of(s.first), s.pages * kPage, permits, batch); })) {
      return;
    }
    for (const std::uint64_t cut : {s.first, s.end()}) {
      if (cut >= kWindowPages) continue;
      const auto found = table_.query(va_of(cut));
      if (!found) continue;
      const std::uint64_t size = arch::level_size_bytes(kGeometry, found->level);
      const std::uint64_t input = va_of(cut) & whole_mask() & ~(size - 1);
      const Range leaf = whole_leaf(kGeometry, {found->raw, found->level, input});
      EXPECT_EQ(leaf.start, va_of(cut) & whole_mask());
    }
  }

  void refine(const Span& s, const Permits& permits, Batch& batch) {
    const Span few{s.first, std::min<std::uint64_t>(s.pages, 40)};
    const bool done = attempt([&] {
      return table_.refine(va_of(few.first), few.pages * kPage, arch::kPageLevel, permits, batch);
    });
    if (!done) return;
    for (std::uint64_t page = few.first; page < few.end(); ++page) {
      const auto found = table_.query(va_of(page));
      if (!found) continue;
      EXPECT_EQ(found->level, arch::kPageLevel);
      EXPECT_FALSE(arch::is_contiguous(kGeometry, {found->raw}, found->level));
    }
  }

  void fold(const Span& s, const Permits& permits, Batch& batch) {
    if (!attempt([&] { return table_.fold(va_of(s.first), s.pages * kPage, permits, batch); })) {
      return;
    }
    EXPECT_EQ(table_.plan_fold(va_of(s.first), s.pages * kPage, permits).folds, 0U);
  }

  void unfold(const Span& s, const Permits& permits, Batch& batch) {
    if (!attempt([&] { return table_.unfold(va_of(s.first), s.pages * kPage, permits, batch); })) {
      return;
    }
    EXPECT_EQ(table_.plan_unfold(va_of(s.first), s.pages * kPage, permits).unfolds, 0U);
  }

  void collapse(const Span& s, const Permits& permits, Batch& batch) {
    const bool done =
        attempt([&] { return table_.collapse(va_of(s.first), s.pages * kPage, permits, batch); });
    if (!done) return;
    EXPECT_EQ(table_.plan_collapse(va_of(s.first), s.pages * kPage, permits).collapses, 0U);
  }

  void age(const Span& s, const Permits&, Batch& batch) {
    attempt([&] {
      return table_.age(va_of(s.first), s.pages * kPage, batch,
                        [](std::uint64_t, std::uint64_t) {});
    });
  }

  void harvest(const Span& s, const Permits&, Batch& batch) {
    attempt([&] {
      return table_.harvest_dirty(
          va_of(s.first), s.pages * kPage, batch, [&](std::uint64_t va, std::uint64_t bytes) {
            const std::uint64_t offset = va - base_;  // a leaf may begin before the window
            for (std::uint64_t at = 0; at < bytes; at += kPage) dirty_.erase((offset + at) / kPage);
          });
    });
  }

  // A page that hardware marked dirty is found dirty until it is harvested, in its own leaf or in
  // another of its group.
  bool found_dirty(std::uint64_t page, const Translation& found) {
    if (is_marked(kGeometry, found.raw, Mark::kDirty)) return true;
    const std::uint64_t size = arch::level_size_bytes(kGeometry, found.level);
    const Leaf leaf{found.raw, found.level, va_of(page) & whole_mask() & ~(size - 1)};
    const Range group = whole_leaf(kGeometry, leaf);
    bool dirty = false;
    walk<kGeometry>(port_, table_.root(), group, [&](const Visit<Port>& v) {
      dirty |=
          arch::is_leaf(kGeometry, {v.raw}, v.level) && is_marked(kGeometry, v.raw, Mark::kDirty);
      return Step::kDescend;
    });
    return dirty;
  }

  void compare(int samples, int step) {
    for (int i = 0; i < samples; ++i) {
      const std::uint64_t page = below(kWindowPages);
      const std::uint64_t offset = below(kPage);
      const auto found = table_.query(va_of(page) + offset);
      const auto expected = oracle_.find(page);
      ASSERT_EQ(found.has_value(), expected != oracle_.end())
          << "step " << step << " page " << page;
      if (!found) continue;
      ASSERT_EQ(found->output, expected->second.output + offset) << "step " << step;
      if (options_.hardware) {
        ASSERT_TRUE(dirty_.count(page) == 0 || found_dirty(page, *found)) << "step " << step;
        continue;
      }
      const Attributes a = attributes_of(kGeometry, found->raw, found->level);
      ASSERT_EQ(a.writable, expected->second.writable) << "step " << step;
    }
  }

  Options options_;
  std::mt19937_64 random_;
  Port port_;
  Table table_;
  std::uint64_t base_;
  std::map<std::uint64_t, Page> oracle_;
  std::set<std::uint64_t> dirty_;  // pages that hardware has marked and nobody has harvested
  std::uint64_t next_move_ = kMoveArea;
  std::uint64_t pruned_ = 0;
  int done_ = 0;
  int refused_ = 0;
};

// How many times as many worlds to go through as usual: AMALGAM_RANDOM_FACTOR, an environment
// variable.
inline int factor() {
  const char* text = std::getenv("AMALGAM_RANDOM_FACTOR");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

// Worlds from `seed` on, each `steps` operations long, at each FEAT_BBM level by turns.
template <arch::Geometry kGeometry>
void run_worlds(typename World<kGeometry>::Options options, int worlds, int steps) {
  for (int i = 0; i < worlds * factor(); ++i, ++options.seed) {
    options.bbm = static_cast<std::uint8_t>(i % 4);
    World<kGeometry> world(options);
    world.run(steps);
    if (!options.hardware) world.empty_out();
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "seed " << options.seed << ", level " << int{options.bbm};
      return;
    }
  }
}

// The tests of one list of shapes.
template <typename S>
class RandomTables : public testing::Test {};
TYPED_TEST_SUITE_P(RandomTables);

// The larger the tables, the fewer operations.
template <arch::Geometry kGeometry>
inline constexpr int kSteps = entries_in_page(kGeometry) == 512    ? 500
                              : entries_in_page(kGeometry) == 2048 ? 200
                                                                   : 60;

TYPED_TEST_P(RandomTables, BehaveLikeAMapBeforeTheyAreLive) {
  run_worlds<TypeParam::kGeometry>({.seed = 0, .live = false}, 8, kSteps<TypeParam::kGeometry>);
}
TYPED_TEST_P(RandomTables, KeepTheRulesWhenLive) {
  run_worlds<TypeParam::kGeometry>({.seed = 1000}, 40, kSteps<TypeParam::kGeometry>);
}
TYPED_TEST_P(RandomTables, LoseNoMarkOfHardware) {
  run_worlds<TypeParam::kGeometry>({.seed = 2000, .hardware = true}, 40,
                                   kSteps<TypeParam::kGeometry>);
}
REGISTER_TYPED_TEST_SUITE_P(RandomTables, BehaveLikeAMapBeforeTheyAreLive, KeepTheRulesWhenLive,
                            LoseNoMarkOfHardware);

}  // namespace amalgam::pgtable::test
