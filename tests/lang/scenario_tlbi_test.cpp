// TLBI steps: one operation a page, ranges split, operands as the architecture lays them out.
#include <gtest/gtest.h>

#include "amalgam/arch/tlbi.hpp"
#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

namespace op = model::op;

class Tlbis : public ::testing::Test {
 protected:
  void read(std::string_view steps, std::string_view machine = "",
            std::string_view memory = kEightPages) {
    program_ = parse(scenario(std::string(memory) + agent(steps), machine));
    ASSERT_EQ(program_.agents.size(), 1U);
  }

  const op::Tlbi& tlbi(std::size_t i) const {
    return std::get<op::Tlbi>(program_.agents[0].ops.at(i).operation);
  }
  const std::string& text(std::size_t i) const { return program_.agents[0].ops.at(i).text; }
  std::size_t size() const { return program_.agents[0].ops.size(); }

  // What the hardware makes of an operation.
  arch::TlbiOperation decoded(std::size_t i) const {
    const auto mnemonic = arch::parse_mnemonic(tlbi(i).mnemonic);
    EXPECT_TRUE(mnemonic.has_value());
    return arch::decode(*mnemonic, tlbi(i).operand.value_or(0), program_.machine.geometry,
                        program_.machine.features);
  }

  std::uint64_t base() const { return program_.regions[0].base; }

  model::Program program_;
};

TEST_F(Tlbis, OneOperationAPage) {
  read("tlbi VAAE1IS vm[1..3]");
  ASSERT_EQ(size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(tlbi(i).mnemonic, "vaae1is");
    EXPECT_EQ(decoded(i).va_start, base() + (i + 1) * 0x1000);
    EXPECT_EQ(text(i), "tlbi vaae1is vm[" + std::to_string(i + 1) + "]");
  }
}

TEST_F(Tlbis, BareRegionIsPageZero) {
  read("tlbi vale1is vm");
  ASSERT_EQ(size(), 1U);
  EXPECT_EQ(decoded(0).va_start, base());
  EXPECT_TRUE(decoded(0).last_level);
}

TEST_F(Tlbis, LoopVariablesStandInRanges) {
  read("for i in 0..1\n    tlbi vaae1is vm[2*i..2*i+1]");
  ASSERT_EQ(size(), 4U);
  EXPECT_EQ(text(3), "tlbi vaae1is vm[3]");
}

TEST_F(Tlbis, TheTagIsTheRootsOrTheSaidOne) {
  read("tlbi vae1is x\ntlbi vae1is x asid 9\ntlbi aside1is asid 9", "",
       "frame f\nroot mm asid 5\nmap x = f rw ng of mm\n");
  EXPECT_EQ(decoded(0).asid, 5);
  EXPECT_EQ(decoded(1).asid, 9);
  EXPECT_EQ(decoded(2).asid, 9);
  EXPECT_EQ(text(1), "tlbi vae1is x asid 9");
}

TEST_F(Tlbis, AnotherRootNamesAnotherTag) {
  read("tlbi vae1is two:x", "", "frame f\nroot one asid 1\nroot two asid 2\nmap x = f rw of one\n");
  EXPECT_EQ(decoded(0).asid, 2);
}

TEST_F(Tlbis, LevelHint) {
  read("tlbi vale1is vm level 3\ntlbi vale1is vm", ", ttl");
  ASSERT_TRUE(decoded(0).hint.has_value());
  EXPECT_EQ(decoded(0).hint->level, 3);
  EXPECT_FALSE(decoded(1).hint.has_value());
  EXPECT_EQ(text(0), "tlbi vale1is vm[0] level 3");
}

TEST_F(Tlbis, WholeContext) {
  read("tlbi vmalle1is\ntlbi alle1");
  EXPECT_EQ(tlbi(0).mnemonic, "vmalle1is");
  EXPECT_FALSE(tlbi(0).operand.has_value());
  EXPECT_EQ(decoded(1).shareability, arch::Shareability::kLocal);
}

TEST_F(Tlbis, OperandAsItIs) {
  read("tlbi vae1is operand 0xfff0123456789abc");
  EXPECT_EQ(tlbi(0).operand, 0xfff0123456789abcU);
}

// Ranges of any length cover exactly the pages that they name.
TEST_F(Tlbis, RangesCoverExactlyTheirPages) {
  for (std::uint32_t pages = 1; pages <= 70; ++pages) {
    const std::string last = std::to_string(pages - 1);
    read("tlbi rvaae1is x[0.." + last + "]", ", tlbirange", "map x[100] = none\n");
    std::uint64_t next = base();
    for (std::size_t i = 0; i < size(); ++i) {
      EXPECT_EQ(decoded(i).va_start, next);
      EXPECT_FALSE(decoded(i).undefined);
      next = decoded(i).va_end;
    }
    EXPECT_EQ(next, base() + pages * 0x1000);
  }
}

TEST_F(Tlbis, RangeTextSaysWhatEachCovers) {
  read("tlbi rvaae1is vm[0..6]", ", tlbirange");
  ASSERT_EQ(size(), 2U);
  EXPECT_EQ(text(0), "tlbi rvaae1is vm[0..5]");
  EXPECT_EQ(text(1), "tlbi vaae1is vm[6]");
}

TEST_F(Tlbis, ByIntermediateAddress) {
  read("tlbi ipas2e1is vm[1]\ntlbi vmalle1is", ", stage 2");
  EXPECT_EQ(decoded(0).va_start, base() + 0x1000);
  EXPECT_EQ(decoded(0).stage, arch::Stage::kStage2);
}

TEST_F(Tlbis, OperandsOf64KPages) {
  program_ = parse("case \"t\"\nmachine arm64, granule 64K, va 48\nframe f[3]\nmap vm = f rw\n" +
                   agent("tlbi vaae1is vm[2]"));
  EXPECT_EQ(decoded(0).va_start, base() + 0x20000);
}

}  // namespace
}  // namespace amalgam::test
