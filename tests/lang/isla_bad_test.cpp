// Malformed tests in isla's format, and where and what their readers are told.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lang/isla_fixture.hpp"

namespace amalgam::test {
namespace {

struct Row {
  IslaParts parts;
  std::string_view errors;
};

// The setup stands in line 5, code in line 10, the first reset value in line 13, the assertion in
// line 15, what is more behind it.
const Row kRows[] = {
    // The setup's words.
    {{.setup = "physical;"}, "5:9: error: expected a name, found `;`\n"},
    {{.setup = "physical pa1 x |-> pa1;"}, "5:16: error: expected `;`, found `|->`\n"},
    {{.setup = "physical pa1;\nx -> pa1;"}, "6:3: error: expected `|->` or `?->`, found `->`\n"},
    {{.setup = "physical pa1;\nx |-> ;"}, "6:7: error: expected a value, found `;`\n"},
    {{.setup = "physical pa1;\nx |-> pa1 at 2;"}, "6:14: error: expected `level`, found `2`\n"},
    {{.setup = "physical pa1;\nx |-> pa1 at level 4;"}, "6:20: error: a level is at most 3\n"},
    {{.setup = "physical pa1;\nx |-> pa1 with AP;"},
     "6:16: error: expected `default`, `code` or `[`, found `AP`\n"},
    {{.setup = "physical pa1;\nx |-> pa1 with [AP 1];"}, "6:20: error: expected `=`, found `1`\n"},
    {{.setup = "aligned 3000 physical pa1;"},
     "5:9: error: an alignment is a power of two and at least 4096\n"},
    {{.setup = "aligned 4096 pa1;"},
     "5:14: error: expected `virtual`, `intermediate` or `physical`, found `pa1`\n"},
    {{.setup = "option default_tables = maybe;"},
     "5:25: error: expected `true` or `false`, found `maybe`\n"},
    {{.setup = "s1table t 0x280000 {"}, "6:1: error: expected `}`, found the end of the text\n"},
    {{.setup = "let f() = x;"}, "5:7: error: expected a parameter, found `)`\n"},
    {{.setup = "physical pa1; $"}, "5:15: error: a character that means nothing here\n"},
    // What the setup says.
    {{.setup = "option tables = true;"}, "5:8: error: no option `tables`\n"},
    {{.setup = "physical pa1; physical pa1;"}, "5:24: error: `pa1` is declared twice\n"},
    {{.setup = "physical x;"}, "5:10: error: `x` is declared twice\n"},
    {{.setup = "physical invalid;"}, "5:10: error: `invalid` is declared twice\n"},
    {{.setup = "x |-> pa9;"}, "5:7: error: `pa9` is not a name of this test\n"},
    {{.setup = "physical pa1;\npa1 |-> x;"},
     "6:1: error: expected a virtual or an intermediate address\n"},
    {{.setup = "x |-> y;"}, "5:7: error: expected an intermediate or a physical address\n"},
    {{.setup = "x |-> 4096;"}, "5:7: error: expected an intermediate or a physical address\n"},
    {{.setup = "intermediate ipa1 ipa2;\nipa1 |-> ipa2;"},
     "6:10: error: expected a physical address\n"},
    {{.setup = "physical pa1;\nx |-> pa1 at level 0;"},
     "6:1: error: a mapping is at level 1, 2 or 3\n"},
    {{.setup = "x |-> table(0x283000);"}, "5:7: error: a table is mapped at level 1 or 2\n"},
    {{.setup = "physical pa1;\nx |-> pa1 with [XN = 0b1];"},
     "6:17: error: `XN` is not an attribute of stage 1\n"},
    {{.setup = "physical pa1;\nx |-> pa1 with [AP = 0b100];"}, "6:17: error: `AP` has 2 bits\n"},
    {{.setup = "physical pa1;\nx |-> pa1 with default and [AttrIndx = 0b1];"},
     "6:29: error: `AttrIndx` is not an attribute of stage 2\n"},
    {{.setup = "physical pa1;\nx |-> pa1 at level 2;\ny |-> pa1;"},
     "7:1: error: the level 2 entry above it is a block\n"},
    {{.setup = "physical pa1;\nx |-> table(0x283000) at level 2;\ny |-> pa1;"},
     "7:1: error: the level 2 entry above it leads to a table of other tables\n"},
    {{.setup = "physical pa1;\nx |-> invalid at level 2;\nx ?-> table(0x283000) at level 2;\n"
               "y |-> pa1;"},
     "8:1: error: the level 2 entry above it starts invalid and may change\n"},
    {{.setup = "option default_tables = false;\nx |-> invalid;"},
     "6:1: error: there are no tables of stage 1 here\n"},
    {{.setup = "option default_tables = false;\nintermediate ipa1;\n"
               "s1table t 0x2C0000 { ipa1 |-> invalid; }"},
     "7:22: error: there are no tables of stage 2 here\n"},
    {{.setup = "s1table t;"}, "5:9: error: no tables `t`, and new ones need an address\n"},
    {{.setup = "s1table t 0x280000; s1table t 0x290000;"},
     "5:29: error: `t` has its address already\n"},
    {{.setup = "s1table t 0x280000; s2table t;"}, "5:29: error: `t` is of the other stage\n"},
    {{.setup = "s1table t 0x280800;"},
     "5:11: error: the address of tables is a multiple of 4096 below 2^40\n"},
    {{.setup = "s1table x 0x280000;"}, "5:9: error: `x` is declared twice\n"},
    {{.setup = "s1table t 0x280000 { physical pa1; }"},
     "5:22: error: only mappings and tables stand inside tables\n"},
    {{.setup = "x |-> invalid as x;"}, "5:18: error: `x` is declared twice\n"},
    {{.setup = "let f(a) = a; let f(b) = b;"}, "5:19: error: `f` is defined twice\n"},
    {{.setup = "let f(a) = a; assert f(x, y) == x;"}, "5:22: error: expected 1 argument\n"},
    {{.setup = "physical pa1 pa2;\nassert pa1 == pa2;"},
     "6:8: error: no addresses are found for which this holds\n"},
    {{.setup = "assert x;"}, "5:8: error: expected something that is true or false\n"},
    {{.setup = "physical pa1;\n*x = 1;"}, "6:2: error: this address is not mapped at the start\n"},
    {{.setup = "physical pa1;\n*7 = 1;"}, "6:2: error: this address is not mapped at the start\n"},
    {{.setup = "physical pa1;\n*pa1 = x == y;"}, "6:8: error: expected a number or an address\n"},
    {{.setup = "x |-> invalid as w; pa_to_va(table3(x)) |-> invalid;"},
     "5:30: error: expected a walk, named by `as`\n"},
    {{.setup = "x |-> invalid at level 2 as w; pa_to_va(table3(w)) |-> invalid;"},
     "5:41: error: the walk has no such part\n"},
    // Registers.
    {{.reset = "R31 = \"0x0\""}, "13:1: error: the register `R31` is not supported\n"},
    {{.reset = "SCTLR_EL1 = \"0x0\""}, "13:1: error: the register `SCTLR_EL1` is not supported\n"},
    {{.reset = "PSTATE.EL = \"0b11\""}, "13:14: error: expected EL0, EL1 or EL2\n"},
    {{.reset = "PSTATE.SP = \"0b10\""}, "13:14: error: expected 0 or 1\n"},
    {{.reset = "R1 = 5"}, "13:6: error: `R1` is not a text\n"},
    {{.reset = "R1 = \"q\""}, "13:7: error: `q` is not a name of this test\n"},
    {{.reset = "R1 = \"pte3(x, \""}, "13:15: error: expected a value, found the end of the text\n"},
    {{.reset = "ELR_EL1 = \"L0:\""}, "13:12: error: no label `L0`\n"},
    // Code.
    {{.code = "NOP\n  FROB X1"}, "11:3: error: `FROB` is not an instruction that is supported\n"},
    {{.code = "L0: NOP\nL0: NOP"}, "11:1: error: the label `L0` is there twice\n"},
    {{.code = "  B L9"}, "10:3: error: no label `L9`\n"},
    {{.code = "1: B 1f"}, "10:4: error: no label `1f`\n"},
    {{.code = "B 1b\n1: NOP"}, "10:1: error: no label `1b`\n"},
    // The condition.
    {{.assertion = "0:X1"}, "15:18: error: expected `=`, found the end of the text\n"},
    {{.assertion = "3:X1=0"}, "15:14: error: no thread 3\n"},
    {{.assertion = "0:X31=0"}, "15:16: error: expected a register X0 to X30\n"},
    {{.assertion = "0:X1=0 &"},
     "15:22: error: expected `THREAD:REGISTER =`, `*ADDRESS =` or `true`, found the end of the "
     "text\n"},
    {{.assertion = "(0:X1=0"}, "15:21: error: expected `)`, found the end of the text\n"},
    {{.assertion = "0:X1=0 0:X2=0"},
     "15:21: error: expected `&`, `|` or the end of the condition, found `0`\n"},
    {{.assertion = "*y = 1"}, "15:15: error: this address is not mapped at the start\n"},
    {{.assertion = "0:X1=true"}, "15:19: error: `true` is not a name of this test\n"},
    // The document.
    {{.symbolic = "5"}, "3:13: error: `symbolic` is not a text\n"},
    {{.symbolic = R"("x", "x")"}, "3:19: error: `x` is declared twice\n"},
    {{.more = "[types]\npa1 = \"int\"\n"},
     "17:8: error: expected `uint64_t`, `uint32_t`, `uint16_t` or `uint8_t`\n"},
    {{.more = "[thread.one]\ncode = \"NOP\"\n"},
     "16:9: error: a thread's name is a number below 1000\n"},
    {{.more = "[thread.1]\nreset = {}\n"}, "16:9: error: `code` is missing\n"},
    {{.more = "[thread.1]\ncode = \"NOP\"\n[[thread.1.interrupt]]\nat = \"L0\"\n"},
     "18:12: error: `interrupt` of a thread is not supported\n"},
    {{.more = "[section.s]\naddress = \"0x1402\"\ncode = \"NOP\"\n"},
     "16:10: error: no exception of any thread leads here\n"
     "17:12: error: the address of a section is a multiple of 4\n"},
    {{.more = "[section.s]\naddress = \"0x1400\"\ncode = \"NOP\"\n"},
     "16:10: error: no exception of any thread leads here\n"},
    {{.more = "[section.s]\ncode = \"NOP\"\n"}, "16:10: error: `address` is missing\n"},
    {{.more = "[locations]\nx = \"1\"\n"}, "16:2: error: `locations` is not supported\n"},
};

TEST(IslaBad, EachIsRefusedAtItsPlace) {
  for (const Row& row : kRows) {
    EXPECT_EQ(isla_messages(row.parts), row.errors) << isla_text(row.parts);
  }
}

std::string messages_of(std::string_view text) { return messages(lang::parse_isla(text)); }

TEST(IslaBad, DocumentsThatAreNoTests) {
  EXPECT_EQ(messages_of(""), "1:1: error: `arch` is missing\n");
  EXPECT_EQ(messages_of("arch = \"RISCV\"\n"),
            "1:1: error: `name` is missing\n"
            "1:9: error: the architecture is `RISCV`, expected `AArch64`\n");
  EXPECT_TRUE(messages_of("arch = \"AArch64\"\narch = \"AArch64\"\n")
                  .starts_with("2:8: error: not TOML: "));
  EXPECT_EQ(messages_of("a = \"\xff\"\n"), "1:6: error: the byte 0xff is not UTF-8 here\n");
}

TEST(IslaBad, TooMuchIsRefused) {
  EXPECT_EQ(messages_of(std::string(std::size_t{2} << 20, '\n')),
            "0:0: error: the text is larger than 1 MiB\n");
  std::string names;
  for (int i = 0; i < 300; ++i) names += " p" + std::to_string(i);
  EXPECT_EQ(isla_messages({.setup = "physical" + names + ";"}),
            "5:890: error: more than 200 names\n");
  std::string statements;
  for (int i = 0; i < 3000; ++i) statements += "x |-> invalid;\n";
  EXPECT_EQ(isla_messages({.setup = statements}), "2005:1: error: more than 2000 statements\n");
  std::string code;
  for (int i = 0; i < 300; ++i) code += "NOP\n";
  EXPECT_EQ(isla_messages({.code = code}), "266:1: error: more than 256 instructions\n");
}

TEST(IslaBad, TablesAreBounded) {
  std::string maps;
  for (int i = 100; i < 600; ++i) {
    maps += "pa_to_va(0x" + std::to_string(i) + "000000000) |-> invalid;\n";
  }
  const std::string found = isla_messages({.setup = maps});
  EXPECT_NE(found.find(":1: error: more than 512 tables\n"), std::string::npos) << found;
}

}  // namespace
}  // namespace amalgam::test
