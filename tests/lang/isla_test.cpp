// Whole tests in isla's format: threads, handlers, labels, conditions, and every published one.
#include "lang/isla.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "lang/isla_fixture.hpp"

namespace amalgam::test {
namespace {

namespace fs = std::filesystem;

using litmus::Formula;
using litmus::Opcode;
using litmus::SystemRegister;

// A complete break-before-make; the reader has a DSB between its loads.
constexpr std::string_view kOwn = R"TOML(arch = "AArch64"
name = "own-bbm"
symbolic = ["x"]
page_table_setup = """
    physical pa1 pa2;
    x |-> pa1;
    x ?-> invalid;
    x ?-> pa2;
    *pa2 = 7;
    identity 0x1000 with code;
"""
[thread.0]
init = {}
code = """
    STR XZR,[X1]
    DSB ISH
    TLBI VAE1IS,X2
    DSB ISH
    STR X3,[X1]
"""
[thread.0.reset]
R1 = "pte3(x, page_table_base)"
R2 = "extz(page(x), 64)"
R3 = "mkdesc3(oa=pa2)"
"PSTATE.EL" = "0b01"
[thread.1]
init = {}
code = """
    LDR X0,[X4]
    DSB SY
    LDR X5,[X4]
"""
[thread.1.reset]
R0 = "0x0"
R4 = "x"
R5 = "0x0"
VBAR_EL1 = "extz(0x1000, 64)"
[section.thread1_el1_handler]
address = "0x1400"
code = """
    MOV X5,#1
    MRS X13,ELR_EL1
    ADD X13,X13,#4
    MSR ELR_EL1,X13
    ERET
"""
[final]
assertion = "1:X0 = 7 & 1:X5 = 0"
)TOML";

std::vector<Opcode> opcodes(const litmus::Code& code) {
  std::vector<Opcode> result;
  for (const litmus::Instruction& i : code.instructions) result.push_back(i.opcode);
  return result;
}

TEST(Isla, CompleteBreakBeforeMake) {
  const litmus::Test test = parse_isla_test(kOwn);
  EXPECT_EQ(test.name, "own-bbm");
  EXPECT_EQ(test.family, litmus::Family::kIsla);
  EXPECT_TRUE(test.vmsa);
  ASSERT_EQ(test.threads.size(), 2U);
  const litmus::Thread& writer = test.threads[0];
  const litmus::Thread& reader = test.threads[1];
  EXPECT_EQ(writer.el, 1U);
  EXPECT_EQ(reader.el, 0U);
  EXPECT_EQ(opcodes(writer.code), (std::vector{Opcode::kStore, Opcode::kBarrier, Opcode::kTlbi,
                                               Opcode::kBarrier, Opcode::kStore}));
  EXPECT_EQ(writer.registers_set, 0b1110U);
  EXPECT_EQ(writer.registers[1], entry_at(test, kStage1Root, 0x600000, 3));
  EXPECT_EQ(writer.registers[2], 0x600U);
  EXPECT_EQ(writer.registers[3], 0x601443U);
  EXPECT_EQ(reader.registers_set, 0b110001U);
  EXPECT_EQ(reader.code.base, 0x401000U);
  EXPECT_EQ(word(test, 0x601000), 7U);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0x600443U);
  EXPECT_TRUE(writer.handlers.empty());
  ASSERT_EQ(reader.handlers.size(), 1U);
  EXPECT_EQ(reader.handlers[0].el, 1U);
  EXPECT_EQ(reader.handlers[0].offset, 0x400U);
  EXPECT_EQ(reader.handlers[0].code.base, 0x1400U);
  EXPECT_EQ(reader.handlers[0].code.instructions.back().opcode, Opcode::kExceptionReturn);
  EXPECT_THAT(test.descriptors, testing::Contains(writer.registers[1]));
}

TEST(Isla, ConditionsAreOfTheLastValues) {
  const litmus::Test test = parse_isla_test(kOwn);
  EXPECT_EQ(test.quantifier, litmus::Quantifier::kExists);
  ASSERT_EQ(test.condition.kind, Formula::Kind::kAnd);
  ASSERT_EQ(test.condition.parts.size(), 2U);
  EXPECT_EQ(test.condition.parts[0].kind, Formula::Kind::kRegisterIs);
  EXPECT_EQ(test.condition.parts[0].thread, 1U);
  EXPECT_EQ(test.condition.parts[0].value, 7U);
  EXPECT_EQ(test.condition.parts[1].reg, 5U);
  ASSERT_EQ(test.observed.size(), 2U);
  EXPECT_EQ(test.observed[0].text, "1:X0");
  EXPECT_EQ(test.observed[1].text, "1:X5");
  EXPECT_EQ(test.condition_location.line, 48U);
  EXPECT_EQ(test.condition_location.column, 14U);
}

TEST(Isla, InstructionsKnowTheirPlaceInTheFile) {
  const litmus::Test test = parse_isla_test(kOwn);
  const litmus::Instruction& tlbi = test.threads[0].code.instructions[2];
  EXPECT_EQ(tlbi.location.line, 17U);
  EXPECT_EQ(tlbi.location.column, 5U);
  EXPECT_EQ(tlbi.location.length, 14U);
  EXPECT_EQ(tlbi.text, "TLBI VAE1IS,X2");
}

// The shape of a formula: its kinds in prefix form, with "thread.register=value" for registers.
std::string shape(const Formula& f) {
  static constexpr std::array<std::string_view, 8> kNames{"true",     "and",    "or",    "not",
                                                          "register", "memory", "fault", "system"};
  std::string text(kNames.at(static_cast<std::size_t>(f.kind)));
  if (f.kind == Formula::Kind::kRegisterIs) {
    text = std::to_string(f.thread) + '.' + std::to_string(f.reg) + '=' + std::to_string(f.value);
  }
  if (f.kind == Formula::Kind::kMemoryIs) {
    text = '*' + std::to_string(f.address) + '=' + std::to_string(f.value);
  }
  if (f.parts.empty()) return text;
  text += '(';
  for (const Formula& part : f.parts) text += shape(part) + ' ';
  text.back() = ')';
  return text;
}

std::string shape_of(std::string_view assertion, std::string_view more = "") {
  return shape(parse_isla_parts(
                   {.setup = "physical pa1 pa2; y |-> pa2;", .assertion = assertion, .more = more})
                   .condition);
}

TEST(Isla, ConditionsNest) {
  EXPECT_EQ(shape_of("true"), "true");
  EXPECT_EQ(shape_of("false"), "not(true)");
  EXPECT_EQ(shape_of("0:X1=1"), "0.1=1");
  EXPECT_EQ(shape_of("0:R30 = 0b11"), "0.30=3");
  EXPECT_EQ(shape_of("~0:X1=1 & 0:X2=2"), "and(not(0.1=1) 0.2=2)");
  EXPECT_EQ(shape_of("~(0:X1=1 & 0:X2=2)"), "not(and(0.1=1 0.2=2))");
  EXPECT_EQ(shape_of("0:X1=1 | 0:X2=2 & 0:X3=3"), "or(0.1=1 and(0.2=2 0.3=3))");
  EXPECT_EQ(shape_of("(0:X1=1 | 0:X2=2) & ((0:X3=3))"), "and(or(0.1=1 0.2=2) 0.3=3)");
  EXPECT_EQ(shape_of("0:X1=1 -> 0:X2=2"), "or(not(0.1=1) 0.2=2)");
  EXPECT_EQ(shape_of("*y = 1 | *pa1 = 2"), "or(*6295552=1 *6291456=2)");
  EXPECT_EQ(shape_of("0:X1=desc3(y, page_table_base)"), "0.1=6296643");
  EXPECT_EQ(shape_of("0:X1=mkdesc3(oa=pa1) & 0:X2=x"), "and(0.1=6292547 0.2=6291456)");
}

TEST(Isla, TypesSayHowMuchOfMemoryIsCompared) {
  const auto mask = [](std::string_view types) {
    return parse_isla_parts({.assertion = "*pa1 = 1", .more = types}).condition.mask;
  };
  EXPECT_EQ(mask(""), ~std::uint64_t{0});
  EXPECT_EQ(mask("[types]\npa1 = \"uint64_t\"\n"), ~std::uint64_t{0});
  EXPECT_EQ(mask("[types]\npa1 = \"uint32_t\"\n"), 0xffffffffU);
  EXPECT_EQ(mask("[types]\nx = \"uint8_t\"\n"), ~std::uint64_t{0});
}

TEST(Isla, ThreadsAreOrderedByNumber) {
  const litmus::Test test = parse_isla_parts(
      {.assertion = "10:X0=0 & 2:X0=0",
       .more = "[thread.10]\ncode = \"NOP\"\n[thread.2]\ncode = \"\"\"NOP\nNOP\"\"\"\n"});
  ASSERT_EQ(test.threads.size(), 3U);
  EXPECT_EQ(test.threads[1].name, "2");
  EXPECT_EQ(test.threads[1].code.instructions.size(), 2U);
  EXPECT_EQ(test.threads[2].code.base, 0x402000U);
  EXPECT_EQ(test.condition.parts[0].thread, 2U);
  EXPECT_EQ(test.observed[1].text, "2:X0");
}

TEST(Isla, LabelsAndComments) {
  const litmus::Test test = parse_isla_parts({.code = R"(
L0: L1:
    CBZ X0, 1f     // forward
1:  CBNZ X0, 1b
    NOP; B.EQ 1f   /* one
    NOP of these is a comment */
1:  B L0
    B end
end:)",
                                              .reset = "ELR_EL1 = \"end:\"\nELR_EL2 = \"L1:\""});
  const std::vector<litmus::Instruction>& code = test.threads[0].code.instructions;
  ASSERT_EQ(code.size(), 6U);
  EXPECT_EQ(code[0].labels, (std::vector<std::string>{"L0", "L1"}));
  EXPECT_EQ(code[0].target, 1U);
  EXPECT_EQ(code[1].target, 1U);
  EXPECT_EQ(code[3].target, 4U);
  EXPECT_EQ(code[4].target, 0U);
  EXPECT_EQ(code[5].target, 6U);
  EXPECT_EQ(test.threads[0].code.end_labels, (std::vector<std::string>{"end"}));
  EXPECT_EQ(system_of(test, SystemRegister::kElrEl1), 0x400018U);
  EXPECT_EQ(system_of(test, SystemRegister::kElrEl2), 0x400000U);
}

TEST(Isla, RegistersOfAThread) {
  const litmus::Test test = parse_isla_parts({.reset = R"LINES(R1 = "x"
X30 = "0x5"
PSTATE.EL = "0b10"
PSTATE.SP = "0b1"
__isla_monomorphize_writes = "true"
SPSR_EL2 = "extz(0b00101, 64)"
TTBR0_EL1 = "ttbr(asid=0x0007, base=page_table_base)"
VTTBR_EL2 = "ttbr(vmid=0x0003, base=extz(0b0, 64))")LINES"});
  const litmus::Thread& thread = test.threads[0];
  EXPECT_EQ(thread.el, 2U);
  EXPECT_TRUE(thread.has_sp_el);
  EXPECT_EQ(thread.registers_set, 1U << 1 | 1U << 30);
  EXPECT_EQ(thread.registers[30], 5U);
  EXPECT_EQ(system_of(test, SystemRegister::kSpsrEl2), 5U);
  EXPECT_EQ(system_of(test, SystemRegister::kTtbr0El1), std::uint64_t{7} << 48 | kStage1Root);
  EXPECT_EQ(system_of(test, SystemRegister::kVttbrEl2), std::uint64_t{3} << 48);
}

std::string section(std::string_view name, std::string_view address) {
  return "[section." + std::string(name) + "]\naddress = \"" + std::string(address) +
         "\"\ncode = \"ERET\"\n";
}

std::vector<std::string> handlers(const litmus::Thread& thread) {
  std::vector<std::string> result;
  for (const litmus::Handler& h : thread.handlers) {
    result.push_back("el" + std::to_string(h.el) + '+' + std::to_string(h.offset));
  }
  return result;
}

std::vector<std::string> handlers_of(std::string_view reset, const std::string& sections) {
  return handlers(parse_isla_parts({.reset = reset, .more = sections}).threads[0]);
}

TEST(Isla, SectionsAreWhereAVbarPoints) {
  using testing::ElementsAre;
  EXPECT_THAT(handlers_of("VBAR_EL1 = \"0x1000\"\nVBAR_EL2 = \"0x2000\"",
                          section("thread0_el2_handler", "0x2200") +
                              section("thread0_el1_handler_lower_exc", "0x1400") +
                              section("thread0_el1_handler_same_exc", "0x1200")),
              ElementsAre("el1+512", "el1+1024", "el2+512"));
  // Whatever its name says.
  EXPECT_THAT(handlers_of("VBAR_EL1 = \"0x1000\"", section("thread7_el2_handler", "0x1000")),
              ElementsAre("el1+0"));
  // Without a VBAR, the thread it is named after.
  EXPECT_THAT(handlers_of("", section("thread0_el2_handler", "0x1400")), ElementsAre("el2+1024"));
}

TEST(Isla, ThreadsMayShareHandlers) {
  const litmus::Test test =
      parse_isla_parts({.reset = "VBAR_EL1 = \"0x1000\"",
                        .more = "[thread.1]\ncode = \"NOP\"\nreset = {VBAR_EL1 = \"0x1000\"}\n" +
                                section("thread0_el1_handler", "0x1000") +
                                section("thread1_el1_handler", "0x1400")});
  EXPECT_THAT(handlers(test.threads[0]), testing::ElementsAre("el1+0", "el1+1024"));
  // Its own first: the one that serves an exception from anywhere.
  EXPECT_THAT(handlers(test.threads[1]), testing::ElementsAre("el1+1024", "el1+0"));
}

TEST(Isla, WindowsLineEndsAndEscapesKeepPlaces) {
  std::string text(kOwn);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\r\n");
  }
  const litmus::Test test = parse_isla_test(text);
  EXPECT_EQ(test.threads[0].code.instructions[2].location.line, 17U);

  const std::string escaped = isla_text({.code = R"(\tNOP\n\t\
      DSB SY; FROB)"});
  const lang::IslaResult result = lang::parse_isla(escaped);
  ASSERT_EQ(result.diagnostics.size(), 1U);
  EXPECT_EQ(result.diagnostics[0].location.line, 11U);
  EXPECT_EQ(result.diagnostics[0].location.column, 15U);
}

fs::path corpus() {
  const char* named = std::getenv("AMALGAM_CORPORA");
  return fs::path(named != nullptr ? named : AMALGAM_DEFAULT_CORPORA) / "rems" / "tests";
}

std::vector<fs::path> corpus_files() {
  std::vector<fs::path> files;
  if (!fs::is_directory(corpus())) return files;
  for (const auto& entry : fs::recursive_directory_iterator(corpus())) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(IslaCorpus, EveryTestIsRead) {
  if (corpus_files().empty()) GTEST_SKIP() << "no tests in " << corpus();
  for (const fs::path& path : corpus_files()) {
    SCOPED_TRACE(path.filename().string());
    const lang::IslaResult result = lang::parse_isla(read(path));
    EXPECT_EQ(messages(result), "");
    ASSERT_TRUE(result.test.has_value());
    EXPECT_FALSE(result.test->threads.empty());
  }
}

// Where a test says so in its code, control goes to a place that exists.
TEST(IslaCorpus, BranchesHaveTargets) {
  if (corpus_files().empty()) GTEST_SKIP() << "no tests in " << corpus();
  const auto check = [](const litmus::Code& code) {
    for (const litmus::Instruction& i : code.instructions) {
      const bool branches = i.opcode == Opcode::kBranch || i.opcode == Opcode::kBranchIf ||
                            i.opcode == Opcode::kBranchZero || i.opcode == Opcode::kBranchNotZero;
      if (branches) {
        EXPECT_LE(i.target, code.instructions.size()) << i.text;
      }
    }
  };
  for (const fs::path& path : corpus_files()) {
    SCOPED_TRACE(path.filename().string());
    const lang::IslaResult result = lang::parse_isla(read(path));
    ASSERT_TRUE(result.test.has_value());
    for (const litmus::Thread& thread : result.test->threads) {
      check(thread.code);
      for (const litmus::Handler& handler : thread.handlers) check(handler.code);
    }
  }
}

}  // namespace
}  // namespace amalgam::test
