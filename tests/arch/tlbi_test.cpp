#include "amalgam/arch/tlbi.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace amalgam::arch {
namespace {

constexpr Features kFull{
    .bbm = 2, .ttl = true, .tlbi_range = true, .tlbi_os = true, .xs = true, .two_ipa_spaces = true};

constexpr Geometry k4{};
constexpr Geometry k16{.granule = Granule::k16K};
constexpr Geometry k64{.granule = Granule::k64K};
constexpr std::uint64_t kKernelVa = 0xffff'8000'1234'5000;

TlbiMnemonic mnemonic(std::string_view text) {
  const auto parsed = parse_mnemonic(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(TlbiMnemonic{});
}

TlbiOperation issue(std::string_view text, const OperandRequest& request, const Geometry& g = k4,
                    const Features& f = kFull) {
  const TlbiMnemonic m = mnemonic(text);
  return decode(m, encode_operand(m, request), g, f);
}

TlbEntryTag page(std::uint64_t va, std::uint16_t asid = 0) {
  return {.va_start = va, .level = 3, .asid = asid};
}

// mnemonics

TEST(TlbiMnemonic, EveryNameAndSuffixRoundTrips) {
  unsigned count = 0;
  for (const TlbiBase& base : kTlbiBases) {
    for (const std::string prefix : {"", "r"}) {
      for (const std::string scope : {"", "is", "os"}) {
        for (const std::string nxs : {"", "nxs"}) {
          const std::string text = prefix + std::string(base.name) + scope + nxs;
          const auto parsed = parse_mnemonic(text);
          ASSERT_EQ(parsed.has_value(), prefix.empty() || base.has_range) << text;
          if (!parsed) continue;
          EXPECT_EQ(mnemonic_text(*parsed).view(), text);
          EXPECT_EQ(parsed->kind, base.kind);
          EXPECT_EQ(parsed->last_level, base.last_level);
          ++count;
        }
      }
    }
  }
  EXPECT_EQ(count, (13 + 8) * 6u);
}

TEST(TlbiMnemonic, RefusesOtherText) {
  for (const std::string_view text : {"", "r", "is", "nxs", "vae1si", "rasid", "raside1",
                                      "rvmalle1is", "vae3", "xvae1", "vae1isis", "vae1nxsis"}) {
    EXPECT_FALSE(parse_mnemonic(text)) << text;
  }
  EXPECT_TRUE(parse_mnemonic("VAALE1IS"));
}

// operands

TEST(TlbiOperand, ByVaRoundTripsForEveryGranuleAndHint) {
  for (const Geometry& g : {k4, k16, k64}) {
    for (const std::uint64_t va : {std::uint64_t{0}, std::uint64_t{0x0000'7fff'dead'0000},
                                   std::uint64_t{0xffff'8000'1234'0000}}) {
      for (int level = 0; level <= 3; ++level) {
        const LevelHint hint{static_cast<std::int8_t>(level), g.granule};
        const auto op = issue("vae1is", {.address = va, .asid = 0xabcd, .hint = hint}, g);
        EXPECT_EQ(op.va_start, va & ~(page_bytes(g.granule) - 1));
        EXPECT_EQ(op.va_end - op.va_start, page_bytes(g.granule));
        EXPECT_EQ(op.asid, 0xabcd);
        const bool reserved = level == 0 || (level == 1 && g.granule == Granule::k16K);
        EXPECT_EQ(op.hint, reserved ? std::nullopt : std::optional(hint));
      }
    }
  }
}

TEST(TlbiOperand, VaFieldIsShiftedByTwelveForEveryGranule) {
  const auto m = mnemonic("vae1");
  EXPECT_EQ(encode_operand(m, {.address = 0x1234'0000}), 0x1'2340u);
}

// Trap: a kernel address shifted but not masked puts 0b1111 into TTL: "64K granule, level 3".
TEST(TlbiTrap, UpperVaBitsInTtlVoidTheInvalidation) {
  const auto m = mnemonic("vaae1is");
  const std::uint64_t careless = kKernelVa >> 12;
  const TlbiOperation op = decode(m, careless, k4, kFull);
  EXPECT_EQ(op.hint, (LevelHint{3, Granule::k64K}));
  EXPECT_FALSE(covers(op, page(kKernelVa)));
  const TlbiOperation masked = decode(m, encode_operand(m, {.address = kKernelVa}), k4, kFull);
  EXPECT_EQ(masked.hint, std::nullopt);
  EXPECT_TRUE(covers(masked, page(kKernelVa)));
}

// The same operand on a CPU without FEAT_TTL works, which is why the bug goes unseen.
TEST(TlbiTrap, UpperVaBitsAreHarmlessWithoutFeatTtl) {
  const auto m = mnemonic("vaae1is");
  EXPECT_TRUE(covers(decode(m, kKernelVa >> 12, k4, {}), page(kKernelVa)));
}

TEST(TlbiTrap, WrongLevelHint) {
  const TlbEntryTag block{.va_start = 0x4020'0000, .level = 2};
  const auto hinted = [&](int level) {
    const LevelHint hint{static_cast<std::int8_t>(level), Granule::k4K};
    return issue("vale1is", {.address = 0x4020'0000, .hint = hint});
  };
  EXPECT_TRUE(covers(hinted(2), block));
  EXPECT_FALSE(covers(hinted(3), block));
  EXPECT_FALSE(covers(hinted(1), block));
  EXPECT_TRUE(covers(issue("vale1is", {.address = 0x4020'0000}), block));
}

TEST(TlbiTrap, HintForAnotherGranule) {
  const LevelHint hint{3, Granule::k16K};
  EXPECT_FALSE(covers(issue("vae1is", {.address = 0x5000, .hint = hint}), page(0x5000)));
}

// Trap: shifting by the page shift. Right on 4K, and another page on 16K and 64K.
TEST(TlbiTrap, ShiftByGranule) {
  const auto m = mnemonic("vae1is");
  const std::uint64_t va = 0x4444'0000;
  for (const Geometry& g : {k4, k16, k64}) {
    TlbEntryTag tag{.va_start = va, .level = 3, .granule = g.granule};
    const std::uint64_t careless = va >> page_lg2(g.granule);
    EXPECT_EQ(covers(decode(m, careless, g, kFull), tag), g.granule == Granule::k4K);
    EXPECT_TRUE(covers(issue("vae1is", {.address = va}, g), tag));
  }
}

TEST(TlbiTrap, LastLevelAfterTableRemoval) {
  const TlbEntryTag pointer{.va_start = 0x4020'0000, .level = 2, .leaf = false};
  EXPECT_FALSE(covers(issue("vaale1is", {.address = 0x4020'0000}), pointer));
  EXPECT_TRUE(covers(issue("vaae1is", {.address = 0x4020'0000}), pointer));
}

TEST(TlbiTrap, OneIpaSpaceOnly) {
  TlbEntryTag tag{.va_start = 0x9000, .level = 3, .from = CachedFrom::kStage2};
  const auto secure = issue("ipas2e1is", {.address = 0x9000});
  const auto non_secure = issue("ipas2e1is", {.address = 0x9000, .non_secure_ipa = true});
  EXPECT_TRUE(covers(secure, tag));
  EXPECT_FALSE(covers(non_secure, tag));
  tag.non_secure_ipa = true;
  EXPECT_FALSE(covers(secure, tag));
  EXPECT_TRUE(covers(non_secure, tag));
}

TEST(TlbiOperand, IpaSpaceBitIsIgnoredWithOneSpace) {
  Features f = kFull;
  f.two_ipa_spaces = false;
  const auto op = issue("ipas2e1is", {.address = 0x9000, .non_secure_ipa = true}, k4, f);
  EXPECT_FALSE(op.non_secure_ipa);
}

TEST(TlbiOperand, UnimplementedFormsAreUndefinedAndRemoveNothing) {
  for (const std::string_view text : {"rvae1is", "vae1os", "vae1isnxs"}) {
    const TlbiOperation op = decode(mnemonic(text), 0, k4, {});
    EXPECT_TRUE(op.undefined) << text;
    EXPECT_FALSE(covers(op, page(0))) << text;
  }
  EXPECT_FALSE(decode(mnemonic("vae1is"), 0, k4, {}).undefined);
}

TEST(TlbiOperand, HostRegimeRedirectsStageOneOperations) {
  const Geometry host{.regime = Regime::kEl20};
  EXPECT_EQ(decode(mnemonic("vae1is"), 0, host, kFull).regime, Regime::kEl20);
  EXPECT_EQ(decode(mnemonic("alle2is"), 0, host, kFull).regime, Regime::kEl20);
  EXPECT_EQ(decode(mnemonic("alle1is"), 0, host, kFull).regime, Regime::kEl10);
  EXPECT_EQ(decode(mnemonic("vmalls12e1is"), 0, host, kFull).regime, Regime::kEl10);
  EXPECT_EQ(decode(mnemonic("ipas2e1is"), 0, host, kFull).regime, Regime::kEl10);
}

// what an operation removes

TEST(TlbiCovers, ByVaHitsEveryEntrySizeThatHoldsTheAddress) {
  for (const Geometry& g : {k4, k16, k64}) {
    for (int level = 1; level <= 3; ++level) {
      const std::uint64_t size = level_size_bytes(g, level);
      const TlbEntryTag tag{.va_start = 4 * size, .level = level, .granule = g.granule};
      for (const std::uint64_t offset : {std::uint64_t{0}, size / 2, size - 1}) {
        EXPECT_TRUE(covers(issue("vae1is", {.address = 4 * size + offset}, g), tag));
      }
      EXPECT_FALSE(covers(issue("vae1is", {.address = 5 * size}, g), tag));
      EXPECT_FALSE(covers(issue("vae1is", {.address = 4 * size - 1}, g), tag));
    }
  }
}

TEST(TlbiCovers, MergedContiguousEntryIsHitByAnyOfItsPages) {
  const TlbEntryTag merged{.va_start = 0x1'0000, .level = 3, .merged_lg2 = 4};
  EXPECT_TRUE(covers(issue("vale1is", {.address = 0x1'f000}), merged));
  EXPECT_FALSE(covers(issue("vale1is", {.address = 0x2'0000}), merged));
}

// ASID and globality, over all combinations of operation and entry.
TEST(TlbiCovers, AsidAndGlobal) {
  for (const bool leaf : {true, false}) {
    for (const bool global : {false, true}) {
      for (const std::uint16_t asid : {1, 2}) {
        TlbEntryTag tag = page(0x5000, asid);
        tag.leaf = leaf;
        tag.level = leaf ? 3 : 2;
        tag.global = global;
        tag.va_start = leaf ? 0x5000 : 0;
        const OperandRequest request{.address = 0x5000, .asid = 1};
        const bool same = asid == 1;
        EXPECT_EQ(covers(issue("vae1is", request), tag), same || (leaf && global));
        EXPECT_EQ(covers(issue("vale1is", request), tag), leaf && (same || global));
        EXPECT_TRUE(covers(issue("vaae1is", request), tag));
        EXPECT_EQ(covers(issue("vaale1is", request), tag), leaf);
        EXPECT_EQ(covers(issue("aside1is", request), tag), same && !(leaf && global));
        EXPECT_TRUE(covers(issue("vmalle1is", {}), tag));
        EXPECT_TRUE(covers(issue("alle1is", {}), tag));
      }
    }
  }
}

// Which operations remove which kind of cached entry, as one table.
TEST(TlbiCovers, StagesAndCombinedEntries) {
  struct Expectation {
    std::string_view text;
    bool stage1;
    bool combined;
    bool stage2;
  };
  const std::vector<Expectation> table{
      {"vae1is", true, true, false},      {"vaae1is", true, true, false},
      {"aside1is", true, true, false},    {"vmalle1is", true, true, false},
      {"vmalls12e1is", true, true, true}, {"alle1is", true, true, true},
      {"ipas2e1is", false, false, true},  {"ipas2le1is", false, false, true},
      {"vae2is", false, false, false},    {"alle2is", false, false, false},
  };
  for (const Expectation& row : table) {
    const TlbiOperation op = issue(row.text, {.address = 0x7000});
    TlbEntryTag tag = page(0x7000);
    EXPECT_EQ(covers(op, tag), row.stage1) << row.text;
    tag.from = CachedFrom::kCombined;
    EXPECT_EQ(covers(op, tag), row.combined) << row.text;
    tag.from = CachedFrom::kStage2;
    EXPECT_EQ(covers(op, tag), row.stage2) << row.text;
  }
}

TEST(TlbiCovers, VmidScopesAllButAlle1) {
  TlbEntryTag tag = page(0x7000);
  tag.vmid = 5;
  for (const std::string_view text : {"vae1is", "aside1is", "vmalle1is", "vmalls12e1is"}) {
    TlbiOperation op = issue(text, {.address = 0x7000});
    EXPECT_FALSE(covers(op, tag)) << text;
    op.vmid = 5;
    EXPECT_TRUE(covers(op, tag)) << text;
  }
  EXPECT_TRUE(covers(issue("alle1is", {}), tag));
}

TEST(TlbiCovers, RegimesAreApart) {
  TlbEntryTag tag = page(0x7000);
  tag.regime = Regime::kEl2;
  EXPECT_FALSE(covers(issue("vae1is", {.address = 0x7000}), tag));
  EXPECT_TRUE(covers(issue("vae2is", {.address = 0x7000}), tag));
  EXPECT_TRUE(covers(issue("alle2is", {}), tag));
  EXPECT_FALSE(covers(issue("alle1is", {}), tag));
}

TEST(TlbiCovers, HintReachesTheWalkCachesAboveTheLeafAlone) {
  const LevelHint hint{2, Granule::k4K};
  const auto op = issue("vae1is", {.address = 0x4020'0000, .hint = hint});
  EXPECT_TRUE(covers(op, {.va_start = 0x4000'0000, .level = 1, .leaf = false}));
  EXPECT_FALSE(covers(op, {.va_start = 0x4020'0000, .level = 2, .leaf = false}));
}

TEST(TlbiCovers, LastPageOfTheAddressSpace) {
  const std::uint64_t top = ~std::uint64_t{0} << 12;
  EXPECT_TRUE(covers(issue("vae1is", {.address = top}), page(top)));
  EXPECT_FALSE(covers(issue("vae1is", {.address = top}), page(0)));
}

// ranges

TEST(TlbiRange, EncodesExactlyWhatItIsAskedOrRefuses) {
  const auto m = mnemonic("rvae1is");
  for (std::uint64_t pages = 0; pages <= 5000; ++pages) {
    const RangeRequest request{.start = 0x4000'0000, .pages = pages, .asid = 7};
    const RangeEncoding encoding = encode_range(m, request, k4);
    ASSERT_EQ(encoding.ok(), pages > 0 && pages % 2 == 0 && exact_scale(pages)) << pages;
    if (!encoding.ok()) continue;
    const TlbiOperation op = decode(m, encoding.operand, k4, kFull);
    ASSERT_EQ(op.va_start, request.start);
    ASSERT_EQ((op.va_end - op.va_start) >> 12, pages);
    ASSERT_EQ(op.asid, 7);
    ASSERT_FALSE(op.granule_mismatch);
  }
}

// Every NUM and SCALE decodes to the pages that it stands for, and encodes back.
TEST(TlbiRange, EveryNumAndScale) {
  const auto m = mnemonic("rvaae1is");
  for (std::uint64_t scale = 0; scale < 4; ++scale) {
    for (std::uint64_t num = 0; num < 32; ++num) {
      const std::uint64_t pages = (num + 1) << (5 * scale + 1);
      const auto encoding = encode_range(m, {.start = 0, .pages = pages}, k64);
      ASSERT_TRUE(encoding.ok());
      const TlbiOperation op = decode(m, encoding.operand, k64, kFull);
      EXPECT_EQ(op.va_end >> 16, pages);
    }
  }
}

TEST(TlbiTrap, OddAndOversizedRangesAreRefused) {
  const auto m = mnemonic("rvae1is");
  EXPECT_EQ(encode_range(m, {.pages = 0}, k4).error, RangeError::kEmpty);
  EXPECT_EQ(encode_range(m, {.pages = 1}, k4).error, RangeError::kOddPages);
  EXPECT_EQ(encode_range(m, {.pages = 511}, k4).error, RangeError::kOddPages);
  EXPECT_EQ(encode_range(m, {.pages = 66}, k4).error, RangeError::kNotExpressible);
  EXPECT_EQ(encode_range(m, {.pages = kMaxRangePages}, k4).error, RangeError::kNone);
  EXPECT_EQ(encode_range(m, {.pages = kMaxRangePages + 2}, k4).error, RangeError::kTooManyPages);
  EXPECT_EQ(encode_range(m, {.start = 0x800, .pages = 2}, k4).error, RangeError::kMisaligned);
  EXPECT_EQ(kMaxRangePages, 1u << 21);
}

TEST(TlbiTrap, Lpa2RangeBasesAreIn64KUnits) {
  const auto m = mnemonic("rvae1is");
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    const Geometry g{.granule = granule, .va_bits = 52, .pa_bits = 52, .lpa2 = true};
    const std::uint64_t start = 0x000a'0000'0001'0000;
    const auto encoding = encode_range(m, {.start = start, .pages = 2}, g);
    ASSERT_TRUE(encoding.ok());
    EXPECT_EQ(encoding.operand & operand::kRangeBaseMask, start >> 16);
    EXPECT_EQ(decode(m, encoding.operand, g, kFull).va_start, start);
    const RangeError error = encode_range(m, {.start = 0x1000, .pages = 2}, g).error;
    EXPECT_EQ(error, RangeError::kMisaligned);
  }
  // A base in pages, as without LPA2, means an address 16 times higher.
  const Geometry lpa2{.pa_bits = 52, .lpa2 = true};
  const auto careless = encode_range(m, {.start = 0x10'0000, .pages = 2}, k4).operand;
  EXPECT_EQ(decode(m, careless, lpa2, kFull).va_start, 0x100'0000u);
}

TEST(TlbiRange, GranuleOfAnotherRegimePromisesNothing) {
  const auto m = mnemonic("rvae1is");
  const auto encoding = encode_range(m, {.start = 0, .pages = 2}, k64);
  const TlbiOperation op = decode(m, encoding.operand, k4, kFull);
  EXPECT_TRUE(op.granule_mismatch);
  EXPECT_FALSE(covers(op, page(0)));
}

TEST(TlbiRange, KernelAddressesAreSignExtended) {
  const auto m = mnemonic("rvaae1is");
  const auto encoding = encode_range(m, {.start = kKernelVa, .pages = 4}, k4);
  const TlbiOperation op = decode(m, encoding.operand, k4, kFull);
  EXPECT_EQ(op.va_start, kKernelVa);
  EXPECT_TRUE(covers(op, page(kKernelVa + 0x3000)));
  EXPECT_FALSE(covers(op, page(kKernelVa + 0x4000)));
}

TEST(TlbiRange, HintAndIpaSpace) {
  const auto va = mnemonic("rvale1is");
  const RangeRequest request{.start = 0x4000'0000, .pages = 2, .level_hint = 2};
  EXPECT_EQ(decode(va, encode_range(va, request, k4).operand, k4, kFull).hint,
            (LevelHint{2, Granule::k4K}));
  const auto ipa = mnemonic("ripas2e1is");
  const RangeRequest space{.start = 0x4000'0000, .pages = 2, .non_secure_ipa = true};
  EXPECT_TRUE(decode(ipa, encode_range(ipa, space, k4).operand, k4, kFull).non_secure_ipa);
}

// splitting

// The pages that a split covers, in order, as the hardware reads the operands.
std::vector<std::uint64_t> covered_pages(RangeSplitter splitter, const Geometry& g,
                                         const Features& f, unsigned& operations) {
  std::vector<std::uint64_t> pages;
  while (const auto step = splitter.next()) {
    const TlbiOperation op = decode(step->mnemonic, step->operand, g, f);
    EXPECT_FALSE(op.undefined);
    for (std::uint64_t va = op.va_start; va != op.va_end; va += page_bytes(g.granule)) {
      pages.push_back(va >> page_lg2(g.granule));
    }
    ++operations;
  }
  return pages;
}

TEST(TlbiSplit, CoversEveryPageOnceWithAndWithoutRanges) {
  for (Geometry g : {k4, k16, k64, Geometry{.pa_bits = 52, .lpa2 = true}}) {
    for (const bool ranges : {false, true}) {
      Features f = kFull;
      f.tlbi_range = ranges;
      for (std::uint64_t pages = 1; pages <= 200; ++pages) {
        const std::uint64_t start = 0x4000'3000 & ~(page_bytes(g.granule) - 1);
        const RangeSplitter splitter(mnemonic("vae1is"), {.start = start, .pages = pages}, g, f);
        unsigned operations = 0;
        const auto covered = covered_pages(splitter, g, f, operations);
        ASSERT_EQ(covered.size(), pages);
        for (std::uint64_t i = 0; i < pages; ++i) {
          ASSERT_EQ(covered[i], (start >> page_lg2(g.granule)) + i);
        }
        const bool saves = ranges && pages >= 32;  // LPA2 aligns its base by single operations
        ASSERT_TRUE(saves ? operations < pages : operations <= pages);
        ASSERT_TRUE(ranges || operations == pages);
      }
    }
  }
}

TEST(TlbiSplit, TwoMegabytesAreOneRangeOperation) {
  for (const std::uint64_t pages : {8u, 512u, 4096u, 1u << 21}) {
    RangeSplitter splitter(mnemonic("vaale1is"), {.start = 0x4000'0000, .pages = pages}, k4, kFull);
    const auto step = splitter.next();
    ASSERT_TRUE(step);
    EXPECT_TRUE(step->mnemonic.range);
    EXPECT_EQ(step->pages, pages);
    EXPECT_FALSE(splitter.next());
  }
}

TEST(TlbiSplit, StridesOfBlocksWithoutRanges) {
  Features f = kFull;
  f.tlbi_range = false;
  RangeSplitter splitter(mnemonic("vale1is"), {.start = 0, .pages = 1024, .level_hint = 2}, k4, f,
                         512);
  std::vector<std::uint64_t> starts;
  while (const auto step = splitter.next()) {
    starts.push_back(decode(step->mnemonic, step->operand, k4, f).va_start);
  }
  EXPECT_EQ(starts, (std::vector<std::uint64_t>{0, 0x20'0000}));
}

TEST(TlbiSplit, WholeContextBeyondTheLimits) {
  const auto prefers = [](std::uint64_t pages, bool ranges) {
    Features f = kFull;
    f.tlbi_range = ranges;
    return RangeSplitter(*parse_mnemonic("vae1is"), {.pages = pages}, k4, f)
        .prefers_whole_context();
  };
  EXPECT_FALSE(prefers(511, false));
  EXPECT_TRUE(prefers(512, false));
  EXPECT_FALSE(prefers(kMaxRangePages, true));
  EXPECT_TRUE(prefers(kMaxRangePages + 1, true));
}

static_assert(covers(decode(*parse_mnemonic("vae1is"),
                            encode_operand(*parse_mnemonic("vae1is"), {.address = 0x5000}), k4, {}),
                     {.va_start = 0x5000}));

}  // namespace
}  // namespace amalgam::arch
