// HVO: a vmemmap of four pages, the first of them the head.
#include <array>

#include "amalgam/pgtable/hvo.hpp"
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;
using pgtable::SharedTail;
using MutantHvo = pgtable::Hvo<kSmall, MutantPort>;

constexpr std::size_t kTails = 3;
constexpr std::array<pgtable::HugePage, 1> kHuge{{{kVa, (kTails + 1) * kPage}}};
// Of data: the page that tails share, and those that they get back.
constexpr std::size_t kZone = 2048;
constexpr std::size_t kFresh = 2056;

struct Vmemmap {
  std::string name;
  SharedTail shared = SharedTail::kZonePage;
  pgtable::Permits permits{};
  bool heads_are_still = false;
  bool in_block = false;
  bool alike = true;  // tails hold already what the shared page does
  bool tails_fault = false;
  bool heads_fault = false;
  bool has_device = false;
  std::vector<std::uint8_t> levels{0, 1, 2, 3};
};

MutantHvo::Config hvo_config(const Vmemmap& v) {
  MutantHvo::Config c;
  c.shared = v.shared;
  c.heads_are_still = v.heads_are_still;
  c.permits = v.permits;
  return c;
}

explorer::PhysicalAddress shared_page(Machine& m, const Vmemmap& v) {
  return v.shared == SharedTail::kZonePage ? m.page(kZone) : m.page(0);
}

// Everybody reads all of it, and counts references in the head.
void observe(Machine& m, const Vmemmap& v) {
  const bool stores = !v.heads_are_still;
  m.observe(kVa, kPage, {.load = true, .add = stores, .may_fault = v.heads_fault});
  m.observe(kVa + kPage, kTails * kPage, {.load = true, .may_fault = v.tails_fault});
  if (!v.has_device) return;
  const auto gpu = m.device("gpu", {.blocks = true});
  m.observe(kVa + kPage, kTails * kPage, {.load = true, .may_fault = true, .devices = {gpu}});
}

Operation of(const Vmemmap& v,
             const std::function<void(Machine&, MutantPort&, MutantTables&)>& set_up,
             const std::function<bool(Machine&, MutantHvo&)>& change,
             const std::function<bool(Machine&, const MutantTables&, std::size_t)>& is_done,
             const std::function<void(Machine&)>& afterwards) {
  Operation operation{.name = v.name, .options = options(), .levels = v.levels};
  operation.has_device = v.has_device;
  operation.options.features.ttl = true;
  operation.describe = [=](Machine& m, MutantPort& port, const Options& o) {
    for (std::size_t n = 0; v.alike && n < kTails; ++n) {
      m.port().copy_page(shared_page(m, v), m.page(1 + n));
    }
    MutantTables tables(port, m.root(), config<MutantPort>(o));
    set_up(m, port, tables);
    tables.activate();
    observe(m, v);
    m.spawn(v.name, [&] {
      MutantHvo hvo(tables, hvo_config(v));
      port.arm();
      const bool done = change(m, hvo);
      port.finish();
      promise(m, done);
      for (std::size_t n = 1; n <= kTails; ++n) promise(m, is_done(m, tables, n));
      afterwards(m);
    });
  };
  return operation;
}

Operation share(const Vmemmap& v) {
  return of(
      v,
      [v](Machine& m, MutantPort&, MutantTables& t) {
        auto batch = t.batch();
        const std::uint64_t bytes = v.in_block ? kBlock : (kTails + 1) * kPage;
        (void)t.map(kVa, bytes, m.page(), kReadWrite, batch);
      },
      [](Machine& m, MutantHvo& hvo) {
        std::array<explorer::PhysicalAddress, kTails> freed{};
        const bool done = hvo.share(kHuge, m.page(kZone), freed).ok();
        return done && freed == std::array{m.page(1), m.page(2), m.page(3)};
      },
      [v](Machine& m, const MutantTables& t, std::size_t n) {
        const auto tail = t.query(kVa + n * kPage);
        return tail && tail->output == shared_page(m, v);
      },
      [](Machine& m) {
        for (std::size_t n = 0; n < kTails; ++n) m.free(m.page(1 + n));
      });
}

Operation restore(const Vmemmap& v) {
  return of(
      v,
      [v](Machine& m, MutantPort&, MutantTables& t) {
        auto batch = t.batch();
        (void)t.map(kVa, kPage, m.page(), kReadWrite, batch);
        for (std::size_t n = 0; n < kTails; ++n) {
          (void)t.map(kVa + (1 + n) * kPage, kPage, shared_page(m, v), kReadOnly, batch);
        }
      },
      [](Machine& m, MutantHvo& hvo) {
        const std::array fresh{m.page(kFresh), m.page(kFresh + 1), m.page(kFresh + 2)};
        return hvo.restore(kHuge, fresh).ok();
      },
      [](Machine& m, const MutantTables& t, std::size_t n) {
        const auto tail = t.query(kVa + n * kPage);
        return tail && tail->output == m.page(kFresh + n - 1);
      },
      [](Machine& m) {
        for (std::size_t n = 0; n < kTails; ++n) m.store(kVa + (1 + n) * kPage);
      });
}

}  // namespace

std::vector<Operation> hvo_operations() {
  const pgtable::Permits with_break{.fault_window = true};
  const pgtable::Permits with_stop{.stop_others = true};
  return {
      share({.name = "share tails"}),
      share({.name = "share tails that differ", .alike = false}),
      share({.name = "share tails, with a device", .has_device = true}),
      share({.name = "share tails of a block in place", .in_block = true, .levels = {3}}),
      share({.name = "share tails of a block with a break",
             .permits = with_break,
             .in_block = true,
             .tails_fault = true,
             .heads_fault = true,
             .levels = {0, 1, 2}}),
      share({.name = "share tails of a block with others stopped",
             .permits = with_stop,
             .in_block = true,
             .levels = {0, 1, 2}}),
      share({.name = "share the head with a break",
             .shared = SharedTail::kHeadPage,
             .permits = with_break,
             .tails_fault = true}),
      share({.name = "share the head with others stopped",
             .shared = SharedTail::kHeadPage,
             .permits = with_stop}),
      share({.name = "share a head that is still",
             .shared = SharedTail::kHeadPage,
             .heads_are_still = true}),
      restore({.name = "restore tails"}),
      restore({.name = "restore tails, with a device", .has_device = true}),
      restore({.name = "restore tails from a head that is still",
               .shared = SharedTail::kHeadPage,
               .heads_are_still = true}),
  };
}

}  // namespace amalgam::test
