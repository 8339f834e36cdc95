// What a missing break-before-make lets hardware do beyond the published models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lang/herd.hpp"
#include "model/litmus/judge.hpp"

namespace amalgam {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

// A tail page of a huge page's vmemmap is remapped to the head, read-only, while another CPU
// stores.
std::string remap(const std::string& steps) {
  return "AArch64 remap\nVariant=vmsa,fatal\n"
         "{ x=0; y=0; [PTE(x)]=(oa:PA(x), db:1);\n"
         "  0:X0=(oa:PA(y), db:0); 0:X1=PTE(x); 0:X2=x; 0:X3=(oa:PA(x), valid:0);\n"
         "  1:X2=x; }\n"
         " P0 | P1 ;\n" +
         steps + "exists ([y]=1)\n";
}

const std::string kOneStore =
    " STR X0,[X1] | MOV W0,#1 ;\n"
    "             | L0: STR W0,[X2] ;\n";

const std::string kComplete =
    " STR X3,[X1]    | MOV W0,#1 ;\n"
    " DSB ISH        | L0: STR W0,[X2] ;\n"
    " LSR X9,X2,#12  | ;\n"
    " TLBI VAAE1IS,X9 | ;\n"
    " DSB ISH        | ;\n"
    " STR X0,[X1]    | ;\n";

model::litmus::Judgement judged(const std::string& text) {
  const lang::HerdResult read = lang::parse_herd(text);
  EXPECT_TRUE(read.test.has_value()) << text;
  return model::litmus::judge(*read.test, {});
}

std::vector<std::string> beyond(const model::litmus::Judgement& judgement) {
  std::vector<std::string> lines;
  for (const auto& b : judgement.beyond) {
    lines.push_back(model::litmus::text_of(b.state) + ' ' + std::string(b.takes));
  }
  return lines;
}

TEST(BeyondTheModels, AStoreMayGoThroughTheOldPermissionToTheNewPage) {
  const auto judgement = judged(remap(kOneStore));
  EXPECT_FALSE(model::litmus::is_allowed(judgement.result)) << "no model mixes entries";
  EXPECT_THAT(beyond(judgement), Contains("[y]=1; amalgamation"));
  EXPECT_EQ(judgement.beyond_bound, "");
}

TEST(BeyondTheModels, AnAbortIsNoFaultOfTheModels) {
  std::string text = remap(kOneStore);
  text.replace(text.find("exists"), std::string::npos, "exists (fault(P1:L0,x))\n");
  const auto lines = beyond(judged(text));
  EXPECT_THAT(lines, Contains("Fault(P1:L0,x,D-MMU:Conflict); conflict-abort"));
}

TEST(BeyondTheModels, ACompleteSequenceLeavesNothing) {
  const auto judgement = judged(remap(kComplete));
  EXPECT_THAT(judgement.result.flags, Not(Contains("Warning-BBM-expected")));
  EXPECT_THAT(beyond(judgement), IsEmpty());
}

}  // namespace
}  // namespace amalgam
