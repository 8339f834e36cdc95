#include "lang/herd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/litmus/test.hpp"

namespace amalgam::lang {
namespace {

namespace litmus = model::litmus;
using litmus::Formula;
using litmus::Observable;
using litmus::PrintAs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kDefault = 0x743;  // valid, page, el0, not read-only, ISH, AF

// A whole test around an initial state, a program and what follows it.
struct Parts {
  std::string header = "Variant=vmsa,fatal\n";
  std::string init = "0:X1=x; 0:X2=PTE(x); 0:X3=y;";
  std::string program = " P0 ;\n LDR W0,[X1] ;\n";
  std::string condition = "exists (0:X0=1)";

  [[nodiscard]] std::string text() const {
    return "AArch64 sample\n" + header + "{ " + init + " }\n" + program + condition + '\n';
  }
};

std::string messages(const HerdResult& result) {
  std::string all;
  for (const Diagnostic& d : result.diagnostics) {
    all += std::to_string(d.location.line) + ':' + std::to_string(d.location.column) + ' ' +
           d.message + '\n';
  }
  return all;
}

litmus::Test parse(const std::string& text, const HerdOptions& options = {}) {
  HerdResult result = parse_herd(text, options);
  EXPECT_TRUE(result.test.has_value()) << text << messages(result);
  return std::move(result.test).value_or(litmus::Test{});
}

litmus::Test parse(const Parts& parts, const HerdOptions& options = {}) {
  return parse(parts.text(), options);
}

litmus::Test with_header(const std::string& header, const HerdOptions& options = {}) {
  Parts parts;
  parts.header = header;
  parts.program = " P0 | P1 | P2 ;\n NOP | NOP | NOP ;\n";
  return parse(parts, options);
}

litmus::Test with_init(const std::string& init) {
  Parts parts;
  parts.init = init;
  return parse(parts);
}

litmus::Test with_condition(const std::string& condition) {
  Parts parts;
  parts.condition = condition;
  return parse(parts);
}

litmus::Test with_program(const std::string& program) {
  Parts parts;
  parts.program = program;
  return parse(parts);
}

const litmus::Symbol& symbol(const litmus::Test& test, const std::string& name) {
  const litmus::Symbol* found = test.find_symbol(name);
  EXPECT_NE(found, nullptr) << name;
  static const litmus::Symbol kNone;
  return found == nullptr ? kNone : *found;
}

std::uint64_t descriptor_of(const litmus::Test& test, const std::string& name) {
  return test.memory.at(symbol(test, name).descriptor);
}

// The bits of a descriptor other than its page.
std::uint64_t fields(std::uint64_t descriptor) { return descriptor & ~0x0000'ffff'ffff'f000ULL; }

std::vector<std::string> observed(const litmus::Test& test) {
  std::vector<std::string> texts;
  for (const Observable& o : test.observed) texts.push_back(o.text);
  return texts;
}

TEST(HerdHeader, KeepsTheNameAsItStands) {
  EXPECT_EQ(parse(Parts{}).name, "sample");
  EXPECT_EQ(parse("AArch64 a+b-c.d_[e]:f/g\n{}\nP0;\nNOP;\nexists true").name, "a+b-c.d_[e]:f/g");
}

TEST(HerdHeader, KeepsADescriptionAndPassesOverUnknownKeys) {
  const litmus::Test test =
      with_header("\"Fre {Rfe}\"\nHash=12\nCom=Rf Fr\nOrig=a=b\nVariant=vmsa\n");
  EXPECT_EQ(test.description, "Fre {Rfe}");
  const litmus::Test on_one_line = parse("AArch64 t \"Fre\"\n{}\nP0;\nNOP;\n");
  EXPECT_EQ(on_one_line.name, "t");
  EXPECT_EQ(on_one_line.description, "Fre");
}

TEST(HerdHeader, FaultHandlingHasAllItsNames) {
  using litmus::FaultMode;
  const std::pair<const char*, FaultMode> cases[] = {
      {"fatal", FaultMode::kFatal},     {"precise", FaultMode::kFatal},
      {"Handled", FaultMode::kHandled}, {"imprecise", FaultMode::kHandled},
      {"skip", FaultMode::kSkip},       {"faultToNext", FaultMode::kSkip}};
  for (const auto& [name, mode] : cases) {
    EXPECT_EQ(with_header(std::string("variant=") + name + '\n').fault_mode, mode) << name;
  }
  EXPECT_EQ(with_header("").fault_mode, FaultMode::kFatal);
}

TEST(HerdHeader, ItsVariantsAreAddedToThoseFromOutside) {
  const HerdOptions outside{{"vmsa,fatal"}};
  EXPECT_EQ(with_header("", outside).fault_mode, litmus::FaultMode::kFatal);
  const litmus::Test test = with_header("Variant=imprecise,ets2\n", outside);
  EXPECT_EQ(test.fault_mode, litmus::FaultMode::kHandled);
  EXPECT_EQ(test.ets, arch::Ets::kEts2);
  EXPECT_EQ(with_header("Variant=vmsa,ets3\n").ets, arch::Ets::kEts3);
}

TEST(HerdHeader, TranslationIsOnByVariantOrByWhatIsNamed) {
  const std::string plain = "AArch64 t\n{0:X1=x;}\nP0;\nLDR W0,[X1];\nexists 0:X0=1";
  const litmus::Test off = parse(plain);
  EXPECT_FALSE(off.vmsa);
  EXPECT_EQ(symbol(off, "x").pa, symbol(off, "x").va);
  EXPECT_THAT(off.descriptors, IsEmpty());
  EXPECT_TRUE(parse(plain, {{"kvm"}}).vmsa);
  EXPECT_TRUE(parse("AArch64 t\nTTHM=HA\n{}\nP0;\nNOP;\nexists true").vmsa);
  EXPECT_TRUE(parse("AArch64 t\n{pte_x=(af:0);}\nP0;\nNOP;\nexists true").vmsa);
}

TEST(HerdHeader, HardwareUpdatesAreOfAllThreadsOrOfSome) {
  const litmus::Test all = with_header("TTHM=HA HD \n");
  for (const litmus::Thread& thread : all.threads) {
    EXPECT_TRUE(thread.hardware_af);
    EXPECT_TRUE(thread.hardware_dirty);
  }
  const litmus::Test one = with_header("TTHM=P0:SW P1:HD\n");
  EXPECT_FALSE(one.threads[0].hardware_af);
  EXPECT_TRUE(one.threads[1].hardware_dirty);
  EXPECT_TRUE(one.threads[1].hardware_af);  // dirty state implies the access flag
  EXPECT_FALSE(one.threads[2].hardware_dirty);
}

TEST(HerdHeader, ThreadsStartAtTheLevelThatIsSaid) {
  const litmus::Test test = with_header("EL0=P0,P2\n");
  EXPECT_EQ(test.threads[0].el, 0U);
  EXPECT_EQ(test.threads[1].el, 1U);
  EXPECT_EQ(test.threads[2].el, 0U);
}

TEST(HerdInit, NamesHaveTheirOwnPagesDescriptorsAndData) {
  const litmus::Test test = with_init("x=1; [y]=2; int z=3; 0:X1=x; 0:X2=y;");
  for (const std::string name : {"x", "y", "z"}) {
    const litmus::Symbol& s = symbol(test, name);
    EXPECT_EQ(test.memory.at(s.descriptor), s.pa | kDefault);
    EXPECT_TRUE(test.translation.is_untranslated(s.descriptor));
    EXPECT_FALSE(test.translation.is_untranslated(s.va));
    // One level 3 table: the index of the page is that of its descriptor.
    const std::uint64_t root =
        test.threads[0].system[static_cast<std::size_t>(litmus::SystemRegister::kTtbr0El1)];
    EXPECT_EQ(s.descriptor, root + 8 * (s.va >> 12 & 0x1ff));
    EXPECT_LT(s.va, 0x8000'0000U);
  }
  EXPECT_EQ(test.memory.at(symbol(test, "x").pa), 1U);
  EXPECT_EQ(test.memory.at(symbol(test, "y").pa), 2U);
  EXPECT_EQ(test.memory.at(symbol(test, "z").pa), 3U);
  EXPECT_EQ(test.descriptors.size(), 3U);
  EXPECT_EQ(test.translation.start_level, 3);
}

TEST(HerdInit, RegistersHoldNumbersAndAllKindsOfAddresses) {
  const litmus::Test test = with_init(
      "0:X0=x; P0:X1=PTE(x); 0:X2=pte_x; 0:X3=TTD(x); 0:X4=PA(x); 0:X5=phy_x; 0:X6=12; "
      "0:X7=0x1f; 0:W8=-1; 0:ELR_EL1=8;");
  const auto& registers = test.threads[0].registers;
  const litmus::Symbol& x = symbol(test, "x");
  EXPECT_EQ(registers[0], x.va);
  for (const int descriptor : {1, 2, 3}) EXPECT_EQ(registers[descriptor], x.descriptor);
  for (const int page : {4, 5}) EXPECT_EQ(registers[page], x.pa);
  EXPECT_EQ(registers[6], 12U);
  EXPECT_EQ(registers[7], 31U);
  EXPECT_EQ(registers[8], ~0ULL);
  EXPECT_EQ(test.threads[0].system[static_cast<std::size_t>(litmus::SystemRegister::kElrEl1)], 8U);
}

TEST(HerdInit, DescriptorsTakeTheirFieldsInAnyOrder) {
  const litmus::Test test = with_init(
      "0:X0=(oa:PA(x)); 0:X1=(valid:0,oa:phy_x); 0:X2=(oa:PA(y), af:0, db:0 , dbm:1, el0:0, x:0);"
      "pte_x=(oa:PA(y)); [PTE(y)]=(db:0); TTD(z)=(af : 0);");
  const auto& registers = test.threads[0].registers;
  EXPECT_EQ(registers[0], symbol(test, "x").pa | kDefault);
  EXPECT_EQ(registers[1], (symbol(test, "x").pa | kDefault) & ~1ULL);
  EXPECT_EQ(fields(registers[2]), 0x383U | 1ULL << 51 | 1ULL << 54);
  EXPECT_EQ(descriptor_of(test, "x"), symbol(test, "y").pa | kDefault);
  EXPECT_EQ(descriptor_of(test, "y"), symbol(test, "y").pa | kDefault | 1U << 7);
  EXPECT_EQ(descriptor_of(test, "z"), (symbol(test, "z").pa | kDefault) & ~(1ULL << 10));
}

TEST(HerdInit, MemoryAttributesBecomeKindsOfMemory) {
  const litmus::Test test = with_init(
      "pte_x=(attrs:(Device-GRE)); pte_y=(attrs:(Normal,iNC,oWT)); pte_z=(attrs:(Device-GRE),af:0);"
      "pte_w=(attrs:(Normal,ISH,iWB,oWB));");
  const auto byte_of = [&](const std::string& name) {
    return test.translation.mair >> (8 * (descriptor_of(test, name) >> 2 & 7)) & 0xff;
  };
  EXPECT_EQ(byte_of("x"), 0x0cU);
  EXPECT_EQ(byte_of("y"), 0xb4U);
  EXPECT_EQ(byte_of("z"), 0x0cU);
  EXPECT_EQ(descriptor_of(test, "w"), symbol(test, "w").pa | kDefault);
  EXPECT_NE(fields(descriptor_of(test, "x")), kDefault);
}

TEST(HerdInit, TypesPointersAndArrays) {
  const litmus::Test test = with_init(
      "int x; int64_t y=5; uint64_t 0:X3=7; int *p = &y; [q]=y; int a[3]={4,5,6}; int64_t b[2];"
      "pteval_t 0:X4; z; _Atomic int w=2; int v=-1;");
  EXPECT_EQ(test.memory.at(symbol(test, "y").pa), 5U);
  EXPECT_EQ(test.threads[0].registers[3], 7U);
  EXPECT_EQ(test.memory.at(symbol(test, "p").pa), symbol(test, "y").va);
  EXPECT_EQ(test.memory.at(symbol(test, "q").pa), symbol(test, "y").va);
  EXPECT_EQ(test.memory.at(symbol(test, "a").pa + 8), 6U);
  EXPECT_EQ(test.memory.at(symbol(test, "w").pa), 2U);
  EXPECT_EQ(test.memory.at(symbol(test, "v").pa), 0xffff'ffffU);
}

TEST(HerdInit, AllRegistersStartDefined) {
  EXPECT_EQ(parse(Parts{}).threads[0].registers_set, ~0U);
}

TEST(HerdProgram, ColumnsBecomeThreadsAndHandlers) {
  const litmus::Test test = with_program(
      " P0          | P1   | P1.F           ;\n"
      " LDR W0,[X1] |      | ADR X2,L1      ;\n"
      "             | NOP  | MSR ELR_EL1,X2 ;\n"
      "             | L1:  | ERET           ;\n");
  ASSERT_EQ(test.threads.size(), 2U);
  EXPECT_EQ(test.threads[1].name, "P1");
  EXPECT_EQ(test.threads[0].code.instructions.size(), 1U);
  EXPECT_EQ(test.threads[1].code.instructions.size(), 1U);
  ASSERT_EQ(test.threads[1].handlers.size(), 1U);
  const litmus::Code& handler = test.threads[1].handlers[0].code;
  ASSERT_EQ(handler.instructions.size(), 3U);
  EXPECT_THAT(test.threads[1].code.end_labels, ElementsAre("L1"));
  EXPECT_EQ(handler.instructions[0].operand.immediate, test.threads[1].code.end());
  EXPECT_EQ(handler.instructions[0].location.line, 5U);
  EXPECT_NE(handler.base, test.threads[1].code.base);
}

TEST(HerdProgram, LabelsStandAloneOrBeforeAnInstruction) {
  const litmus::Test test =
      with_program(" P0 ;\n L0: ;\n L1: L2:NOP ;\n CBZ W0,L2 ;\n B Lend ;\n Lend: ;\n");
  const auto& code = test.threads[0].code;
  ASSERT_EQ(code.instructions.size(), 3U);
  EXPECT_THAT(code.instructions[0].labels, ElementsAre("L0", "L1", "L2"));
  EXPECT_EQ(code.instructions[1].target, 0U);
  EXPECT_EQ(code.instructions[2].target, 3U);
}

TEST(HerdProgram, CommentsNestAndStandAnywhere) {
  const litmus::Test test = parse(
      "(* a *) AArch64 t (* b *)\nVariant=vmsa (* c (* d *) { *)\n{ 0:X1=x; (* ; } *) }\n"
      " P0 ; (* e | ; *)\n LDR W0, (* f *) [X1] ;\nexists (* g *) 0:X0=1 (* h\n*)");
  EXPECT_EQ(test.name, "t");
  EXPECT_EQ(test.threads[0].code.instructions.size(), 1U);
}

TEST(HerdProgram, DeprecatedBarriersAreFlagged) {
  EXPECT_THAT(
      with_program(" P0 ;\n DMB ISH ;\n DMB OSHST ;\n DSB ISHST ;\n DSB ISHLD ;\n").spelling_flags,
      ElementsAre("Shareability-argument-for-DMB-is-deprecated",
                  "Maintenance-scope-for-DSB-ST-is-deprecated",
                  "Maintenance-scope-for-DSB-LD-is-deprecated"));
  EXPECT_THAT(with_program(" P0 ;\n DMB SY ;\n DMB LD ;\n DSB ISH ;\n DSB ST ;\n").spelling_flags,
              IsEmpty());
}

TEST(HerdCondition, QuantifiersAndNoConditionAtAll) {
  using litmus::Quantifier;
  EXPECT_EQ(with_condition("exists (0:X0=1)").quantifier, Quantifier::kExists);
  EXPECT_EQ(with_condition("~exists 0:X0=1").quantifier, Quantifier::kNotExists);
  EXPECT_EQ(with_condition("~ exists 0:X0=1;").quantifier, Quantifier::kNotExists);
  EXPECT_EQ(with_condition("forall 0:X0=1").quantifier, Quantifier::kForall);
  EXPECT_EQ(with_condition("(0:X0=1)").quantifier, Quantifier::kExists);
  EXPECT_EQ(with_condition("").quantifier, std::nullopt);
  EXPECT_EQ(with_condition("locations [0:X0;]").quantifier, std::nullopt);
}

// A formula as text, so that its shape can be read.
std::string shape(const Formula& f) {
  const auto joined = [&](const char* separator) {
    std::string text = "(";
    for (const Formula& part : f.parts) text += (text == "(" ? "" : separator) + shape(part);
    return text + ')';
  };
  switch (f.kind) {
    case Formula::Kind::kTrue:
      return "true";
    case Formula::Kind::kAnd:
      return joined(" and ");
    case Formula::Kind::kOr:
      return joined(" or ");
    case Formula::Kind::kNot:
      return "not " + shape(f.parts.at(0));
    case Formula::Kind::kRegisterIs:
      return std::to_string(f.thread) + ":X" + std::to_string(f.reg) + '=' +
             std::to_string(f.value);
    case Formula::Kind::kMemoryIs:
      return "memory";
    case Formula::Kind::kFault:
      return "fault";
    case Formula::Kind::kSystemIs:
      return "system";
  }
  return "";
}

TEST(HerdCondition, ConnectivesBindAsInHerd) {
  const auto shape_of = [](const std::string& text) {
    return shape(with_condition("exists " + text).condition);
  };
  EXPECT_EQ(shape_of("0:X0=1 /\\ 0:X1=2 \\/ ~0:X2=3"), "((0:X0=1 and 0:X1=2) or not 0:X2=3)");
  EXPECT_EQ(shape_of("0:X0=1 /\\ (0:X1=2 \\/ 0:X2=3)"), "(0:X0=1 and (0:X1=2 or 0:X2=3))");
  EXPECT_EQ(shape_of("not 0:X0=1 /\\ 0:X1=2"), "(not 0:X0=1 and 0:X1=2)");
  EXPECT_EQ(shape_of("0:X0=1 => 0:X1=2"), "(not 0:X0=1 or 0:X1=2)");
  EXPECT_EQ(shape_of("P0:W0==0x10 /\\ 0:X1<>2 /\\ 0:X2!=3"),
            "(0:X0=16 and not 0:X1=2 and not 0:X2=3)");
  EXPECT_EQ(shape_of("true /\\ not false"), "(true and not not true)");
}

TEST(HerdCondition, ValuesHaveAllKinds) {
  const litmus::Test test = with_condition(
      "exists 0:X0=x /\\ 0:X1=PTE(x) /\\ 0:X2=(oa:PA(y),db:0) /\\ pte_x=(af:0) /\\ [y]=2 /\\ x=-1 "
      "/\\ [PTE(y)]=(oa:PA(x)) /\\ 0:X3=phy_y");
  const auto& parts = test.condition.parts;
  ASSERT_EQ(parts.size(), 8U);
  EXPECT_EQ(parts[0].value, symbol(test, "x").va);
  EXPECT_EQ(parts[1].value, symbol(test, "x").descriptor);
  EXPECT_EQ(parts[2].value, symbol(test, "y").pa | kDefault | 1U << 7);
  EXPECT_EQ(parts[3].address, symbol(test, "x").descriptor);
  EXPECT_EQ(parts[3].value, (symbol(test, "x").pa | kDefault) & ~(1ULL << 10));
  EXPECT_EQ(parts[4].address, symbol(test, "y").pa);
  EXPECT_EQ(parts[5].mask, 0xffff'ffffU);
  EXPECT_EQ(parts[5].value, 0xffff'ffffU);
  EXPECT_EQ(parts[6].value, symbol(test, "x").pa | kDefault);
  EXPECT_EQ(parts[7].value, symbol(test, "y").pa);
}

TEST(HerdCondition, LabelsAndTranslationResultsAreValues) {
  Parts parts;
  parts.program = " P0 ;\n NOP ;\n L0: ADR X1,L0 ;\n L1: ;\n";
  parts.condition =
      "forall 0:X1=label:\"P0:L0\" /\\ 0:X2=label:\"0:L1\" /\\ 0:X3=parel1_t:(oa:PA(x)) /\\ "
      "0:X4=(parel1_t:(f:1))";
  const litmus::Test test = parse(parts);
  const auto& atoms = test.condition.parts;
  ASSERT_EQ(atoms.size(), 4U);
  const litmus::Code& code = test.threads[0].code;
  EXPECT_EQ(atoms[0].value, code.address_of(1));
  EXPECT_EQ(atoms[1].value, code.end());
  // Bit 11 of PAR_EL1 is RES1, bit 0 says that the translation failed.
  EXPECT_EQ(atoms[2].value & atoms[2].mask, symbol(test, "x").pa | 0x800U);
  EXPECT_EQ(atoms[3].value & atoms[3].mask, 0x801U);
  EXPECT_EQ(test.observed[2].print_as, PrintAs::kPar);
}

TEST(HerdCondition, FaultsAreByLabelPlaceAndType) {
  const litmus::Test test = with_condition(
      "exists fault(P0:L0,x) /\\ Fault(P0,PTE(x)) /\\ fault(P0) /\\ fault(P0:L1) /\\ "
      "fault(P0,x,MMU:Translation) /\\ fault(P0:L0,x,D-MMU:Permission) /\\ "
      "fault(P0,UndefinedInstruction) /\\ fault(P0:L0,SupervisorCall) /\\ fault(P0,pte_y)");
  const auto& atoms = test.condition.parts;
  ASSERT_EQ(atoms.size(), 9U);
  EXPECT_EQ(atoms[0].fault.label, "L0");
  EXPECT_EQ(atoms[0].fault.symbol, "x");
  EXPECT_EQ(atoms[0].fault.type, std::nullopt);
  EXPECT_TRUE(atoms[1].fault.of_descriptor);
  EXPECT_EQ(atoms[2].fault.symbol, "");
  EXPECT_EQ(atoms[3].fault.label, "L1");
  EXPECT_EQ(atoms[4].fault.type, litmus::FaultType::kTranslation);
  EXPECT_FALSE(atoms[4].fault.data_only);
  EXPECT_TRUE(atoms[5].fault.data_only);
  EXPECT_EQ(atoms[6].fault.type, litmus::FaultType::kUndefinedInstruction);
  EXPECT_EQ(atoms[7].fault.type, litmus::FaultType::kSupervisorCall);
  EXPECT_TRUE(atoms[8].fault.of_descriptor);
}

TEST(HerdObserved, RegistersThenMemoryThenDescriptorsThenFaultsBackwards) {
  Parts parts;
  parts.program = " P0 | P1 ;\n NOP | NOP ;\n";
  parts.condition =
      "locations [y; 1:X2; pte_x; 0:X10; fault(P1:L0,x); Fault(P0,y); 0:X9; [x]; fault(P1:L0,x);]\n"
      "exists 0:X9=1 /\\ not fault(P0,x) /\\ fault(P0:L1) /\\ PTE(x)=(af:0)";
  EXPECT_THAT(observed(parse(parts)),
              ElementsAre("0:X9", "0:X10", "1:X2", "[x]", "[y]", "[PTE(x)]", "Fault(P1:L0,x)",
                          "Fault(P0:L1)", "Fault(P0,y)", "Fault(P0,x)"));
}

TEST(HerdObserved, TypesDecideHowNumbersArePrinted) {
  Parts parts;
  parts.init = "int64_t 0:X0; uint64_t 0:X1; pteval_t 0:X2; int64_t y; uint32_t z; int a[2]={1,2};";
  parts.condition =
      "locations [0:X0; 0:X1; 0:X2; 0:X3; y; z; 0:X5 int64_t; a[1]] exists 0:X4=(oa:PA(y))";
  const litmus::Test test = parse(parts);
  EXPECT_THAT(observed(test),
              ElementsAre("0:X0", "0:X1", "0:X2", "0:X3", "0:X4", "0:X5", "a[1]", "[y]", "[z]"));
  EXPECT_TRUE(test.observed[0].is_64);
  EXPECT_FALSE(test.observed[0].is_unsigned);
  EXPECT_TRUE(test.observed[1].is_unsigned);
  EXPECT_EQ(test.observed[2].print_as, PrintAs::kDescriptor);
  EXPECT_FALSE(test.observed[3].is_64);
  EXPECT_EQ(test.observed[4].print_as, PrintAs::kDescriptor);
  EXPECT_TRUE(test.observed[5].is_64);
  EXPECT_EQ(test.observed[6].address, symbol(test, "a").pa + 4);
  EXPECT_TRUE(test.observed[7].is_64);
  EXPECT_FALSE(test.observed[8].is_64);
  EXPECT_TRUE(test.observed[8].is_unsigned);
}

TEST(HerdObserved, TheFilterIsKeptAndObservesNothing) {
  const litmus::Test test =
      with_condition("locations [x;] filter 0:X7=2 \\/ fault(P0,x) exists 0:X0=1");
  ASSERT_TRUE(test.filter.has_value());
  EXPECT_EQ(test.filter->parts.size(), 2U);
  EXPECT_THAT(observed(test), ElementsAre("0:X0", "[x]"));
}

TEST(Herd, SeveralMistakesAreReportedTogether) {
  Parts parts;
  parts.init = "0:X1=x; 0:X77=1; pte_x=(af:3); y=(";
  parts.program = " P0 ;\n LDP X0,X1,[X2] ;\n";
  const HerdResult result = parse_herd(parts.text());
  EXPECT_FALSE(result.test.has_value());
  EXPECT_GE(result.diagnostics.size(), 4U) << messages(result);
}

}  // namespace
}  // namespace amalgam::lang
