// What a range maps, as runs.
#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/text.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// Leaves of one size beside one another, to output addresses beside one another, alike in
// everything else.
struct MappedRun {
  Range range;  // input addresses
  std::uint64_t output = 0;
  int level = arch::kPageLevel;
  bool contiguous = false;  // in groups
  Attributes attributes;
};

namespace mappings_detail {

constexpr bool continues(const MappedRun& run, const MappedRun& next) {
  return run.range.end == next.range.start && run.output + run.range.bytes() == next.output &&
         run.level == next.level && run.contiguous == next.contiguous &&
         run.attributes == next.attributes;
}

}  // namespace mappings_detail

// Calls f(const MappedRun&) for each run of leaves in `range`, in the order of addresses. A leaf
// that sticks out of the range is told whole. Cost: one walk.
template <arch::Geometry kGeometry, Port P, typename F>
void for_each_mapping(P& port, PhysicalAddress root, const Range& range, F&& f) {
  MappedRun run;
  walk<kGeometry>(port, root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const MappedRun next{own_range(kGeometry, {v.raw, v.level, v.input}),
                         arch::output_address(kGeometry, {v.raw}, v.level), v.level,
                         arch::is_contiguous(kGeometry, {v.raw}, v.level),
                         attributes_of(kGeometry, v.raw, v.level)};
    if (!run.range.empty() && mappings_detail::continues(run, next)) {
      run.range.end = next.range.end;
      return Step::kNext;
    }
    if (!run.range.empty()) f(static_cast<const MappedRun&>(run));
    run = next;
    return Step::kNext;
  });
  if (!run.range.empty()) f(static_cast<const MappedRun&>(run));
}

namespace mappings_detail {

template <arch::Geometry kGeometry, typename Sink>
void put_attributes(const Attributes& a, Sink& sink) {
  using namespace std::string_view_literals;
  struct Word {
    bool on;
    std::string_view yes;
    std::string_view no;
  };
  constexpr bool stage2 = kGeometry.stage == arch::Stage::kStage2;
  const Word words[] = {{a.readable, " r"sv, " -"sv},
                        {a.writable, "w"sv, "-"sv},
                        {a.executable, "x"sv, "-"sv},
                        {!stage2 && a.user, " user"sv, ""sv},
                        {!stage2 && a.user_executable, " ux"sv, ""sv},
                        {arch::has_asid(kGeometry) && !a.global, " nG"sv, ""sv},
                        {a.accessed, " AF"sv, ""sv},
                        {a.dirty_tracking, " DBM"sv, ""sv},
                        {a.guarded, " GP"sv, ""sv}};
  for (const Word& word : words) sink(word.on ? word.yes : word.no);
  sink(stage2 ? " memattr "sv : " attr "sv);
  put_decimal(a.memory, sink);
  if (a.software == 0) return;
  sink(" sw "sv);
  put_hex(a.software, sink);
}

}  // namespace mappings_detail

// Writes a run in one line: input addresses, output address, level and attributes, in columns that
// do not depend on other lines, so that two dumps can be compared line by line.
template <arch::Geometry kGeometry, typename Sink>
void describe(const MappedRun& run, Half half, Sink&& sink) {
  using namespace std::string_view_literals;
  const std::uint64_t upper = half_bits(kGeometry, half);
  put_hex(run.range.start | upper, sink, 16);
  sink("-"sv);
  put_hex(upper + run.range.end, sink, 16);
  sink(" -> "sv);
  put_hex(run.output, sink, 13);
  sink(" L"sv);
  put_decimal(static_cast<std::uint64_t>(run.level < 0 ? 0 : run.level), sink);
  sink(run.contiguous ? " contiguous"sv : ""sv);
  mappings_detail::put_attributes<kGeometry>(run.attributes, sink);
  sink("\n"sv);
}

}  // namespace amalgam::pgtable
