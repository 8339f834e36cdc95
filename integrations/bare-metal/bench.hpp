// One geometry's tables, live, and the means to change them while CPU 1 watches.
#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/pgtable.hpp"
#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "amalgam/pgtable/ports/hardware.hpp"
#include "machine.hpp"
#include "observer.hpp"
#include "platform.hpp"
#include "translation.hpp"

namespace bare_metal {

namespace arch = amalgam::arch;
namespace pgtable = amalgam::pgtable;

// Where operations are tried: tables of a half, with the tag and the kind of entries they have.
struct Place {
  std::string_view name;
  pgtable::Half half = pgtable::Half::kLower;
  bool global = true;
};
inline constexpr std::uint16_t kAsid = 5;

// A word that stands at `pa` and nowhere else.
constexpr std::uint64_t value_at(std::uint64_t pa) { return pa ^ 0x5eed'0000'0000'0000; }

inline std::uint64_t& word(std::uint64_t pa) { return *pgtable::LinearMap().open(pa); }

inline Mapping no_mapping() { return {}; }
inline Mapping read_only(std::uint64_t pa) { return {true, false, pa, value_at(pa)}; }
inline Mapping read_write(std::uint64_t pa) { return {true, true, pa, value_at(pa)}; }

template <arch::Geometry kGeometry>
class Bench {
 public:
  using Port = PacedPort<pgtable::HardwarePort<kGeometry, Platform>>;
  using Table = pgtable::PageTable<kGeometry, Port>;
  using Batch = typename Table::Batch;

  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);
  static constexpr std::uint64_t kBlock = arch::level_size_bytes(kGeometry, 2);
  static constexpr std::uint64_t kGroup = arch::contiguous_entries(kGeometry, 3) * kPage;
  static constexpr std::uint64_t kBlockGroup = arch::contiguous_entries(kGeometry, 2) * kBlock;
  static constexpr bool kEl2 = kGeometry.regime == arch::Regime::kEl2;
  static constexpr bool kStage2 = kGeometry.stage == arch::Stage::kStage2;

  // Tables at `root`, which hardware walks already.
  Bench(Platform& platform, Port& port, pgtable::PhysicalAddress root,
        const arch::Features& features, const Place& place)
      : platform_(platform),
        port_(port),
        features_(features),
        place_(place),
        table_(port, root, config<Table>()) {
    table_.activate();
  }

  [[nodiscard]] Table& table() { return table_; }
  [[nodiscard]] Port& port() { return port_; }
  [[nodiscard]] Platform& platform() { return platform_; }
  [[nodiscard]] const arch::Features& features() const { return features_; }
  [[nodiscard]] const Place& place() const { return place_; }

  // What root registers hold beside the root.
  [[nodiscard]] std::uint16_t tag() const {
    if (kStage2) return kVmid;
    return place_.half == pgtable::Half::kUpper ? 0 : kAsid;
  }

  // Of a table of this place, on whatever Port.
  template <typename T>
  [[nodiscard]] typename T::Config config() const {
    typename T::Config c;
    c.half = place_.half;
    c.features = features_;
    c.tlb.asid = place_.global ? 0 : kAsid;
    c.tlb.all_asids = place_.global;
    c.tlb.non_global_only = !place_.global;
    c.knowledge.hardware_af = features_.hardware_af;
    c.knowledge.hardware_dirty = features_.hardware_dirty;
    c.knowledge.mair = kMair;
    return c;
  }

  // Input addresses of the place, `offset` bytes into the area where operations are tried. The area
  // is aligned to the largest block and group.
  [[nodiscard]] std::uint64_t va(std::uint64_t offset = 0) const {
    return kArea + offset + pgtable::half_bits(kGeometry, place_.half);
  }

  [[nodiscard]] pgtable::Attributes attributes(bool writable) const {
    pgtable::Attributes a;
    a.writable = writable;
    a.global = place_.global;
    a.memory = normal_memory(kGeometry);
    return a;
  }

  // The same `bytes` further on.
  static Mapping moved(Mapping m, std::uint64_t bytes) {
    if (!m.readable) return m;
    m.pa += bytes;
    m.value = value_at(m.pa);
    return m;
  }

  // Says that CPU 1 is to watch `va`, and prepares what its mappings lead to.
  void watch(const Watched& watched) {
    prepare(watched.before);
    prepare(watched.after);
    observer.add(watched);
  }
  // `count` places `stride` bytes apart, from `va(offset)` on, with mappings of `before` and
  // `after` on that are the same distance apart.
  void watch_run(std::uint64_t offset, std::uint64_t count, std::uint64_t stride, Mapping before,
                 Mapping after) {
    for (std::uint64_t i = 0; i < count; ++i) {
      watch({.va = va(offset + i * stride),
             .before = moved(before, i * stride),
             .after = moved(after, i * stride)});
    }
  }

  // What is mapped before the change. On failure the round counts as a violation.
  void expect_ok(const pgtable::Status& status) {
    if (status.ok()) return;
    observer.report({"status", status.va, static_cast<std::uint64_t>(status.error),
                     static_cast<std::uint64_t>(status.row)});
  }
  void map(std::uint64_t offset, std::uint64_t bytes, std::uint64_t pa, bool writable,
           const pgtable::LeafSizes& sizes = {}) {
    Batch batch = table_.batch();
    expect_ok(table_.map(va(offset), bytes, pa, attributes(writable), batch, sizes));
  }
  // Takes everything in the area away.
  void clear() {
    Batch batch = table_.batch();
    expect_ok(table_.unmap(va(), kAreaBytes, batch));
  }

  // On what terms a change is watched.
  struct Terms {
    bool may_fault = false;  // accesses may fault while it is under way
    bool stores_may_fault = false;
    bool copies = false;  // it copies what is at the old address to the new one
    bool query = true;    // table() can be asked afterwards what it leads to
    bool walk = true;     // hardware can, which may set AF and dirty state on the way
  };

  // Makes the change `op(batch) -> Status` and flushes it, while CPU 1 accesses what it watches
  // before, during and after.
  template <typename F>
  void change(const F& op, const Terms& terms) {
    watched(
        [&] {
          Batch batch = table_.batch();
          return op(batch);
        },
        terms);
  }
  // The same for a change that flushes by itself: `op() -> Status`.
  template <typename F>
  void watched(const F& op, const Terms& terms) {
    observer.permit_faults(terms.may_fault, terms.may_fault || terms.stores_may_fault);
    cpus.phase.store(Phase::kBefore);
    start_watching();
    port_.set_paced(paced_);
    cpus.phase.store(Phase::kDuring);
    expect_ok(op());
    cpus.phase.store(Phase::kAfter);
    port_.set_paced(false);
    wait_for_sweep();
    stop_watching();
    for (std::size_t i = 0; i < observer.size(); ++i) check(observer[i], terms);
    if (cpus.stuck.load()) observer.report({"hang", 0, 0, 0, Phase::kAfter, Phase::kAfter});
  }

  void set_paced(bool paced) { paced_ = paced; }

 private:
  static constexpr std::uint64_t kArea = 0x20'0000'0000;
  static constexpr std::uint64_t kAreaBytes = 0x10'0000'0000;

  static void prepare(const Mapping& m) {
    if (!m.readable) return;
    word(m.pa + kValueAt) = m.value;
    word(m.pa + kStoreAt) = 0;
    word(m.pa + kAddAt) = 0;
  }

  // What the stores have left, what the library says of the address, and what hardware says.
  void check(const Watched& w, const Terms& terms) {
    check_stores(w);
    check_adds(w, terms);
    if (terms.query) check_query(w);
    if (!terms.walk) return;
    check_walk(w, false, w.after.readable);
    check_walk(w, true, w.after.writable);
  }
  void check_query(const Watched& w) {
    const auto found = table_.query(w.va);
    const std::uint64_t output = found ? found->output : 0;
    const std::uint64_t wanted = w.after.readable ? w.after.pa : 0;
    if (output != wanted) wrong("query", w, output, wanted);
  }
  static void wrong(std::string_view what, const Watched& w, std::uint64_t got,
                    std::uint64_t wanted) {
    observer.report({what, w.va, got, wanted, Phase::kAfter, Phase::kAfter});
  }
  static void check_stores(const Watched& w) {
    if (!w.stores) return;
    const bool moves = w.before.writable && w.after.writable && w.before.pa != w.after.pa;
    if (!moves) {
      const Mapping& m = w.after.writable ? w.after : w.before;
      if (m.writable && word(m.pa + kStoreAt) != w.last) {
        wrong("store lost", w, word(m.pa + kStoreAt), w.last);
      }
      return;
    }
    const std::uint64_t old_number = word(w.before.pa + kStoreAt);
    if (word(w.after.pa + kStoreAt) != w.last) {
      wrong("store lost", w, word(w.after.pa + kStoreAt), w.last);
    }
    if (old_number < w.last_before) wrong("store lost", w, old_number, w.last_before);
    if (old_number >= w.first_after) wrong("store strayed", w, old_number, w.first_after);
  }
  static void check_adds(const Watched& w, const Terms& terms) {
    if (!w.stores || !w.before.writable || !w.after.writable) return;
    std::uint64_t sum = word(w.after.pa + kAddAt);
    if (w.before.pa != w.after.pa && !terms.copies) sum += word(w.before.pa + kAddAt);
    if (sum != w.adds) wrong("adds lost", w, sum, w.adds);
  }

  // Asks the hardware for a walk (AT), as a privileged read or write.
  void check_walk(const Watched& w, bool write, bool permitted) {
    const std::uint64_t par = hardware_walk(w.va, write);
    const bool faults = (par & 1) != 0;
    const std::uint64_t page = w.after.pa & ~std::uint64_t{0xfff};
    if (faults == permitted) wrong("hardware walk", w, par, permitted ? page : 1);
    if (!faults && permitted && (par & 0x000f'ffff'ffff'f000) != page) {
      wrong("hardware walk", w, par, page);
    }
  }
  static std::uint64_t hardware_walk(std::uint64_t va, bool write) {
    std::uint64_t par = 0;
    const auto issue = [&](auto read_form, auto write_form) {
      if (write) {
        write_form(va);
      } else {
        read_form(va);
      }
    };
    if constexpr (kStage2) {
      issue(
          [](std::uint64_t at) {
            asm volatile("at s12e1r, %0" : : "r"(at) : "memory");
          },
          [](std::uint64_t at) {
            asm volatile("at s12e1w, %0" : : "r"(at) : "memory");
          });
    } else if constexpr (kEl2) {
      issue(
          [](std::uint64_t at) {
            asm volatile("at s1e2r, %0" : : "r"(at) : "memory");
          },
          [](std::uint64_t at) {
            asm volatile("at s1e2w, %0" : : "r"(at) : "memory");
          });
    } else {
      issue(
          [](std::uint64_t at) {
            asm volatile("at s1e1r, %0" : : "r"(at) : "memory");
          },
          [](std::uint64_t at) {
            asm volatile("at s1e1w, %0" : : "r"(at) : "memory");
          });
    }
    asm volatile("isb\n mrs %0, PAR_EL1" : "=r"(par) : : "memory");
    return par;
  }

  Platform& platform_;
  Port& port_;
  arch::Features features_;
  Place place_;
  Table table_;
  bool paced_ = false;
};

}  // namespace bare_metal
