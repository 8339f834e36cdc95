// The same operations on other shapes: blocks, contiguous groups, range TLBIs with level hints,
// entries of one ASID, stage 2.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;

const explorer::Observation kEverything{
    .load = true, .store = true, .add = true, .may_fault = true};

// A range of tables of shape kShape, taken away while others access its first page.
struct Unmapped {
  std::string name;
  Options options{};
  pgtable::TlbContext tlb{.all_asids = true};
  pgtable::Attributes attributes = kReadWrite;
  std::uint64_t va = kVa;
  std::uint64_t bytes = kPage;   // taken away, of:
  std::uint64_t mapped = kPage;  // what is there
};

template <arch::Geometry kShape>
Operation unmap(const Unmapped& what) {
  Operation operation{.name = what.name, .options = what.options};
  operation.options.geometry = kShape;
  operation.describe = [what](Machine& m, MutantPort& port, const Options& o) {
    using Shaped = pgtable::PageTable<kShape, MutantPort>;
    Shaped tables(port, m.root(),
                  {.half = o.half, .features = features(o), .tlb = what.tlb, .knowledge = {}});
    auto set_up = tables.batch();
    (void)tables.map(what.va, what.mapped, m.page(), what.attributes, set_up);
    tables.activate();
    const std::uint64_t page = arch::page_bytes(kShape.granule);
    const std::uint64_t last = what.va + what.bytes - page;
    m.observe(what.va, page, kEverything);
    if (last != what.va) m.observe(last, page, kEverything);
    m.spawn("unmap", [&] {
      port.arm();
      {
        auto batch = tables.batch();
        (void)tables.unmap(what.va, what.bytes, batch);
      }
      port.finish();
      bool gone = true;
      for (std::uint64_t va = what.va; va <= last; va += page) gone &= !tables.query(va);
      promise(m, gone);
      m.free(m.page((last - what.va) / page));
      m.load(last, {.may_fault = true});
    });
  };
  return operation;
}

Options with_ranges() {
  Options o = options();
  o.features.tlbi_range = true;
  o.features.ttl = true;
  return o;
}

constexpr pgtable::Attributes kOfProcess{.writable = true, .user = true, .global = false};

Operation unmap_block() {
  return unmap<kSmall>(
      {.name = "unmap a block", .options = with_ranges(), .bytes = kBlock, .mapped = kBlock});
}

Operation unmap_pages_by_range() {
  return unmap<kSmall>({.name = "unmap eight pages by one range",
                        .options = with_ranges(),
                        .bytes = 8 * kPage,
                        .mapped = 8 * kPage});
}

Operation unmap_group() {
  return unmap<kSmall>({.name = "unmap a contiguous group",
                        .options = with_ranges(),
                        .bytes = 16 * kPage,
                        .mapped = 32 * kPage});
}

Operation unmap_of_asid() {
  Options o = options();
  o.tag = 7;
  return unmap<kSmall>({.name = "unmap a page of one ASID",
                        .options = o,
                        .tlb = {.asid = 7, .non_global_only = true},
                        .attributes = kOfProcess});
}

constexpr arch::Geometry kStage2{.va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2};
constexpr arch::Geometry k64K{.granule = arch::Granule::k64K, .va_bits = 42, .pa_bits = 48};
constexpr arch::Geometry k16K{.granule = arch::Granule::k16K, .va_bits = 36, .pa_bits = 40};
constexpr arch::Geometry kEl2{.va_bits = 39, .pa_bits = 40, .regime = arch::Regime::kEl2};

Operation unmap_at_stage2() {
  Options o = options();
  o.tag = 3;
  return unmap<kStage2>({.name = "unmap a page at stage 2", .options = o, .va = 0xc0'0000'0000});
}

Operation unmap_64k() {
  return unmap<k64K>({.name = "unmap a 64K page",
                      .options = with_ranges(),
                      .bytes = 0x1'0000,
                      .mapped = 0x2'0000});
}

Operation unmap_16k() {
  return unmap<k16K>(
      {.name = "unmap a 16K page", .options = options(), .bytes = 0x4000, .mapped = 0x8000});
}

Operation unmap_el2() { return unmap<kEl2>({.name = "unmap a page of EL2", .options = options()}); }

}  // namespace

std::vector<Operation> shape_operations() {
  return {unmap_block(),     unmap_pages_by_range(),
          unmap_group(),     unmap_of_asid(),
          unmap_at_stage2(), unmap_64k(),
          unmap_16k(),       unmap_el2()};
}

}  // namespace amalgam::test
