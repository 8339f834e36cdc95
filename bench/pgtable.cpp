// What the library's tables cost. Prints figures; judges nothing but that what it compares is
// equal.
//
//   build/release/bench/pgtable
//
// First the time of PageTable::map on plain memory, beside a loop that stores the same descriptors
// into the same tables, and beside memset of these tables. Then the windows and barriers that a
// linear map takes. Last what HVO takes, beside Linux 7.3.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "amalgam/pgtable.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "hvo/cost.hpp"
#include "hvo/linux_counts.hpp"

namespace {

using namespace amalgam::pgtable;
namespace arch = amalgam::arch;

constexpr arch::Geometry kGeometry{};  // 4K, 48 bits
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kVa = 0x4000'0000'0000;
constexpr PhysicalAddress kTables = 0x4000'0000;  // where the tables seem to be
constexpr Attributes kKernel{.writable = true};

using Platform = PlatformOf<LinearMap, PagePool<LinearMap>>;
using PlainPort = PlainMemoryPort<kGeometry, Platform, Sharing::kAlone>;

struct Free {
  void operator()(std::uint64_t* memory) const { std::free(memory); }
};

// Pages for tables; the first is the root.
class Memory {
 public:
  explicit Memory(std::size_t pages)
      : pages_(pages),
        memory_(static_cast<std::uint64_t*>(std::aligned_alloc(kHuge, rounded(pages * kPage)))) {
    clear();
  }

  void clear() { std::memset(words(), 0, bytes()); }
  [[nodiscard]] std::uint64_t* words() const { return memory_.get(); }
  [[nodiscard]] std::size_t bytes() const { return pages_ * kPage; }
  [[nodiscard]] std::size_t pages() const { return pages_; }

 private:
  static constexpr std::size_t kHuge = 2 * kMiB;
  static std::size_t rounded(std::size_t bytes) { return (bytes + kHuge - 1) & ~(kHuge - 1); }

  std::size_t pages_;
  std::unique_ptr<std::uint64_t, Free> memory_;
};

// A Port on them, with every page but the root free.
class Tables {
 public:
  explicit Tables(const Memory& memory)
      : window_(reinterpret_cast<std::uintptr_t>(memory.words()) - kTables),
        pool_(window_),
        platform_(window_, pool_),
        port_(platform_) {
    pool_.add(kTables + kPage, memory.pages() - 1, kPage);
    std::memset(memory.words(), 0, kPage);
  }
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  PlainPort& port() { return port_; }

 private:
  LinearMap window_;
  PagePool<LinearMap> pool_;
  Platform platform_;
  PlainPort port_;
};

// Mappings of `bytes` each, `stride` bytes apart.
struct Case {
  const char* name;
  std::uint64_t bytes;
  unsigned calls;
  std::uint64_t stride;
  std::uint64_t output;
  LeafSizes sizes;
};

constexpr LeafSizes kPagesOnly{.blocks = false, .contiguous = false};
constexpr LeafSizes kBlocks{.blocks = true, .contiguous = false};

// Short calls are timed together, each where it needs tables of its own, but for the last. An
// output address off by 2 MiB keeps blocks of 1 GiB away.
constexpr Case kCases[] = {
    {"1 GiB, 4K pages", kGiB, 1, 0, 0, kPagesOnly},
    {"64 GiB, 4K pages", 64 * kGiB, 1, 0, 0, kPagesOnly},
    {"1 GiB, 4K pages, groups", kGiB, 1, 0, 0, {.blocks = false, .contiguous = true}},
    {"1 GiB, 2M blocks", kGiB, 64, kGiB, 2 * kMiB, kBlocks},
    {"64 GiB, 2M blocks", 64 * kGiB, 1, 0, 2 * kMiB, kBlocks},
    {"64 GiB, 1G blocks", 64 * kGiB, 64, 512 * kGiB, 0, kBlocks},
    {"1 GiB, 1G block", kGiB, 64, 512 * kGiB, 0, kBlocks},
    {"the same, tables there", kGiB, 512, kGiB, 0, kBlocks},
};

MapCost map_all(Tables& tables, const Case& c) {
  PageTable<kGeometry, PlainPort> table(tables.port(), kTables, {});
  auto batch = table.batch();
  MapCost sum;
  for (unsigned i = 0; i < c.calls; ++i) {
    MapCost cost;
    const std::uint64_t va = kVa + i * c.stride;
    if (!table.map(va, c.bytes, c.output, kKernel, batch, c.sizes, &cost).ok()) std::abort();
    sum.tables += cost.tables;
    sum.descriptors += cost.descriptors;
  }
  return sum;
}

// Neighbouring descriptors that differ by the same step.
struct Run {
  std::uint64_t* at;
  std::size_t count;
  std::uint64_t first;
  std::uint64_t step;
};

std::vector<Run> runs_of(std::uint64_t* words, std::size_t count) {
  std::vector<Run> runs;
  constexpr std::size_t kEntries = kPage / sizeof(std::uint64_t);
  for (std::size_t i = 0; i < count;) {
    const std::size_t end = (i / kEntries + 1) * kEntries;
    const std::uint64_t step = i + 1 < end ? words[i + 1] - words[i] : 0;
    std::size_t last = i;
    while (last + 1 < end && words[last + 1] - words[last] == step) ++last;
    runs.push_back({words + i, last + 1 - i, words[i], step});
    i = last + 1;
  }
  return runs;
}

// As a kernel stores descriptors: each by one access of 64 bits.
[[gnu::noinline]] void store_single(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    std::uint64_t raw = run.first;
    for (std::size_t i = 0; i < run.count; ++i, raw += run.step) {
      __atomic_store_n(run.at + i, raw, __ATOMIC_RELAXED);
    }
  }
}

// As the compiler likes, in vectors where it can.
[[gnu::noinline]] void store_any(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    std::uint64_t raw = run.first;
    for (std::size_t i = 0; i < run.count; ++i, raw += run.step) run.at[i] = raw;
  }
}

// Best of several, in ns.
template <typename F>
double best_ns(int repetitions, const F& f) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < repetitions; ++i) best = std::min(best, f());
  return best;
}

template <typename F>
double ns_of(const F& f) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  f();
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Pages that the mappings of the case need, counted by making them.
std::size_t pages_of(const Case& c) {
  static const Memory memory(40'000);
  Tables tables(memory);
  return 1 + static_cast<std::size_t>(map_all(tables, c).tables);
}

void time_map(const Case& c) {
  const Memory memory(pages_of(c));
  const std::size_t words = memory.bytes() / sizeof(std::uint64_t);
  const int repetitions = memory.bytes() > 64 * kMiB ? 15 : 200;
  MapCost cost;
  const double map = best_ns(repetitions, [&] {
    Tables tables(memory);
    return ns_of([&] { cost = map_all(tables, c); });
  });
  const std::vector<std::uint64_t> made(memory.words(), memory.words() + words);
  const std::vector<Run> runs = runs_of(memory.words(), words);
  const double set = best_ns(repetitions, [&] {
    return ns_of([&] { std::memset(memory.words(), 0x5a, memory.bytes()); });
  });
  const double any = best_ns(repetitions, [&] { return ns_of([&] { store_any(runs); }); });
  std::memset(memory.words(), 0x5a, memory.bytes());
  const double single = best_ns(repetitions, [&] { return ns_of([&] { store_single(runs); }); });
  if (std::memcmp(made.data(), memory.words(), memory.bytes()) != 0) {
    fmt::print("{}: the loop stored other descriptors than map()\n", c.name);
    std::exit(1);
  }
  const auto n = static_cast<double>(cost.descriptors);
  fmt::print("{:<26} {:>10} {:>7} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f}\n", c.name,
             cost.descriptors, cost.tables, map / n, single / n, any / n, set / n, map / single,
             map / set);
}

void time_maps() {
  fmt::print("PageTable::map on plain memory, best of several, ns a descriptor\n\n");
  fmt::print("{:<26} {:>10} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "", "descriptors",
             "tables", "map", "loop", "vectors", "memset", "/ loop", "/ memset");
  for (const Case& c : kCases) time_map(c);
  fmt::print(
      "\nloop: the same descriptors, zeros included, each by one 64-bit store, as a kernel must;\n"
      "vectors: the same where the compiler may join stores; memset: of the same tables;\n"
      "the last row is what a call costs that stores one descriptor\n");
}

// Windows opened, and how many at once.
class CountedMap : public LinearMap {
 public:
  using LinearMap::LinearMap;

  std::uint64_t* open(PhysicalAddress pa) {
    ++opened;
    most = std::max(most, ++open_now_);
    return LinearMap::open(pa);
  }
  void close(std::uint64_t*) { --open_now_; }

  std::uint64_t opened = 0;
  std::uint64_t most = 0;

 private:
  std::uint64_t open_now_ = 0;
};

using CountedPlatform = PlatformOf<CountedMap, PagePool<CountedMap>>;

class CountedPort : public PlainMemoryPort<kGeometry, CountedPlatform, Sharing::kAlone> {
 public:
  using PlainMemoryPort::PlainMemoryPort;

  void barrier(const arch::Barrier& b) {
    ++(b.kind == arch::BarrierKind::kDmb ? dmb : b.kind == arch::BarrierKind::kDsb ? dsb : isb);
  }

  std::uint64_t dmb = 0;
  std::uint64_t dsb = 0;
  std::uint64_t isb = 0;
};

// A linear map in `calls` calls of map().
void count_linear_map(const char* name, bool live, unsigned calls) {
  static const Memory memory(40'000);
  std::memset(memory.words(), 0, kPage);
  CountedMap window(reinterpret_cast<std::uintptr_t>(memory.words()) - kTables);
  PagePool<CountedMap> pool(window);
  pool.add(kTables + kPage, memory.pages() - 1, kPage);
  CountedPlatform platform(window, pool);
  CountedPort port(platform);
  PageTable<kGeometry, CountedPort> table(port, kTables, {});
  if (live) table.activate();
  window.opened = port.dsb = port.isb = 0;
  auto batch = table.batch();
  std::uint64_t tables = 0;
  const std::uint64_t bytes = 64 * kGiB / calls;
  for (unsigned i = 0; i < calls; ++i) {
    MapCost cost;
    const std::uint64_t at = i * bytes;
    if (!table.map(kVa + at, bytes, at, kKernel, batch, kPagesOnly, &cost).ok()) std::abort();
    tables += cost.tables;
  }
  fmt::print("{:<26} {:>7} {:>8} {:>8} {:>6} {:>6} {:>6} {:>8.3f}\n", name, tables, window.opened,
             window.most, port.dmb, port.dsb, port.isb,
             static_cast<double>(window.opened) / static_cast<double>(tables));
}

void count_linear_maps() {
  fmt::print("\nA linear map of 64 GiB by 4K pages: tables created, windows opened, barriers\n\n");
  fmt::print("{:<26} {:>7} {:>8} {:>8} {:>6} {:>6} {:>6} {:>8}\n", "", "tables", "windows",
             "at once", "DMB", "DSB", "ISB", "/ table");
  count_linear_map("not live, one call", false, 1);
  count_linear_map("not live, 64 calls", false, 64);
  count_linear_map("live, one call", true, 1);
  count_linear_map("live, 64 calls", true, 64);
  fmt::print(
      "\nlive: a DMB before each table that enters what hardware walks, a DSB and an ISB a call;\n"
      "tables below one that is not linked yet need none\n");
}

void print_hvo(const char* name, const amalgam::hvo::Counts& ours,
               const amalgam::hvo::Counts& linux_counts) {
  fmt::print("{:<32} {:>9} {:>9} {:>6} {:>9}  {:>11} {:>9} {:>6} {:>9}\n", name, ours.live_stores,
             ours.private_stores, ours.tlbis, ours.barriers, linux_counts.live_stores,
             linux_counts.private_stores, linux_counts.tlbis, linux_counts.barriers);
}

// One huge page, or a batch of 1,000.
void count_hvo(const char* name, amalgam::hvo::Question question, bool batch) {
  using amalgam::hvo::Costs;
  question.huge_pages = question.batch = batch ? 1000 : 1;
  const amalgam::hvo::Answer answer = amalgam::hvo::answer(question);
  const Costs linux_share = amalgam::hvo::linux_share(question);
  const Costs linux_restore = amalgam::hvo::linux_restore(question);
  print_hvo(fmt::format("{}, share", name).c_str(), answer.share.batch,
            batch ? linux_share.batch : linux_share.one);
  print_hvo("  restore", answer.restore.batch, batch ? linux_restore.batch : linux_restore.one);
}

void count_all_hvo() {
  for (const bool blocks : {false, true}) {
    for (const bool ranges : {false, true}) {
      fmt::print("\nHVO, 4K granule, vmemmap mapped by {}, FEAT_TLBIRANGE {}\n\n",
                 blocks ? "blocks, BBM 3" : "pages, every BBM level", ranges ? "yes" : "no");
      fmt::print("{:<32} {:>9} {:>9} {:>6} {:>9}  {:>11} {:>9} {:>6} {:>9}\n", "", "live",
                 "private", "TLBIs", "barriers", "Linux: live", "private", "TLBIs", "barriers");
      amalgam::hvo::Question question;
      question.blocks = blocks;
      question.bbm = blocks ? 3 : 0;
      question.tlbi_range = ranges;
      question.huge_page_bytes = 2 * kMiB;
      count_hvo("a 2M page", question, false);
      count_hvo("1,000 2M pages at once", question, true);
      question.huge_page_bytes = kGiB;
      count_hvo("a 1G page", question, false);
    }
  }
  fmt::print(
      "\nlive, private: descriptors stored to tables that hardware walks, and to tables not "
      "linked\n"
      "yet; barriers of Linux: of its flushes alone; its stores owe a break that it does not "
      "make\n");
}

}  // namespace

int main() {
  time_maps();
  count_linear_maps();
  count_all_hvo();
  return 0;
}
