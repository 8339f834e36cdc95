// Each step, and the operation that it becomes.
#include <gtest/gtest.h>

#include "amalgam/arch/descriptor.hpp"
#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

namespace op = model::op;

// The operations of an agent over eight pages `vm`, frames `head` and `tail[7]`.
class Steps : public ::testing::Test {
 protected:
  const std::vector<model::Op>& ops(std::string_view steps, std::string_view machine = "",
                                    std::string_view memory = kEightPages) {
    program_ = parse(scenario(std::string(memory) + agent(steps), machine));
    static const std::vector<model::Op> kNothing;
    return program_.agents.empty() ? kNothing : program_.agents[0].ops;
  }

  template <typename Operation>
  const Operation& only(std::string_view steps, std::string_view machine = "",
                        std::string_view memory = kEightPages) {
    const std::vector<model::Op>& all = ops(steps, machine, memory);
    EXPECT_EQ(all.size(), 1U);
    static const Operation kNone{};
    const auto* found = all.empty() ? nullptr : std::get_if<Operation>(&all[0].operation);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? kNone : *found;
  }

  arch::Fields fields(std::uint64_t raw, int level = 3) const {
    return arch::decode(program_.machine.geometry, {raw}, level);
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> result;
    for (const model::Op& o : program_.agents[0].ops) result.push_back(o.text);
    return result;
  }

  const std::string& cell_name(model::CellId cell) const { return program_.cells[cell].name; }

  model::Program program_;
};

TEST_F(Steps, SetStoresALeaf) {
  const auto& write = only<op::WriteDescriptor>("set pte vm[3]   =  head ro user noaf");
  EXPECT_EQ(cell_name(write.cell), "pte vm[3]");
  EXPECT_EQ(write.value.source, model::kNone);
  const arch::Fields leaf = fields(write.value.set);
  EXPECT_EQ(leaf.kind, arch::Kind::kPage);
  EXPECT_EQ(leaf.address, program_.frames[0].address);
  EXPECT_EQ(leaf.ap2_read_only, 1);
  EXPECT_EQ(leaf.ap1_user, 1);
  EXPECT_EQ(leaf.access_flag, 0);
  EXPECT_EQ(leaf.shareability, 3);
  EXPECT_EQ(leaf.pxn, 1);
  EXPECT_EQ(leaf.uxn, 1);
  EXPECT_EQ(texts(), std::vector<std::string>{"set pte vm[3] = head ro user noaf"});
}

TEST_F(Steps, LocationIsTheWholeStep) {
  ops("isb\nset   pte vm[1] = head ro   # why");
  const model::Location& at = program_.agents[0].ops[1].location;
  EXPECT_EQ(at.line, 7U);
  EXPECT_EQ(at.column, 5U);
  EXPECT_EQ(at.length, 25U);
}

TEST_F(Steps, SetStoresABlock) {
  const auto& write = only<op::WriteDescriptor>("set pmd linear[5] = big ro nt", "", kBlock);
  EXPECT_EQ(cell_name(write.cell), "pmd linear[0]");
  const arch::Fields leaf = fields(write.value.set, 2);
  EXPECT_EQ(leaf.kind, arch::Kind::kBlock);
  EXPECT_EQ(leaf.nt, 1);
  EXPECT_EQ(leaf.address, program_.frames[0].address);
}

TEST_F(Steps, SetLinksATable) {
  const auto& write = only<op::WriteDescriptor>("set pmd linear = table pt", "", kBlock);
  const arch::Fields link = fields(write.value.set, 2);
  EXPECT_EQ(link.kind, arch::Kind::kTable);
  ASSERT_EQ(program_.tables[1].name, "pt");
  EXPECT_EQ(link.address, program_.tables[1].address);
}

TEST_F(Steps, SetMapsATablePage) {
  const auto& write =
      only<op::WriteDescriptor>("set pte win = pt rw", "", "table pt level 3\nmap win = none\n");
  EXPECT_EQ(fields(write.value.set).address, program_.tables[1].address);
}

TEST_F(Steps, SetInATableByIndex) {
  const auto& write = only<op::WriteDescriptor>("set pte pt[3] = big[3] rw", "", kBlock);
  EXPECT_EQ(program_.cells[write.cell].index, 3U);
  EXPECT_EQ(program_.tables[program_.cells[write.cell].table].name, "pt");
}

TEST_F(Steps, SetInAnArrayOfTables) {
  const auto& all = ops("for i in 0..1\n    set pte pts[i][2*i+1] = head rw", "",
                        "frame head contents zero\ntable pts[2] level 3\n");
  ASSERT_EQ(all.size(), 2U);
  const auto& second = std::get<op::WriteDescriptor>(all[1].operation);
  EXPECT_EQ(program_.cells[second.cell].index, 3U);
  EXPECT_EQ(program_.tables[program_.cells[second.cell].table].name, "pts[1]");
  EXPECT_EQ(all[1].text, "set pte pts[1][3] = head rw");
}

TEST_F(Steps, EntriesBelowATableThatAStepLinks) {
  const auto& all = ops("set pmd linear = table pt\nset pte linear[7] = big[7] ro", "", kBlock);
  const auto& leaf = std::get<op::WriteDescriptor>(all[1].operation);
  EXPECT_EQ(cell_name(leaf.cell), "pte linear[7]");
  EXPECT_EQ(program_.tables[program_.cells[leaf.cell].table].name, "pt");
  EXPECT_NE(program_.find_cell(program_.cells[leaf.cell].table, 511), model::kNone);
}

TEST_F(Steps, AnotherAgentUsesTheOnlyLinkedTable) {
  program_ = parse(scenario(std::string(kBlock) + "agent a on cpu 0\n    clear pte linear[1]\n" +
                            "agent b on cpu 1\n    set pmd linear = table pt\n"));
  const auto& clear = std::get<op::WriteDescriptor>(program_.agents[0].ops[0].operation);
  EXPECT_EQ(program_.tables[program_.cells[clear.cell].table].name, "pt");
}

TEST_F(Steps, SetAChangedCopy) {
  const auto& all = ops("let old = pte vm[1]\nset pte vm[1] = old with ro noaf");
  EXPECT_EQ(std::get<op::ReadDescriptor>(all[0].operation).into, 0U);
  const auto& write = std::get<op::WriteDescriptor>(all[1].operation);
  EXPECT_EQ(write.value.source, 0U);
  EXPECT_EQ(write.value.clear, arch::bits::kAp2ReadOnly | arch::bits::kAccessFlag);
  EXPECT_EQ(write.value.set, arch::bits::kAp2ReadOnly);
  EXPECT_EQ(program_.agents[0].register_names, std::vector<std::string>{"old"});
}

TEST_F(Steps, SetARegisterAsItIs) {
  const auto& all = ops("let old = pte vm[1]\nset pte vm[1] = old");
  const auto& write = std::get<op::WriteDescriptor>(all[1].operation);
  EXPECT_EQ(write.value.source, 0U);
  EXPECT_EQ(write.value.clear | write.value.set, 0U);
}

TEST_F(Steps, SetThroughAWindow) {
  const auto& write = only<op::WriteDescriptor>("set pte vm[1] = head rw through vm[2]");
  ASSERT_TRUE(write.through.has_value());
  EXPECT_EQ(write.through->page, 2U);
}

TEST_F(Steps, ClearStoresZero) {
  const auto& write = only<op::WriteDescriptor>("clear pte vm[1]");
  EXPECT_EQ(write.value.set, 0U);
  EXPECT_EQ(write.value.source, model::kNone);
}

TEST_F(Steps, CompareExchange) {
  const auto& all =
      ops("let old = pte vm\ncas pte vm from old to old with ro\n"
          "cas pte vm[1] from none to head rw");
  const auto& cas = std::get<op::CompareExchangeDescriptor>(all[1].operation);
  EXPECT_EQ(cas.expected.source, 0U);
  EXPECT_EQ(cas.expected.set | cas.expected.clear, 0U);
  EXPECT_EQ(cas.desired.set, arch::bits::kAp2ReadOnly);
  const auto& from_none = std::get<op::CompareExchangeDescriptor>(all[2].operation);
  EXPECT_EQ(from_none.expected.source, model::kNone);
  EXPECT_EQ(fields(from_none.desired.set).kind, arch::Kind::kPage);
}

TEST_F(Steps, UpdateClearsAndSets) {
  const auto& update = only<op::UpdateDescriptor>("update pte vm[1] with ro dbm nocont");
  EXPECT_EQ(update.set, arch::bits::kAp2ReadOnly | arch::bits::kDbm);
  EXPECT_EQ(update.clear, arch::bits::kAp2ReadOnly | arch::bits::kDbm | arch::bits::kContiguous);
}

TEST_F(Steps, Accesses) {
  const auto& all =
      ops("load vm[1] as r\nload vm may fault\nstore vm[2] = fresh\n"
          "store vm[2] = tail[1]\nadd vm[3] as s");
  const auto& load = std::get<op::Access>(all[0].operation);
  EXPECT_EQ(load.kind, model::AccessKind::kLoad);
  EXPECT_EQ(load.page.page, 1U);
  EXPECT_EQ(load.into, 0U);
  EXPECT_FALSE(load.may_fault);
  EXPECT_TRUE(std::get<op::Access>(all[1].operation).may_fault);
  EXPECT_EQ(std::get<op::Access>(all[1].operation).into, model::kNone);
  const auto& store = std::get<op::Access>(all[2].operation);
  EXPECT_EQ(store.kind, model::AccessKind::kStore);
  EXPECT_EQ(program_.value_names[store.value], "fresh");
  EXPECT_EQ(std::get<op::Access>(all[3].operation).value, program_.frames[2].contents.value);
  const auto& add = std::get<op::Access>(all[4].operation);
  EXPECT_EQ(add.kind, model::AccessKind::kAdd);
  EXPECT_EQ(add.into, 1U);
}

TEST_F(Steps, FrameAccesses) {
  const auto& all = ops("read tail[2] as r\nwrite head = zero");
  const auto& read = std::get<op::FrameAccess>(all[0].operation);
  EXPECT_EQ(read.frame, 3U);
  EXPECT_EQ(read.kind, model::AccessKind::kLoad);
  EXPECT_EQ(read.into, 0U);
  const auto& write = std::get<op::FrameAccess>(all[1].operation);
  EXPECT_EQ(write.kind, model::AccessKind::kStore);
  EXPECT_EQ(write.value, 0U);
}

TEST_F(Steps, CopyAndZero) {
  const auto& all = ops("copy head to tail[6]\nzero tail[0..1]\nzero table pt", "",
                        std::string(kEightPages) + "table pt level 3 junk\n");
  EXPECT_EQ(std::get<op::CopyFrame>(all[0].operation).from, 0U);
  EXPECT_EQ(std::get<op::CopyFrame>(all[0].operation).to, 7U);
  EXPECT_EQ(std::get<op::ZeroFrame>(all[2].operation).frame, 2U);
  EXPECT_EQ(all[2].text, "zero tail[1]");
  EXPECT_EQ(program_.tables[std::get<op::ZeroTable>(all[3].operation).table].name, "pt");
}

TEST_F(Steps, AllocateAndFree) {
  const auto& all =
      ops("alloc spare, table pt\nfree head, tail", "",
          std::string(kEightPages) + "frame spare contents zero, free\ntable pt level 3 free\n");
  ASSERT_EQ(all.size(), 10U);
  EXPECT_FALSE(std::get<op::Allocate>(all[0].operation).page.is_table);
  EXPECT_TRUE(std::get<op::Allocate>(all[1].operation).page.is_table);
  EXPECT_EQ(all[1].text, "alloc table pt");
  EXPECT_EQ(std::get<op::Free>(all[2].operation).page.id, 0U);
  EXPECT_EQ(std::get<op::Free>(all[9].operation).page.id, 7U);
  EXPECT_EQ(all[9].text, "free tail[6]");
}

TEST_F(Steps, CopyTables) {
  program_ = parse(scenario(std::string(kEightPages) + "root copy like init\n" +
                            agent("copy tables init to copy\nset pte copy:vm[1] = head ro\n"
                                  "ttbr = copy")));
  const auto& all = program_.agents[0].ops;
  const auto& copy = std::get<op::CopyTables>(all[0].operation);
  EXPECT_EQ(program_.roots[copy.from].name, "init");
  EXPECT_EQ(program_.roots[copy.to].name, "copy");
  const auto& write = std::get<op::WriteDescriptor>(all[1].operation);
  EXPECT_EQ(cell_name(write.cell), "pte copy:vm[1]");
  EXPECT_TRUE(program_.tables[program_.cells[write.cell].table].junk);
  EXPECT_EQ(std::get<op::WriteRoot>(all[2].operation).root, copy.to);
}

TEST_F(Steps, Barriers) {
  const auto& all = ops("dsb ishst\ndmb osh\nisb\ndsb ishnxs", ", xs");
  EXPECT_EQ(arch::name(std::get<op::Barrier>(all[0].operation).barrier), "dsb ishst");
  EXPECT_EQ(arch::name(std::get<op::Barrier>(all[1].operation).barrier), "dmb osh");
  EXPECT_EQ(arch::name(std::get<op::Barrier>(all[2].operation).barrier), "isb");
  EXPECT_TRUE(std::get<op::Barrier>(all[3].operation).barrier.nxs);
}

TEST_F(Steps, LocksAndOtherCpus) {
  const auto& all = ops("lock one\nlock two\nunlock one\nstop others\nresume others");
  EXPECT_EQ(program_.lock_names, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(std::get<op::Lock>(all[1].operation).lock, 1U);
  EXPECT_EQ(std::get<op::Unlock>(all[2].operation).lock, 0U);
  EXPECT_TRUE(std::holds_alternative<op::StopOthers>(all[3].operation));
  EXPECT_TRUE(std::holds_alternative<op::ResumeOthers>(all[4].operation));
}

TEST_F(Steps, InterruptHoldsItsBlock) {
  const auto& interrupt = only<op::Interrupt>("interrupt others\n    ttbr = init\n    isb");
  ASSERT_EQ(interrupt.body.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<op::WriteRoot>(interrupt.body[0].operation));
  EXPECT_EQ(interrupt.body[1].text, "isb");
}

TEST_F(Steps, Notify) {
  const auto& all = ops("notify start vm[2..5]\nnotify now vm[3]\nnotify end vm[2..5]");
  const std::uint64_t base = program_.regions[0].base;
  const auto& start = std::get<op::Notify>(all[0].operation);
  EXPECT_EQ(start.phase, op::NotifyPhase::kStart);
  EXPECT_EQ(start.start, base + 0x2000);
  EXPECT_EQ(start.end, base + 0x6000);
  EXPECT_EQ(std::get<op::Notify>(all[1].operation).phase, op::NotifyPhase::kNow);
  EXPECT_EQ(std::get<op::Notify>(all[2].operation).phase, op::NotifyPhase::kEnd);
}

TEST_F(Steps, LoopsCountUpAndDownAndNest) {
  ops("for i in 2..1\n    for j in i..i+1\n        clear pte vm[2*i+j-1]");
  EXPECT_EQ(texts(), (std::vector<std::string>{"clear pte vm[5]", "clear pte vm[6]",
                                               "clear pte vm[2]", "clear pte vm[3]"}));
}

TEST_F(Steps, IndicesMayHaveSpaces) {
  ops("for i in 1 .. 2\n    clear pte vm[ 3 * i - 1 ]");
  EXPECT_EQ(texts(), (std::vector<std::string>{"clear pte vm[2]", "clear pte vm[5]"}));
}

TEST_F(Steps, LevelsByNameAndNumber) {
  const auto& all =
      ops("clear pte vm\nclear pmd vm\nclear pud vm\nclear p4d vm\nclear pgd vm\n"
          "clear level 2 vm");
  const std::vector<std::string> names{"pte vm[0]", "pmd vm[0]", "pud vm[0]",
                                       "pgd vm[0]", "pgd vm[0]", "pmd vm[0]"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(cell_name(std::get<op::WriteDescriptor>(all[i].operation).cell), names[i]);
  }
}

TEST_F(Steps, Forbid) {
  program_ = parse(scenario(std::string(kEightPages) +
                            agent("load vm as r\nload vm[1] as s\n"
                                  "forbid r = tail[0] and s = fresh as coherence-violation")));
  ASSERT_EQ(program_.agents[0].forbids.size(), 1U);
  const model::Forbid& forbid = program_.agents[0].forbids[0];
  ASSERT_EQ(forbid.all_of.size(), 2U);
  EXPECT_EQ(forbid.all_of[0].value, program_.frames[1].contents.value);
  EXPECT_EQ(forbid.all_of[1].reg, 1U);
  EXPECT_EQ(forbid.effect, "coherence-violation");
}

TEST_F(Steps, DevicesAccess) {
  program_ =
      parse(scenario(std::string(kEightPages) +
                     "device gpu ats 4K\nagent a on gpu\n    load vm as r\n    store vm = x\n"));
  EXPECT_EQ(program_.agents[0].device, 0U);
  EXPECT_EQ(program_.agents[0].ops.size(), 2U);
}

}  // namespace
}  // namespace amalgam::test
