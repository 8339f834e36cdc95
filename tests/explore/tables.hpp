// Small tables for the explorer's tests: two levels of 4K, 1 GiB of input addresses.
#pragma once

#include <cstdint>

#include "amalgam/pgtable/page_table.hpp"
#include "explore/explore.hpp"

namespace amalgam::test {

inline constexpr arch::Geometry kSmall{.va_bits = 30, .pa_bits = 40};
inline constexpr std::uint64_t kPage = 0x1000;
inline constexpr std::uint64_t kBlock = 0x20'0000;
inline constexpr std::uint64_t kVa = 0x40'0000;

inline constexpr pgtable::Attributes kReadWrite{.writable = true};
inline constexpr pgtable::Attributes kReadOnly{};

template <typename P>
using Tables = pgtable::PageTable<kSmall, P>;

inline explorer::Options options(std::uint8_t bbm = 0, std::uint32_t cpus = 2) {
  return {.bbm = bbm, .cpus = cpus, .geometry = kSmall};
}

inline arch::Features features(const explorer::Options& o) {
  arch::Features f = o.features;
  f.bbm = o.bbm;
  f.ets = o.ets;
  return f;
}

inline pgtable::Knowledge knowledge(const explorer::Options& o) {
  return {.hardware_af = o.features.hardware_af, .hardware_dirty = o.features.hardware_dirty};
}

// Tables on a port, of a machine with these options.
template <typename P>
typename Tables<P>::Config config(const explorer::Options& o) {
  return {.features = features(o), .tlb = {.all_asids = true}, .knowledge = knowledge(o)};
}

// Tables on a port with `pages` pages mapped from kVa on to machine.page(0) on, live.
template <typename P>
struct Mapped {
  Mapped(explorer::Machine& machine, P& port, const explorer::Options& o, std::uint64_t pages = 1,
         const pgtable::Attributes& attributes = kReadWrite)
      : tables(port, machine.root(), config<P>(o)) {
    auto batch = tables.batch();
    status = tables.map(kVa, pages * kPage, machine.page(), attributes, batch);
    batch.flush();
    tables.activate();
  }
  Tables<P> tables;
  pgtable::Status status;
};

}  // namespace amalgam::test
