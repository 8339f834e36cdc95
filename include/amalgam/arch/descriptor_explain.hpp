#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "amalgam/arch/descriptor.hpp"

namespace amalgam::arch {

// One line of an explanation: bits hi..lo, their value shifted down, and what the value means.
// An address row holds the whole address, already assembled.
struct FieldRow {
  std::string_view name;
  std::uint8_t hi = 0;
  std::uint8_t lo = 0;
  std::uint64_t value = 0;
  std::string_view meaning;
};

// More rows than any descriptor has.
inline constexpr std::size_t kMaxFieldRows = 40;

constexpr std::string_view kind_name(Kind k) {
  switch (k) {
    case Kind::kInvalid:
      return "invalid";
    case Kind::kTable:
      return "table";
    case Kind::kBlock:
      return "block";
    case Kind::kPage:
      return "page";
    case Kind::kReserved:
      break;
  }
  return "reserved";
}

namespace explain_detail {

// Collects rows and counts those that did not fit.
class RowWriter {
 public:
  constexpr explicit RowWriter(std::span<FieldRow> out) : out_(out) {}

  constexpr void add(const FieldRow& row) {
    if (count_ < out_.size()) out_[count_] = row;
    ++count_;
  }
  constexpr std::size_t count() const { return count_; }

 private:
  std::span<FieldRow> out_;
  std::size_t count_ = 0;
};

constexpr unsigned highest_bit(std::uint64_t mask) {
  unsigned bit = 63;
  while (bit > 0 && (mask >> bit & 1) == 0) --bit;
  return bit;
}

// The run of set bits of `mask` that starts at its highest set bit.
constexpr unsigned run_end(std::uint64_t mask, unsigned hi) {
  unsigned lo = hi;
  while (lo > 0 && (mask >> (lo - 1) & 1) != 0) --lo;
  return lo;
}

constexpr FieldRow row_of(const FieldLayout& layout, Descriptor d, std::uint64_t mask) {
  const std::uint64_t value = (d.raw & mask) >> layout.lo;
  return {layout.name, static_cast<std::uint8_t>(highest_bit(mask)), layout.lo, value,
          layout.meanings.of(value)};
}

constexpr void add_unclaimed(RowWriter& rows, Descriptor d, std::uint64_t unclaimed) {
  while (unclaimed != 0) {
    const unsigned hi = highest_bit(unclaimed);
    const unsigned lo = run_end(unclaimed, hi);
    const std::uint64_t value = (d.raw & bit_mask(hi, lo)) >> lo;
    rows.add({"ignored", static_cast<std::uint8_t>(hi), static_cast<std::uint8_t>(lo), value,
              value == 0 ? "" : "set, but the walk ignores or reserves these bits"});
    unclaimed &= ~bit_mask(hi, lo);
  }
}

constexpr void add_address(RowWriter& rows, const Geometry& g, Descriptor d, Kind k, int level) {
  const std::uint64_t mask = address_mask(g, k, level);
  if (mask == 0) return;
  const std::uint64_t high = address_high_mask(g) & mask;
  const unsigned hi = highest_bit(mask & ~high);
  rows.add({k == Kind::kTable ? "next table" : "output address", static_cast<std::uint8_t>(hi),
            static_cast<std::uint8_t>(run_end(mask & ~high, hi)), gather_address(g, d.raw, mask),
            k == Kind::kTable ? "address of the next table" : "address of the block or page"});
  if (high == 0) return;
  const unsigned top = highest_bit(high);
  const unsigned low = run_end(high, top);
  rows.add({"address high", static_cast<std::uint8_t>(top), static_cast<std::uint8_t>(low),
            (d.raw & high) >> low, "topmost bits of the address"});
}

}  // namespace explain_detail

// Fills `out` with one row per field of `d`, then one per run of ignored bits; every bit of the
// descriptor is in exactly one row. Returns the number of rows that the descriptor has, which may
// exceed out.size(); kMaxFieldRows always suffices. No allocation.
constexpr std::size_t explain(const Geometry& g, Descriptor d, int level, std::span<FieldRow> out) {
  explain_detail::RowWriter rows(out);
  const Kind k = kind(g, d, level);
  const bool has_type = k != Kind::kInvalid;
  std::uint64_t claimed = has_type ? bits::kValid | bits::kTableOrPage : bits::kValid;
  rows.add({"kind", static_cast<std::uint8_t>(has_type ? 1 : 0), 0, d.raw & claimed, kind_name(k)});
  explain_detail::add_address(rows, g, d, k, level);
  claimed |= address_mask(g, k, level);
  for (const FieldLayout& layout : kFieldLayouts) {
    if (!applies(layout, g, k)) continue;
    const std::uint64_t mask = bit_mask(layout.hi, layout.lo) & ~claimed;
    if (mask == 0) continue;
    rows.add(explain_detail::row_of(layout, d, mask));
    claimed |= mask;
  }
  explain_detail::add_unclaimed(rows, d, ~claimed);
  return rows.count();
}

}  // namespace amalgam::arch
