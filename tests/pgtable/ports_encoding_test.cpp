// The words that the hardware Port issues, against a table and against an assembler.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/ports/barrier_encoding.hpp"
#include "amalgam/pgtable/ports/root_register.hpp"
#include "amalgam/pgtable/ports/tlbi_encoding.hpp"

namespace amalgam::pgtable {
inline namespace ports_encoding_test {

struct Expected {
  std::string_view mnemonic;
  SystemOperation operation;
};

// Written down from the instruction pages: op1, CRn, CRm, op2.
constexpr Expected kExpected[] = {
    {"vmalle1", {0, 8, 7, 0}},      {"vmalle1is", {0, 8, 3, 0}},    {"vmalle1os", {0, 8, 1, 0}},
    {"vae1", {0, 8, 7, 1}},         {"vae1is", {0, 8, 3, 1}},       {"vae1os", {0, 8, 1, 1}},
    {"aside1", {0, 8, 7, 2}},       {"aside1is", {0, 8, 3, 2}},     {"aside1os", {0, 8, 1, 2}},
    {"vaae1", {0, 8, 7, 3}},        {"vaae1is", {0, 8, 3, 3}},      {"vaae1os", {0, 8, 1, 3}},
    {"vale1", {0, 8, 7, 5}},        {"vale1is", {0, 8, 3, 5}},      {"vale1os", {0, 8, 1, 5}},
    {"vaale1", {0, 8, 7, 7}},       {"vaale1is", {0, 8, 3, 7}},     {"vaale1os", {0, 8, 1, 7}},
    {"rvae1", {0, 8, 6, 1}},        {"rvae1is", {0, 8, 2, 1}},      {"rvae1os", {0, 8, 5, 1}},
    {"rvaae1is", {0, 8, 2, 3}},     {"rvale1is", {0, 8, 2, 5}},     {"rvaale1os", {0, 8, 5, 7}},
    {"alle2", {4, 8, 7, 0}},        {"alle2is", {4, 8, 3, 0}},      {"vae2is", {4, 8, 3, 1}},
    {"vale2", {4, 8, 7, 5}},        {"alle1", {4, 8, 7, 4}},        {"alle1is", {4, 8, 3, 4}},
    {"vmalls12e1", {4, 8, 7, 6}},   {"vmalls12e1is", {4, 8, 3, 6}}, {"vmalls12e1os", {4, 8, 1, 6}},
    {"rvae2is", {4, 8, 2, 1}},      {"rvale2os", {4, 8, 5, 5}},     {"ipas2e1", {4, 8, 4, 1}},
    {"ipas2e1is", {4, 8, 0, 1}},    {"ipas2e1os", {4, 8, 4, 0}},    {"ipas2le1", {4, 8, 4, 5}},
    {"ipas2le1is", {4, 8, 0, 5}},   {"ipas2le1os", {4, 8, 4, 4}},   {"ripas2e1", {4, 8, 4, 2}},
    {"ripas2e1is", {4, 8, 0, 2}},   {"ripas2e1os", {4, 8, 4, 3}},   {"ripas2le1", {4, 8, 4, 6}},
    {"ripas2le1is", {4, 8, 0, 6}},  {"ripas2le1os", {4, 8, 4, 7}},  {"vae1isnxs", {0, 9, 3, 1}},
    {"vmalle1osnxs", {0, 9, 1, 0}}, {"rvaale1nxs", {0, 9, 6, 7}},   {"ipas2e1isnxs", {4, 9, 0, 1}},
    {"alle2nxs", {4, 9, 7, 0}},
};

TEST(TlbiEncodingTest, IsWhatTheInstructionPagesSay) {
  for (const Expected& row : kExpected) {
    const auto mnemonic = arch::parse_mnemonic(row.mnemonic);
    ASSERT_TRUE(mnemonic) << row.mnemonic;
    const auto encoding = encoding_of(*mnemonic);
    ASSERT_TRUE(encoding) << row.mnemonic;
    EXPECT_TRUE(*encoding == row.operation) << row.mnemonic;
    EXPECT_TRUE(system_operation(instruction_word(*encoding, 5)) == row.operation) << row.mnemonic;
  }
}

TEST(TlbiEncodingTest, ExistsExactlyWhereAMnemonicDoes) {
  int named = 0;
  for (unsigned kind = 0; kind <= static_cast<unsigned>(arch::TlbiKind::kIpa); ++kind) {
    for (unsigned form = 0; form < 72; ++form) {
      const arch::TlbiMnemonic m{.kind = static_cast<arch::TlbiKind>(kind),
                                 .last_level = form % 2 != 0,
                                 .regime = static_cast<arch::Regime>(form / 24),
                                 .range = form / 2 % 2 != 0,
                                 .shareability = static_cast<arch::Shareability>(form / 8 % 3),
                                 .nxs = form / 4 % 2 != 0};
      const bool has_name = arch::mnemonic_text(m).length != 0;
      named += has_name ? 1 : 0;
      EXPECT_EQ(encoding_of(m).has_value(), has_name) << arch::mnemonic_text(m).view();
    }
  }
  EXPECT_EQ(named, static_cast<int>(kTlbiWords.size()));
}

TEST(TlbiEncodingTest, NoTwoAreAlike) {
  for (std::size_t i = 1; i < kTlbiWords.size(); ++i) {
    EXPECT_LT(kTlbiWords[i - 1], kTlbiWords[i]);
  }
}

TEST(BarrierEncodingTest, IsWhatTheInstructionPagesSay) {
  const auto word = [](std::string_view text) {
    return instruction_word(arch::parse_barrier(text).value());
  };
  EXPECT_EQ(word("dsb ishst"), 0xd503'3a9fu);
  EXPECT_EQ(word("dsb sy"), 0xd503'3f9fu);
  EXPECT_EQ(word("dmb ishst"), 0xd503'3abfu);
  EXPECT_EQ(word("dmb oshld"), 0xd503'31bfu);
  EXPECT_EQ(word("isb"), 0xd503'3fdfu);
  EXPECT_EQ(word("dsb oshnxs"), 0xd503'323fu);
  EXPECT_EQ(word("dsb synxs"), 0xd503'3e3fu);
}

TEST(BarrierEncodingTest, ExistsExactlyWhereABarrierHasAName) {
  for (unsigned form = 0; form < 72; ++form) {
    const arch::Barrier b{static_cast<arch::BarrierKind>(form / 24),
                          static_cast<arch::Domain>(form % 4),
                          static_cast<arch::Access>(form / 4 % 3), form / 12 % 2 != 0};
    EXPECT_EQ(instruction_word(b).has_value(), !arch::name(b).empty()) << form;
  }
}

// What an assembler makes of `source`, as words. In files named after the test: others may run.
std::vector<std::uint32_t> assemble(const std::string& assembler, const std::string& source) {
  const auto directory = std::filesystem::path(testing::TempDir());
  const char* test = testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string stem = (directory / (std::string("amalgam_") + test)).string();
  std::ofstream(stem + ".s") << source;
  const std::string objcopy = "aarch64-linux-gnu-objcopy -O binary -j .text ";
  const std::string command =
      assembler + " -o " + stem + ".o " + stem + ".s && " + objcopy + stem + ".o " + stem + ".bin";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(stem + ".bin", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::uint32_t> words(bytes.size() / 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    words[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 8 * (i % 4);
  }
  return words;
}

struct Line {
  std::string text;
  std::uint32_t word = 0;
};

std::vector<Line> all_lines(bool with_nxs) {
  std::vector<Line> lines;
  for (const arch::BarrierName& row : arch::kBarrierNames) {
    lines.push_back({std::string(row.text), instruction_word(row.barrier).value()});
  }
  tlbi_encoding_detail::for_each_tlbi([&](const arch::TlbiMnemonic& m) {
    if (m.nxs && !with_nxs) return;
    const bool operand = arch::has_operand(m.kind);
    const std::string text(arch::mnemonic_text(m).view());
    lines.push_back({"tlbi " + text + (operand ? ", x5" : ""),
                     instruction_word(encoding_of(m).value(), operand ? 5 : kNoRegister)});
  });
  return lines;
}

void expect_agreement(const std::string& assembler, bool with_nxs) {
  const std::vector<Line> lines = all_lines(with_nxs);
  std::string source;
  for (const Line& line : lines) source += line.text + "\n";
  const std::vector<std::uint32_t> words = assemble(assembler, source);
  ASSERT_EQ(words.size(), lines.size());
  for (std::size_t i = 0; i < words.size(); ++i)
    EXPECT_EQ(lines[i].word, words[i]) << lines[i].text;
}

bool has(const std::string& programs) {
  return std::system(("command -v " + programs + " >/dev/null").c_str()) == 0;
}

// Binutils 2.40 does not know TLBI nXS.
TEST(EncodingTest, AgreesWithTheGnuAssembler) {
  if (!has("aarch64-linux-gnu-as")) GTEST_SKIP() << "no aarch64-linux-gnu-as";
  expect_agreement("aarch64-linux-gnu-as -march=armv8.7-a", false);
}

TEST(EncodingTest, AgreesWithClangsAssembler) {
  if (!has("aarch64-linux-gnu-objcopy") || !has("clang-19")) {
    GTEST_SKIP() << "no clang-19 or no aarch64-linux-gnu-objcopy";
  }
  expect_agreement("clang-19 --target=aarch64-linux-gnu -march=armv8.7-a -c", true);
}

constexpr arch::Geometry kHost{.regime = arch::Regime::kEl20};
constexpr arch::Geometry kHypervisor{.regime = arch::Regime::kEl2};
constexpr arch::Geometry kGuest{.va_bits = 40, .stage = arch::Stage::kStage2};

TEST(RootRegisterTest, FollowsRegimeStageAndHalf) {
  EXPECT_EQ(root_register(arch::Geometry{}, Half::kLower), RootRegister::kTtbr0El1);
  EXPECT_EQ(root_register(arch::Geometry{}, Half::kUpper), RootRegister::kTtbr1El1);
  EXPECT_EQ(root_register(kHost, Half::kUpper), RootRegister::kTtbr1El2);
  EXPECT_EQ(root_register(kHost, Half::kLower), RootRegister::kTtbr0El2);
  EXPECT_EQ(root_register(kHypervisor, Half::kLower), RootRegister::kTtbr0El2);
  EXPECT_EQ(root_register(kGuest, Half::kLower), RootRegister::kVttbrEl2);
}

TEST(RootRegisterTest, HoldsAddressTagAndHighBits) {
  EXPECT_EQ(root_value(arch::Geometry{}, 0x4123'4000, 0x17), 0x0017'0000'4123'4000u);
  EXPECT_EQ(root_value(arch::Geometry{}, 0x4123'4000, 0x17, true), 0x0017'0000'4123'4001u);
  EXPECT_EQ(root_value(kGuest, 0x4123'4000, 0x17), 0x0017'0000'4123'4000u);
  EXPECT_EQ(root_value(kHypervisor, 0x4123'4000, 0x17), 0x4123'4000u) << "no ASID at EL2";
  const arch::Geometry lpa{.granule = arch::Granule::k64K, .va_bits = 52, .pa_bits = 52};
  EXPECT_EQ(root_value(lpa, 0x000a'0000'4123'0000, 1), 0x0001'0000'4123'0028u);
  const arch::Geometry lpa2{.va_bits = 52, .pa_bits = 52, .lpa2 = true};
  EXPECT_EQ(root_value(lpa2, 0x000f'8000'4123'4000, 0), 0x0000'8000'4123'403cu);
}

}  // namespace ports_encoding_test
}  // namespace amalgam::pgtable
