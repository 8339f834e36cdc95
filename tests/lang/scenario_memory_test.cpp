// Frames, tables, roots and regions: addresses, contents, walks and cells.
#include <gtest/gtest.h>

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

// What a walk of a root's tables, as they are at the start, finds for an address.
struct Translation {
  int level = -2;
  arch::Fields leaf;
};

Translation walk(const model::Program& program, model::RootId root, std::uint64_t address) {
  const arch::Geometry& g = program.machine.geometry;
  model::TableId table = program.roots[root].table;
  for (int level = arch::start_level(g); level <= 3; ++level) {
    const auto index = static_cast<std::uint32_t>(arch::table_index(g, address, level));
    const model::CellId cell = program.find_cell(table, index);
    if (cell == model::kNone) return {};
    const arch::Fields fields = arch::decode(g, {program.cells[cell].initial}, level);
    if (fields.kind != arch::Kind::kTable) return {level, fields};
    table = model::kNone;
    for (model::TableId t = 0; t < program.tables.size(); ++t) {
      if (program.tables[t].address == fields.address) table = t;
    }
    if (table == model::kNone) return {};
  }
  return {};
}

std::uint64_t page_address(const model::Program& program, const model::Region& region,
                           std::uint32_t page) {
  return region.base + (std::uint64_t{page} << arch::page_lg2(program.machine.geometry.granule));
}

const model::Region& region(const model::Program& program, std::string_view name) {
  for (const model::Region& r : program.regions) {
    if (r.name == name) return r;
  }
  ADD_FAILURE() << "no region " << name;
  return program.regions.front();
}

TEST(Frames, ContentsSayWhatIsEqual) {
  const auto p =
      parse(scenario("frame a, b[2] contents same\n"
                     "frame c contents as b[1]\n"
                     "frame d, e contents distinct\n"
                     "frame z contents zero, free\n"
                     "frame u, v contents unknown\n"
                     "frame plain\n"));
  const auto& f = p.frames;
  ASSERT_EQ(f.size(), 10U);
  EXPECT_EQ(f[0].contents.value, f[1].contents.value);
  EXPECT_EQ(f[0].contents.value, f[2].contents.value);
  EXPECT_EQ(f[0].contents.value, f[3].contents.value);
  EXPECT_NE(f[4].contents.value, f[5].contents.value);
  EXPECT_EQ(f[6].contents.value, 0U);
  EXPECT_EQ(p.value_names[0], "zero");
  EXPECT_TRUE(f[6].free);
  EXPECT_FALSE(f[7].contents.known);
  EXPECT_NE(f[7].contents.value, f[8].contents.value);
  EXPECT_TRUE(f[9].contents.known);
  EXPECT_EQ(f[2].name, "b[1]");
}

TEST(Frames, ContentsMayReferToALaterFrame) {
  const auto p = parse(scenario("frame a contents as b\nframe b contents distinct\n"));
  EXPECT_EQ(p.frames[0].contents.value, p.frames[1].contents.value);
}

TEST(Frames, ArraysAreAlignedAndNothingOverlaps) {
  const auto p =
      parse(scenario("frame a\nframe big[512]\nframe b[3]\ntable pt level 3\n"
                     "map linear = block big rw\n"));
  EXPECT_EQ(p.frames[1].address % (2U << 20), 0U);
  std::vector<std::uint64_t> pages;
  for (const auto& f : p.frames) pages.push_back(f.address);
  for (const auto& t : p.tables) pages.push_back(t.address);
  std::sort(pages.begin(), pages.end());
  EXPECT_EQ(std::adjacent_find(pages.begin(), pages.end()), pages.end());
  for (const std::uint64_t page : pages) EXPECT_EQ(page % 4096, 0U);
}

// Every granule and geometry: each page of a region translates to its frame.
class Geometries : public ::testing::TestWithParam<const char*> {};

TEST_P(Geometries, EveryPageTranslatesToItsFrame) {
  const auto p = parse("case \"t\"\nmachine arm64, " + std::string(GetParam()) +
                       "\nframe head, tail[70]\nmap vm = head, tail ro\nmap other = tail[3] rw\n");
  for (const model::Region& r : p.regions) {
    for (std::uint32_t page = 0; page < r.pages; ++page) {
      const Translation found = walk(p, 0, page_address(p, r, page));
      EXPECT_EQ(found.level, 3);
      EXPECT_EQ(found.leaf.kind, arch::Kind::kPage);
      EXPECT_EQ(found.leaf.address, p.frames[r.pages == 1 ? 4 : page].address);
      EXPECT_EQ(found.leaf.access_flag, 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Geometries,
    ::testing::Values("granule 4K, va 48", "granule 4K, va 39", "granule 4K, va 52, lpa2, pa 52",
                      "granule 16K, va 48", "granule 16K, va 47", "granule 16K, va 52, lpa2",
                      "granule 64K, va 48", "granule 64K, va 52, pa 52", "granule 64K, va 42",
                      "granule 4K, va 25", "granule 4K, va 40, stage 2", "granule 64K, va 30",
                      "granule 4K, va 48, regime el2", "granule 4K, va 48, regime el20",
                      "granule 16K, va 40, stage 2, pa 40"));

TEST(Blocks, TheSizeChoosesTheLevel) {
  const auto p = parse(scenario("frame big[512]\nmap linear = block big[0..511] rw\n"));
  const Translation found = walk(p, 0, p.regions[0].base + 0x5000);
  EXPECT_EQ(found.level, 2);
  EXPECT_EQ(found.leaf.kind, arch::Kind::kBlock);
  EXPECT_EQ(found.leaf.address, p.frames[0].address);
  EXPECT_EQ(p.regions[0].pages, 512U);
}

TEST(Blocks, SeveralBlocksAtASaidLevel) {
  const auto p = parse(scenario("frame big[1024]\nmap linear = block big rw at level 2\n"));
  EXPECT_EQ(walk(p, 0, p.regions[0].base + (2U << 20)).leaf.address, p.frames[512].address);
}

TEST(Blocks, OneGibibyte) {
  const auto p = parse(scenario("frame big[262144]\nmap linear = block big rw\n"));
  EXPECT_EQ(walk(p, 0, p.regions[0].base).level, 1);
}

TEST(Blocks, NoneAtALevelHasNoTableBelow) {
  const auto p =
      parse(scenario("frame big[512]\nmap linear[512] = none at level 2\n"
                     "agent a on cpu 0\n    set pmd linear = big rw\n"));
  EXPECT_EQ(walk(p, 0, p.regions[0].base).level, 2);
  EXPECT_EQ(p.tables.size(), 3U);
}

TEST(Regions, EachHasALastTableOfItsOwn) {
  const auto p = parse(scenario("frame a, b\nmap x = a rw\nmap y = b rw\nmap t[4] = none\n"));
  EXPECT_EQ(region(p, "x").base >> 47, 0x1ffffU) << "in the kernel's half";
  EXPECT_NE(region(p, "x").base >> 21, region(p, "y").base >> 21);
  EXPECT_NE(region(p, "y").base >> 21, region(p, "t").base >> 21);
  EXPECT_EQ(region(p, "t").pages, 4U);
  EXPECT_EQ(walk(p, 0, region(p, "t").base + 0x3000).leaf.kind, arch::Kind::kInvalid);
}

TEST(Regions, SaidPlaces) {
  const auto p =
      parse(scenario("frame a, b\nroot other asid 5\n"
                     "map x = a rw at 0xffff000012340000\n"
                     "map y = b rw of other at x\nmap z = b rw of other\n"
                     "map low = a rw at 0x400000\n"));
  EXPECT_EQ(region(p, "x").base, 0xffff000012340000U);
  EXPECT_EQ(region(p, "y").base, 0xffff000012340000U);
  EXPECT_EQ(walk(p, 0, region(p, "x").base).leaf.address, p.frames[0].address);
  EXPECT_EQ(walk(p, 1, region(p, "y").base).leaf.address, p.frames[1].address);
  EXPECT_LT(region(p, "z").base, std::uint64_t{1} << 48);
  EXPECT_EQ(region(p, "low").base, 0x400000U);
  EXPECT_EQ(p.roots[1].tag, 5U);
}

TEST(Regions, AutomaticPlacesAvoidSaidOnes) {
  const auto p =
      parse(scenario("frame a\nmap x = a rw at 0xffff800000000000\n"
                     "map y = a rw\nmap z = a rw at 0xffff800000401000\nmap w = a rw\n"));
  EXPECT_EQ(region(p, "y").base, 0xffff800000200000U);
  EXPECT_EQ(region(p, "w").base, 0xffff800000600000U);
}

TEST(Regions, SharedTables) {
  const auto p =
      parse(scenario("frame a, b\ntable pt level 3\nmap x = a rw in pt\n"
                     "map y[2] = none in pt\nmap z = b ro in pt\n"));
  EXPECT_EQ(region(p, "y").base, region(p, "x").base + 0x1000);
  EXPECT_EQ(region(p, "z").base, region(p, "x").base + 0x3000);
  const model::TableId pt = p.cells[p.find_cell(1, 0)].table;
  EXPECT_EQ(p.tables[pt].name, "pt");
  EXPECT_EQ(walk(p, 0, region(p, "z").base).leaf.address, p.frames[1].address);
}

TEST(Regions, BackingsWithTheirOwnAttributes) {
  const auto p = parse(scenario("frame a, b[2], c\nmap x = a rw, b, none, c ro user\n"));
  const auto leaf = [&](std::uint32_t page) {
    return walk(p, 0, page_address(p, p.regions[0], page)).leaf;
  };
  EXPECT_EQ(leaf(0).ap2_read_only, 0);
  EXPECT_EQ(leaf(1).ap2_read_only, 1);
  EXPECT_EQ(leaf(2).ap1_user, 1);
  EXPECT_EQ(leaf(3).kind, arch::Kind::kInvalid);
  EXPECT_EQ(leaf(4).address, p.frames[3].address);
}

TEST(Regions, OneFrameForAllPages) {
  const auto p = parse(scenario("frame z contents zero\nmap x[8] = z ro\n"));
  EXPECT_EQ(walk(p, 0, page_address(p, p.regions[0], 7)).leaf.address, p.frames[0].address);
}

TEST(Regions, ATablePageMapped) {
  const auto p = parse(scenario("table pt level 3\nmap window = pt rw\n"));
  EXPECT_EQ(walk(p, 0, p.regions[0].base).leaf.address, p.tables[1].address);
}

TEST(Tables, StateAtTheStart) {
  const auto p =
      parse(scenario("table a level 3\ntable b level 2 junk\ntable c[2] level 1 free\n"));
  ASSERT_EQ(p.tables.size(), 5U);
  EXPECT_FALSE(p.tables[1].junk || p.tables[1].free);
  EXPECT_TRUE(p.tables[2].junk);
  EXPECT_EQ(p.tables[2].level, 2);
  EXPECT_TRUE(p.tables[4].free);
  EXPECT_EQ(p.tables[4].name, "c[1]");
}

TEST(Roots, ACopyHasATableForEach) {
  const auto p =
      parse(scenario("frame a[3]\nmap x = a rw\nmap y = a rw\nroot copy like init\n"
                     "cpu 1 uses copy\n"));
  const model::TableId top = p.roots[1].table;
  EXPECT_EQ(p.tables[top].like, p.roots[0].table);
  std::size_t copies = 0;
  for (const auto& t : p.tables) {
    if (t.like == model::kNone) continue;
    ++copies;
    EXPECT_TRUE(t.junk);
    EXPECT_EQ(t.level, p.tables[t.like].level);
  }
  EXPECT_EQ(copies * 2, p.tables.size());
  for (const auto& c : p.cells) {
    for (model::TableId t = 0; t < p.tables.size(); ++t) {
      if (p.tables[t].like != c.table) continue;
      EXPECT_NE(p.find_cell(t, c.index), model::kNone);
    }
  }
  EXPECT_EQ(p.cpu_roots, (std::vector<model::RootId>{0, 1, 0}));
}

TEST(Attributes, OfStage1) {
  const auto p =
      parse(scenario("frame f\nmap a = f rw x\nmap b = f ro user x ng\n"
                     "map c = f rw device osh\nmap d = f ro dbm sw1 sw4 gp\n"
                     "map e = f rw nc nsh noaf cont\nmap g = f rw tagged\n"
                     "map h = f rw invalid\nmap i = f rw ngnrne\n"));
  const auto leaf = [&](std::string_view name) { return walk(p, 0, region(p, name).base).leaf; };
  EXPECT_EQ(leaf("a").pxn, 0);
  EXPECT_EQ(leaf("a").uxn, 1);
  EXPECT_EQ(leaf("b").pxn, 1);
  EXPECT_EQ(leaf("b").uxn, 0);
  EXPECT_EQ(leaf("b").not_global, 1);
  EXPECT_EQ(leaf("c").attr_indx, 4);
  EXPECT_EQ(leaf("c").shareability, 2);
  EXPECT_EQ(leaf("d").dbm, 1);
  EXPECT_EQ(leaf("d").software, 0b1001);
  EXPECT_EQ(leaf("d").guarded, 1);
  EXPECT_EQ(leaf("e").attr_indx, 2);
  EXPECT_EQ(leaf("e").shareability, 0);
  EXPECT_EQ(leaf("e").access_flag, 0);
  EXPECT_EQ(leaf("e").contiguous, 1);
  EXPECT_EQ(leaf("g").attr_indx, 1);
  EXPECT_EQ(leaf("h").kind, arch::Kind::kInvalid);
  EXPECT_EQ(leaf("i").attr_indx, 3);
}

TEST(Attributes, OfStage2) {
  const auto p =
      parse(scenario("frame f\nroot vm vmid 7\nmap a = f rw\nmap b = f ro x of vm\n"
                     "map c = f wo wt\nmap d = f rw device\n",
                     ", stage 2"));
  const auto leaf = [&](std::string_view name) {
    return walk(p, region(p, name).root, region(p, name).base).leaf;
  };
  EXPECT_EQ(leaf("a").s2ap, 3);
  EXPECT_EQ(leaf("a").s2_xn, 2);
  EXPECT_EQ(leaf("a").mem_attr, 0b1111);
  EXPECT_EQ(leaf("b").s2ap, 1);
  EXPECT_EQ(leaf("b").s2_xn, 0);
  EXPECT_EQ(leaf("c").s2ap, 2);
  EXPECT_EQ(leaf("c").mem_attr, 0b1010);
  EXPECT_EQ(leaf("d").mem_attr, 0b0001);
  EXPECT_EQ(p.roots[1].tag, 7U);
}

TEST(Attributes, OfEl2) {
  const auto p = parse(scenario("frame f\nmap a = f rw\nmap b = f rw x\n", ", regime el2"));
  const auto leaf = [&](std::string_view name) { return walk(p, 0, region(p, name).base).leaf; };
  EXPECT_EQ(leaf("a").ap1_user, 1) << "RES1 where there is no EL0";
  EXPECT_EQ(leaf("a").uxn, 1);
  EXPECT_EQ(leaf("b").uxn, 0);
}

}  // namespace
}  // namespace amalgam::test
