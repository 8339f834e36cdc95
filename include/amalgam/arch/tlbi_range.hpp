#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "amalgam/arch/tlbi_operand.hpp"

namespace amalgam::arch {

inline constexpr std::uint64_t kMaxRangePages = operand_detail::range_pages(31, 3);  // 2^21

enum class RangeError : std::uint8_t {
  kNone,
  kEmpty,
  kOddPages,        // a range covers an even number of pages; the odd one takes a single operation
  kTooManyPages,    // beyond kMaxRangePages
  kNotExpressible,  // not (NUM+1) x 2^(5 x SCALE + 1) for any NUM and SCALE
  kMisaligned,      // not at a page boundary, or with LPA2 not at a 64 KB boundary
};

// What a range operand is to cover: exactly `pages` granules from `start`.
struct RangeRequest {
  std::uint64_t start = 0;
  std::uint64_t pages = 0;
  std::uint16_t asid = 0;
  std::optional<std::int8_t> level_hint =
      std::nullopt;  // 1..3; level 0 cannot be said in a range operand
  bool non_secure_ipa = false;
};

struct RangeEncoding {
  std::uint64_t operand = 0;  // meaningful only when error is kNone
  RangeError error = RangeError::kNone;

  constexpr bool ok() const { return error == RangeError::kNone; }
};

// SCALE that says `pages` exactly, or nothing.
constexpr std::optional<unsigned> exact_scale(std::uint64_t pages) {
  for (unsigned scale = 0; scale < 4; ++scale) {
    const std::uint64_t unit = std::uint64_t{1} << (5 * scale + 1);
    if (pages % unit == 0 && pages / unit >= 1 && pages / unit <= 32) return scale;
  }
  return std::nullopt;
}

// The alignment that the base of a range operand needs.
constexpr std::uint64_t range_base_bytes(const Geometry& g) {
  const std::uint64_t page = page_bytes(g.granule);
  return g.lpa2 ? std::max<std::uint64_t>(page, 1ull << operand::kLpa2BaseShift) : page;
}

constexpr RangeError check_range(const RangeRequest& request, const Geometry& g) {
  if (request.pages == 0) return RangeError::kEmpty;
  if (request.start % range_base_bytes(g) != 0) return RangeError::kMisaligned;
  if (request.pages % 2 != 0) return RangeError::kOddPages;
  if (request.pages > kMaxRangePages) return RangeError::kTooManyPages;
  return exact_scale(request.pages) ? RangeError::kNone : RangeError::kNotExpressible;
}

// The operand of a range operation that covers exactly the request, or why there is none.
constexpr RangeEncoding encode_range(const TlbiMnemonic& m, const RangeRequest& request,
                                     const Geometry& g) {
  const RangeError error = check_range(request, g);
  if (error != RangeError::kNone) return {0, error};
  const std::uint64_t scale = *exact_scale(request.pages);
  const std::uint64_t num = (request.pages >> (5 * scale + 1)) - 1;
  const unsigned shift = g.lpa2 ? operand::kLpa2BaseShift : page_lg2(g.granule);
  std::uint64_t value = request.start >> shift & operand::kRangeBaseMask;
  value |= granule_code(g.granule) << operand::kRangeTgLo;
  value |= scale << operand::kRangeScaleLo | num << operand::kRangeNumLo;
  const std::uint64_t hint =
      request.level_hint ? static_cast<std::uint64_t>(*request.level_hint) : 0;
  value |= (hint & 3) << operand::kRangeTtlLo;
  if (m.kind == TlbiKind::kVa) value |= std::uint64_t{request.asid} << operand::kAsidLo;
  if (m.kind == TlbiKind::kIpa && request.non_secure_ipa) value |= operand::kNonSecure;
  return {value, RangeError::kNone};
}

// One operation of a split: the form to issue, its operand, and the pages that it covers.
struct SplitStep {
  TlbiMnemonic mnemonic;
  std::uint64_t operand = 0;
  std::uint64_t start = 0;
  std::uint64_t pages = 0;
};

// Splits [start, start + pages) into operations as Linux does: ranges from the largest SCALE down,
// a single operation for an odd page, before an unaligned LPA2 base, and for each stride where
// ranges are not implemented. Use: while (auto step = splitter.next()) issue(*step);
class RangeSplitter {
 public:
  // `mnemonic` is the single (not r-) form; `stride_pages` the size of the leaves, 1 for pages.
  constexpr RangeSplitter(const TlbiMnemonic& mnemonic, const RangeRequest& request,
                          const Geometry& g, const Features& f, std::uint64_t stride_pages = 1)
      : mnemonic_(mnemonic), rest_(request), geometry_(g), features_(f), stride_(stride_pages) {}

  // Whether Linux would rather invalidate the whole context: beyond the reach of a range, or
  // without ranges as many strides as a table has entries.
  constexpr bool prefers_whole_context() const {
    if (features_.tlbi_range) return rest_.pages > kMaxRangePages;
    return rest_.pages / stride_ >= std::uint64_t{1} << bits_per_level(geometry_.granule);
  }

  // The next operation, or nothing when the request is covered.
  constexpr std::optional<SplitStep> next() {
    if (rest_.pages == 0) return std::nullopt;
    if (!can_use_range()) return take_single();
    while (scale_ > 0 && rest_.pages < unit()) --scale_;
    return take_range(std::min<std::uint64_t>(rest_.pages / unit(), 32) * unit());
  }

 private:
  constexpr std::uint64_t unit() const { return std::uint64_t{1} << (5 * scale_ + 1); }

  constexpr bool can_use_range() const {
    return features_.tlbi_range && rest_.pages > 1 &&
           rest_.start % range_base_bytes(geometry_) == 0;
  }

  constexpr std::optional<LevelHint> hint() const {
    if (!features_.ttl || !rest_.level_hint) return std::nullopt;
    return LevelHint{*rest_.level_hint, geometry_.granule};
  }

  constexpr SplitStep take_single() {
    const OperandRequest request{rest_.start, rest_.asid, hint(), rest_.non_secure_ipa};
    const SplitStep step{mnemonic_, encode_operand(mnemonic_, request), rest_.start,
                         std::min(stride_, rest_.pages)};
    advance(step.pages);
    return step;
  }

  constexpr SplitStep take_range(std::uint64_t pages) {
    RangeRequest request = rest_;
    request.pages = pages;
    TlbiMnemonic ranged = mnemonic_;
    ranged.range = true;
    const SplitStep step{ranged, encode_range(ranged, request, geometry_).operand, rest_.start,
                         pages};
    advance(pages);
    return step;
  }

  constexpr void advance(std::uint64_t pages) {
    rest_.start += pages << page_lg2(geometry_.granule);
    rest_.pages -= pages;
  }

  TlbiMnemonic mnemonic_;
  RangeRequest rest_;
  Geometry geometry_;
  Features features_;
  std::uint64_t stride_;
  unsigned scale_ = 3;
};

}  // namespace amalgam::arch
