// One update of an output address in many ways, with what herd7 was measured to say of each:
// whether a reader may see the new page and then the old one, and whether the update raises a flag.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "lang/herd.hpp"
#include "model/litmus/judge.hpp"

namespace amalgam {
namespace {

namespace litmus = model::litmus;

// Lines of thread 0; "" leaves a step out.
struct Update {
  const char* name;
  const char* breaks;
  const char* first_barrier;
  const char* tlbi;
  const char* second_barrier;
  const char* between_reads;
  bool stale;
  bool flagged;
};

constexpr const char* kBreak = "STR X1,[X0]";
constexpr const char* kTlbi = "TLBI VAAE1IS,X4";

constexpr Update kFamily[] = {
    {"complete", kBreak, "DSB ISH", kTlbi, "DSB ISH", "DSB ISH", false, false},
    {"plain_reads", kBreak, "DSB ISH", kTlbi, "DSB ISH", "", false, false},
    {"first_barrier_for_stores", kBreak, "DSB ISHST", kTlbi, "DSB ISH", "DSB ISH", false, false},
    {"no_tlbi", kBreak, "DSB ISH", "", "DSB ISH", "DSB ISH", true, true},
    // herd neither asks who a TLBI reaches nor how far a barrier does.
    {"local_tlbi", kBreak, "DSB ISH", "TLBI VAAE1,X4", "DSB ISH", "DSB ISH", true, false},
    {"no_first_barrier", kBreak, "", kTlbi, "DSB ISH", "DSB ISH", true, true},
    {"no_second_barrier", kBreak, "DSB ISH", kTlbi, "", "DSB ISH", true, true},
    {"second_barrier_for_stores", kBreak, "DSB ISH", kTlbi, "DSB ISHST", "DSB ISH", true, true},
    {"memory_barriers", kBreak, "DMB ISH", kTlbi, "DMB ISH", "DSB ISH", true, true},
    {"barriers_of_one_cpu", kBreak, "DSB NSH", kTlbi, "DSB NSH", "DSB ISH", false, false},
    {"one_direct_store", "", "", "", "", "DSB ISH", true, true},
    {"context_synchronisation", kBreak, "DSB ISH", kTlbi, "DSB ISH", "ISB", false, false},
};

std::string text_of(const Update& update) {
  std::string program = " P0 | P1 ;\n";
  const auto row = [&](const char* writer, const char* reader) {
    program += std::string(" ") + writer + " | " + reader + " ;\n";
  };
  row("LSR X4,X3,#12", "LDR W4,[X3]");
  row(update.breaks, update.between_reads);
  row(update.first_barrier, "LDR W5,[X3]");
  row(update.tlbi, "");
  row(update.second_barrier, "");
  row("STR X2,[X0]", "");
  return "AArch64 update\nVariant=vmsa,fatal\n{ [x]=1; [y]=2; [PTE(x)]=(oa:PA(x), db:0);\n"
         "0:X1=(oa:PA(x), valid:0); 0:X2=(oa:PA(y), db:0); 0:X0=PTE(x); 0:X3=x; 1:X3=x; }\n" +
         program + "exists (1:X4=2 /\\ 1:X5=1)\n";
}

class OutputAddressUpdate : public ::testing::TestWithParam<Update> {};

TEST_P(OutputAddressUpdate, IsJudgedAsHerdDoes) {
  const Update& update = GetParam();
  const lang::HerdResult read = lang::parse_herd(text_of(update));
  ASSERT_TRUE(read.test) << read.diagnostics.at(0).message;
  const litmus::Result result = litmus::judge(*read.test, {}).result;
  EXPECT_EQ(litmus::is_allowed(result), update.stale);
  EXPECT_EQ(std::ranges::count(result.flags, "Warning-BBM-expected") != 0, update.flagged);
}

INSTANTIATE_TEST_SUITE_P(Family, OutputAddressUpdate, ::testing::ValuesIn(kFamily),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace amalgam
