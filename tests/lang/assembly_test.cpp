#include "lang/assembly.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "amalgam/arch/text.hpp"

namespace amalgam::lang {
namespace {

using model::litmus::Condition;
using model::litmus::Extend;
using model::litmus::Instruction;
using model::litmus::kZeroRegister;
using model::litmus::Opcode;
using model::litmus::SystemRegister;
using testing::HasSubstr;

constexpr model::Location kAt{.line = 7, .column = 11, .length = 0};

std::string messages(Diagnostics& diagnostics) {
  std::string all;
  for (const Diagnostic& d : diagnostics.take()) {
    all += std::to_string(d.location.line) + ':' + std::to_string(d.location.column) + ' ' +
           d.message + '\n';
  }
  return all;
}

ParsedInstruction parse(std::string_view text) {
  Diagnostics diagnostics;
  const auto result = parse_instruction(text, kAt, diagnostics);
  EXPECT_TRUE(result.has_value()) << text << '\n' << messages(diagnostics);
  return result.value_or(ParsedInstruction{});
}

Instruction decode(std::string_view text) { return parse(text).instruction; }

// Every form that the published tests use, and its letter cases.
constexpr std::string_view kForms[] = {"LDR W1,[X2]",
                                       "LDR X1,[X2]",
                                       "LDR W1,[X2,W3,SXTW]",
                                       "LDR X1,[X2,X3]",
                                       "LDR W2,[X1,#8]",
                                       "LDAR W1,[X2]",
                                       "LDAR X1,[X2]",
                                       "LDAPR W1,[X2]",
                                       "LDXR W1,[X2]",
                                       "LDXR X1,[X2]",
                                       "LDAXR X1,[X2]",
                                       "STR W1,[X2]",
                                       "STR X1,[X2]",
                                       "STR XZR,[X1]",
                                       "STLR W1,[X2]",
                                       "STLR X1,[X2]",
                                       "STR W1,[X2,W3,SXTW]",
                                       "STR W1,[X2,X3]",
                                       "STXR W9,X17,[X2]",
                                       "STXR W9,W1,[X2]",
                                       "STLXR W9,W1,[X2]",
                                       "SWP X1,X2,[X3]",
                                       "SWP W6,WZR,[X5]",
                                       "SWPAL W1,W2,[X3]",
                                       "SWPL W1,W2,[X3]",
                                       "SWPA X1,X2,[X3]",
                                       "CAS W1,W2,[X3]",
                                       "CAS X1,X2,[X3]",
                                       "CASAL X1,X2,[X3]",
                                       "CASA W1,W2,[X3]",
                                       "CASL W1,W2,[X3]",
                                       "LDADD W0,W1,[X2]",
                                       "LDADDAL X0,X1,[X2]",
                                       "LDSET X9,X7,[X6]",
                                       "LDCLR X9,X6,[X4]",
                                       "LDCLRA X9,X6,[X4]",
                                       "STCLR X8,[X3]",
                                       "STADD X8,[X3]",
                                       "STSETL W8,[X3]",
                                       "DMB SY",
                                       "DMB LD",
                                       "DMB ST",
                                       "DMB ISH",
                                       "DMB ISHLD",
                                       "DMB ISHST",
                                       "DSB SY",
                                       "DSB LD",
                                       "DSB ST",
                                       "DSB ISH",
                                       "DSB ISHST",
                                       "DSB NSH",
                                       "DSB OSH",
                                       "ISB",
                                       "ISB SY",
                                       "TLBI VAAE1IS,X1",
                                       "TLBI VMALLE1IS",
                                       "TLBI VAAE1,X9",
                                       "TLBI VAE1IS, X21",
                                       "TLBI VAE1,X4",
                                       "TLBI IPAS2E1,X4",
                                       "TLBI IPAS2E1IS,X15",
                                       "TLBI VMALLS12E1IS",
                                       "TLBI ASIDE1IS,X4",
                                       "TLBI VMALLE1",
                                       "TLBI ALLE1IS",
                                       "TLBI VALE1IS,X1",
                                       "MOV W1,#1",
                                       "MOV W1,2",
                                       "MOV X1,#0x10",
                                       "MOV X1,X2",
                                       "MOV W4,WZR",
                                       "LSR X4,X3,#12",
                                       "LSR X4,X3,12",
                                       "LSL X1,X1,#51",
                                       "EOR W1,W2,W2",
                                       "EOR X1,X2,X2",
                                       "AND W1,W2,#1",
                                       "AND X1,X2,X3",
                                       "AND X14,X14,#0b111",
                                       "ADD W0,W0,#1",
                                       "ADD X0,X0,#0",
                                       "ADD X7,X5,W6,SXTW",
                                       "ADD X1,X1,#(1 << 12)",
                                       "BIC X1,X2,X3",
                                       "BIC X1,X2,X3,LSL 10",
                                       "ORR X1,X2,X3,LSL #10",
                                       "ANDS X1,X2,X3,LSL 6",
                                       "ORR W1,W2,#4",
                                       "ORR X1,X2,X3",
                                       "SUB W1,W1,#1",
                                       "SUB X9,X9,#0b010101",
                                       "SUBS X13, X13, 0b010110",
                                       "CMP X1,X2",
                                       "CMP W0,#1",
                                       "CMP X7,#0",
                                       "CBZ W1,L0",
                                       "CBZ X7, L1",
                                       "CBNZ W3,L0",
                                       "CBNZ X9,1f",
                                       "CSET W9,EQ",
                                       "CSET W6,NE",
                                       "CSEL W6,WZR,WZR,EQ",
                                       "CSEL X4,X6,X2,NE",
                                       "B L0",
                                       "B end",
                                       "B.EQ Lout",
                                       "B.NE L0",
                                       "B.EQ 1f",
                                       "UBFX X13, X13, #26, #5",
                                       "ADR X3,L1",
                                       "ERET",
                                       "MSR ELR_EL1,X3",
                                       "MRS X2,ELR_EL1",
                                       "MRS X3, PAR_EL1",
                                       "MSR TTBR0_EL1,X2",
                                       "MSR VTTBR_EL2,X3",
                                       "MRS X13, ESR_EL2",
                                       "MRS X9,HPFAR_EL2",
                                       "SVC #0",
                                       "SVC #0x0",
                                       "HVC #0x0",
                                       "UDF #0",
                                       "AT S1E0R, X1",
                                       "AT S1E0W,X1",
                                       "DC CIVAC,X1",
                                       "NOP"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = arch::to_lower(c);
  return result;
}

std::string shape_of(const Instruction& i) {
  std::string text;
  for (const unsigned field : {static_cast<unsigned>(i.opcode),
                               unsigned{i.is_64},
                               unsigned{i.set_flags},
                               unsigned{i.acquire},
                               unsigned{i.acquire_pc},
                               unsigned{i.release},
                               unsigned{i.for_write},
                               unsigned{i.rd},
                               unsigned{i.rn},
                               unsigned{i.rm},
                               unsigned{i.rt},
                               unsigned{i.rs},
                               unsigned{i.operand.is_register},
                               unsigned{i.operand.reg},
                               static_cast<unsigned>(i.operand.extend),
                               unsigned{i.operand.amount},
                               unsigned{i.lsb},
                               unsigned{i.width_bits},
                               static_cast<unsigned>(i.condition),
                               static_cast<unsigned>(i.system),
                               static_cast<unsigned>(i.barrier.domain),
                               static_cast<unsigned>(i.tlbi.kind)}) {
    text += std::to_string(field) + ' ';
  }
  return text + std::to_string(i.operand.immediate);
}

TEST(AssemblyTest, ReadsEveryPublishedFormInAnyLetterCaseAndSpacing) {
  for (const std::string_view form : kForms) {
    SCOPED_TRACE(form);
    const Instruction instruction = decode(form);
    EXPECT_EQ(instruction.text, form);
    EXPECT_EQ(shape_of(decode(lower(form))), shape_of(instruction));
    std::string spaced;
    for (const char c : form) spaced += c == ',' ? std::string(" ,  ") : std::string(1, c);
    EXPECT_EQ(shape_of(decode("  " + spaced + " \t")), shape_of(instruction));
  }
}

TEST(AssemblyTest, LocatesTheInstructionWithoutTheBlanksAroundIt) {
  const Instruction instruction = decode("  LDR W1,[X2] ");
  EXPECT_EQ(instruction.location.line, 7U);
  EXPECT_EQ(instruction.location.column, 13U);
  EXPECT_EQ(instruction.location.length, 11U);
}

TEST(AssemblyTest, LoadsAndStoresNameTheirBaseOffsetAndSize) {
  const Instruction word = decode("LDR W1,[X2,W3,SXTW #2]");
  EXPECT_EQ(word.opcode, Opcode::kLoad);
  EXPECT_FALSE(word.is_64);
  EXPECT_EQ(word.rt, 1);
  EXPECT_EQ(word.rn, 2);
  EXPECT_TRUE(word.operand.is_register);
  EXPECT_EQ(word.operand.reg, 3);
  EXPECT_EQ(word.operand.extend, Extend::kSignedWord);
  EXPECT_EQ(word.operand.amount, 2);

  const Instruction offset = decode("STR XZR,[X30,#0x1000]");
  EXPECT_EQ(offset.opcode, Opcode::kStore);
  EXPECT_TRUE(offset.is_64);
  EXPECT_EQ(offset.rt, kZeroRegister);
  EXPECT_EQ(offset.rn, 30);
  EXPECT_FALSE(offset.operand.is_register);
  EXPECT_EQ(offset.operand.immediate, 0x1000U);

  EXPECT_EQ(decode("LDR X1,[X2,#-8]").operand.immediate, ~std::uint64_t{7});
  EXPECT_EQ(decode("LDR X1,[X2,X3,LSL #3]").operand.extend, Extend::kShiftLeft);
}

TEST(AssemblyTest, OrderingComesFromTheMnemonic) {
  EXPECT_TRUE(decode("LDAR X1,[X2]").acquire);
  EXPECT_TRUE(decode("LDAPR X1,[X2]").acquire_pc);
  EXPECT_FALSE(decode("LDAPR X1,[X2]").acquire);
  EXPECT_TRUE(decode("STLR X1,[X2]").release);
  EXPECT_FALSE(decode("STR X1,[X2]").release);
  for (const std::string_view base : {"SWP", "CAS", "LDADD", "LDSET", "LDCLR"}) {
    for (const std::string_view suffix : {"", "A", "L", "AL"}) {
      const Instruction i = decode(std::string(base) + std::string(suffix) + " X1,X2,[X3]");
      EXPECT_EQ(i.acquire, suffix.starts_with('A')) << base << suffix;
      EXPECT_EQ(i.release, suffix.ends_with('L')) << base << suffix;
    }
  }
}

TEST(AssemblyTest, AtomicsNameWhatIsStoredAndWhatIsRead) {
  const Instruction swap = decode("SWP X1,X2,[X3]");
  EXPECT_EQ(swap.opcode, Opcode::kSwap);
  EXPECT_EQ(swap.rs, 1);
  EXPECT_EQ(swap.rt, 2);
  EXPECT_EQ(swap.rn, 3);
  const Instruction no_return = decode("STCLRL W8,[X3]");
  EXPECT_EQ(no_return.opcode, Opcode::kFetchClear);
  EXPECT_EQ(no_return.rs, 8);
  EXPECT_EQ(no_return.rt, kZeroRegister);
  EXPECT_TRUE(no_return.release);
  const Instruction exclusive = decode("STXR W9,X17,[X2]");
  EXPECT_EQ(exclusive.opcode, Opcode::kStoreExclusive);
  EXPECT_EQ(exclusive.rs, 9);
  EXPECT_EQ(exclusive.rt, 17);
  EXPECT_TRUE(exclusive.is_64);
  EXPECT_FALSE(decode("STXR W9,W1,[X2]").is_64);
}

TEST(AssemblyTest, ImmediatesHaveAllSpellings) {
  EXPECT_EQ(decode("MOV X1,#0x10").operand.immediate, 16U);
  EXPECT_EQ(decode("MOV X1,16").operand.immediate, 16U);
  EXPECT_EQ(decode("MOV X1,#0b10000").operand.immediate, 16U);
  EXPECT_EQ(decode("MOV X1,#(1 << 4)").operand.immediate, 16U);
  EXPECT_EQ(decode("MOV X1,#1,LSL #4").operand.immediate, 16U);
  EXPECT_EQ(decode("MOV X1,#-1").operand.immediate, ~std::uint64_t{0});
  EXPECT_EQ(decode("MOV W1,#-1").operand.immediate, 0xffff'ffffU);
  EXPECT_EQ(decode("MOV X1,#0xffffffffffffffff").operand.immediate, ~std::uint64_t{0});
}

TEST(AssemblyTest, SourcesAreShiftedOrExtended) {
  const Instruction shifted = decode("BIC X1,X2,X3,LSL 10");
  EXPECT_EQ(shifted.operand.extend, Extend::kShiftLeft);
  EXPECT_EQ(shifted.operand.amount, 10);
  EXPECT_EQ(decode("EOR W1,W2,W3,LSR #4").operand.extend, Extend::kShiftRight);
  EXPECT_EQ(decode("ADD X7,X5,W6,SXTW").operand.extend, Extend::kSignedWord);
  EXPECT_EQ(decode("ADD X7,X5,W6,UXTW #2").operand.extend, Extend::kUnsignedWord);
}

TEST(AssemblyTest, ComparisonsWriteOnlyTheFlags) {
  const Instruction compare = decode("CMP W0,#1");
  EXPECT_EQ(compare.opcode, Opcode::kSubtract);
  EXPECT_TRUE(compare.set_flags);
  EXPECT_EQ(compare.rd, kZeroRegister);
  EXPECT_EQ(compare.rn, 0);
  EXPECT_FALSE(compare.is_64);
  EXPECT_FALSE(decode("AND X1,X2,X3").set_flags);
  EXPECT_TRUE(decode("ANDS X1,X2,X3").set_flags);
}

TEST(AssemblyTest, LabelsComeBackByName) {
  EXPECT_EQ(parse("B.EQ Lout").target_label, "Lout");
  EXPECT_EQ(parse("B.EQ Lout").instruction.condition, Condition::kEq);
  EXPECT_EQ(parse("CBNZ X9,1f").target_label, "1f");
  EXPECT_EQ(parse("ADR X3,L1").target_label, "L1");
  EXPECT_EQ(parse("LDR X1,[X2]").target_label, "");
}

TEST(AssemblyTest, SystemInstructionsAreDecoded) {
  const Instruction tlbi = decode("TLBI VAAE1IS,X5");
  EXPECT_EQ(tlbi.tlbi.kind, arch::TlbiKind::kVaAllAsids);
  EXPECT_EQ(tlbi.tlbi.shareability, arch::Shareability::kInner);
  EXPECT_EQ(tlbi.rt, 5);
  EXPECT_EQ(decode("TLBI VMALLE1").tlbi.shareability, arch::Shareability::kLocal);
  EXPECT_EQ(decode("DSB ISHST").barrier,
            (arch::Barrier{arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kStore}));
  EXPECT_EQ(decode("DMB LD").barrier.domain, arch::Domain::kSy);
  EXPECT_EQ(decode("MSR ELR_EL1,X3").system, SystemRegister::kElrEl1);
  EXPECT_EQ(decode("MSR ELR_EL1,X3").rt, 3);
  EXPECT_EQ(decode("MRS X9,HPFAR_EL2").system, SystemRegister::kHpfarEl2);
  EXPECT_TRUE(decode("AT S1E0W,X1").for_write);
  EXPECT_FALSE(decode("AT S1E0R,X1").for_write);
  EXPECT_EQ(decode("SVC #3").operand.immediate, 3U);
}

TEST(AssemblyTest, FieldsOfUbfxAreBounded) {
  const Instruction field = decode("UBFX X13, X13, #26, #5");
  EXPECT_EQ(field.lsb, 26);
  EXPECT_EQ(field.width_bits, 5);
}

struct Bad {
  std::string_view text;
  unsigned column;  // from 1
  std::string_view message;
};

// What is not an instruction, and what no engine runs, is refused where it stands.
constexpr Bad kBad[] = {
    {"", 1, "expected an instruction, found the end"},
    {"[X1]", 1, "expected an instruction, found `[`"},
    {"LDP X0,X1,[X2]", 1, "`LDP` is not an instruction that is supported"},
    {"STG X0,[X1]", 1, "`STG` is not an instruction that is supported"},
    {"IC IVAU,X1", 1, "`IC` is not an instruction that is supported"},
    {"LDARA X0,[X1]", 1, "`LDARA` is not an instruction that is supported"},
    {"B.VS L0", 1, "`B.VS` is not an instruction that is supported"},
    {"LDR", 4, "expected a register, found the end"},
    {"LDR X31,[X1]", 5, "expected a register, found `X31`"},
    {"LDR SP,[X1]", 5, "expected a register, found `SP`"},
    {"LDR X0", 7, "expected `,`, found the end"},
    {"LDR X0,X1", 8, "expected `[`, found `X1`"},
    {"LDR X0,[W1]", 9, "expected a 64-bit register"},
    {"LDR X0,[X1", 11, "expected `]`, found the end"},
    {"LDR X0,[X1,W2]", 12, "a 32-bit index needs `SXTW` or `UXTW`"},
    {"LDR X0,[X1,X2,SXTW]", 15, "`SXTW` needs a 32-bit register"},
    {"LDR X0,[X1,X2,ROR #1]", 15, "`ROR` is not supported here"},
    {"LDR X0,[X1,X2,LSL]", 18, "expected a number"},
    {"LDR X0,[X1],#8", 12, "addresses with write-back are not supported"},
    {"LDR X0,[X1,#8]!", 15, "addresses with write-back are not supported"},
    {"LDAR X0,[X1,#8]", 12, "expected `]`, found `,`"},
    {"STXR X0,X1,[X2]", 6, "expected a 32-bit register"},
    {"SWP X0,W1,[X2]", 8, "expected a 64-bit register"},
    {"ADD X0,X1", 10, "expected `,`, found the end"},
    {"ADD X0,X1,W2", 11, "expected a 64-bit register"},
    {"ADD W0,W1,X2", 11, "expected a 32-bit register"},
    {"MOV X0,#", 9, "expected a number of at most 64 bits"},
    {"MOV X0,#12z", 9, "expected a number of at most 64 bits"},
    {"MOV X0,#0x10000000000000000", 9, "expected a number of at most 64 bits"},
    {"LSR X0,X1,#64", 12, "expected a number of at most 63"},
    {"LSR W0,W1,#32", 12, "expected a number of at most 31"},
    {"UBFX X0,X1,#60,#5", 17, "expected a number of at most 4"},
    {"UBFX X0,X1,#60,#0", 17, "a field of no bits"},
    {"CSET W0,HI", 9, "`HI` is not a condition that is supported"},
    {"CBZ X0", 7, "expected `,`, found the end"},
    {"B", 2, "expected a label, found the end"},
    {"DMB", 4, "expected a barrier option, found the end"},
    {"DMB FULL", 5, "`FULL` is not a barrier option that is supported"},
    {"TLBI VAAE1IS", 13, "expected `,`, found the end"},
    {"TLBI RVAE1IS,X0", 6, "`RVAE1IS` is not a TLBI operation that is supported"},
    {"TLBI VMALLE1IS,X0", 15, "expected the end of the instruction, found `,`"},
    {"DC ZVA,X0", 4, "`ZVA` is not a data cache operation that is supported"},
    {"AT S12E1R,X0", 4, "`S12E1R` is not an AT operation that is supported"},
    {"MRS X0,SCTLR_EL1", 8, "`SCTLR_EL1` is not a system register that is supported"},
    {"MSR ELR_EL1,W0", 13, "expected a 64-bit register"},
    {"ERET X0", 6, "expected the end of the instruction, found `X0`"},
};

TEST(AssemblyTest, RefusesWhatIsNotSupportedWhereItStands) {
  for (const Bad& bad : kBad) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_instruction(bad.text, kAt, diagnostics).has_value()) << bad.text;
    const std::vector<Diagnostic> found = diagnostics.take();
    ASSERT_EQ(found.size(), 1U) << bad.text;
    EXPECT_THAT(found[0].message, HasSubstr(bad.message)) << bad.text;
    EXPECT_EQ(found[0].location.line, kAt.line) << bad.text;
    EXPECT_EQ(found[0].location.column, kAt.column + bad.column - 1) << bad.text;
  }
}

}  // namespace
}  // namespace amalgam::lang
