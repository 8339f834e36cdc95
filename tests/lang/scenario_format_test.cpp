// The normal layout.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lang/program_text.hpp"
#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

namespace fs = std::filesystem;

TEST(Format, PutsKeywordsInColumns) {
  EXPECT_EQ(lang::format_scenario("case \"t\"   # title\n"
                                  "\n\n"
                                  "question   \"one\"\n \"two\"\n"
                                  "frame a,b [3]   contents   zero\n"
                                  "frame longer_name contents distinct , free\n"
                                  "agent  x on  cpu 0 # who\n"
                                  "  for i in 1 .. 7\n"
                                  "        # inside\n"
                                  "        set pte vm [ 2 * i - 1 ]=a ro\n"
                                  "  isb\n"
                                  "  # the end\n"
                                  "  set pte other : vm = table t\n"
                                  "  unlock l\n"
                                  "expect\n"
                                  "   bbm 0 .. 3 :violation break-before-make\n"
                                  "     effects lost-write , stale-read\n"
                                  "\n"),
            "case      \"t\"                               # title\n"
            "\n"
            "question  \"one\"\n"
            "          \"two\"\n"
            "frame     a, b[3]     contents zero\n"
            "frame     longer_name contents distinct, free\n"
            "agent x on cpu 0                            # who\n"
            "    for i in 1..7\n"
            "        # inside\n"
            "        set   pte vm[2*i-1] = a ro\n"
            "    isb\n"
            "    # the end\n"
            "    set   pte other:vm = table t\n"
            "    unlock l\n"
            "expect\n"
            "    bbm 0..3: violation break-before-make\n"
            "              effects lost-write, stale-read\n");
}

TEST(Format, GivesBackWhatCannotBeRead) {
  for (const std::string_view text :
       {"case \"open\n  x", "\tcase", "a\xff", "  indented\nless\n"}) {
    EXPECT_EQ(lang::format_scenario(text), text);
  }
}

TEST(Format, OfNothing) {
  EXPECT_EQ(lang::format_scenario(""), "");
  EXPECT_EQ(lang::format_scenario("\n\n"), "");
  EXPECT_EQ(lang::format_scenario("#  c  \n\n\n"), "#  c\n");
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void check_keeps_meaning(const std::string& text) {
  const std::string formatted = lang::format_scenario(text);
  EXPECT_EQ(lang::format_scenario(formatted), formatted);
  EXPECT_EQ(text_of(parse(formatted)), text_of(parse(text)));
  EXPECT_EQ(std::ranges::count(formatted, '#'), std::ranges::count(text, '#'));
}

TEST(Format, KeepsTheMeaningOfEveryScenario) {
  const fs::path scenarios = AMALGAM_SOURCE_DIR "/scenarios";
  if (!fs::exists(scenarios)) GTEST_SKIP() << "no scenarios";
  for (const auto& entry : fs::recursive_directory_iterator(scenarios)) {
    if (entry.path().extension() != ".scn") continue;
    SCOPED_TRACE(entry.path().filename().string());
    check_keeps_meaning(read(entry.path()));
  }
}

// Scenarios with random steps, loops, spacing, comments and indentation.
class Writer {
 public:
  std::string scenario() {
    out_ = "case" + gap() + "\"generated\"" + end();
    out_ += "machine" + gap() + "arm64 ,granule 4K," + gap() + "cpus 3, ttl, tlbirange" + end();
    out_ += "frame" + gap() + "head,tail[ 7 ]" + gap() + "contents distinct" + end();
    out_ += "frame spare contents zero" + gap() + ", free" + end();
    out_ += "map" + gap() + "vm=head , tail[0 .. 6]" + gap() + "rw" + end();
    out_ += "agent" + gap() + "a on cpu 0" + end();
    block(one_of(1, 4), 0);
    out_ += "observer o on any other cpu" + end() + "  load or add vm[any]" + end();
    out_ += "expect" + end() + " bbm 0..3 : violation break-before-make" + end();
    if (flip()) out_ += "     effects lost-write" + end();
    return out_;
  }

 private:
  static int one_of(int low, int high) { return *rc::gen::inRange(low, high + 1); }
  static bool flip() { return one_of(0, 1) == 1; }
  static std::string gap() { return std::string(static_cast<std::size_t>(one_of(1, 4)), ' '); }

  static std::string end() {
    switch (one_of(0, 5)) {
      case 0:
        return "  # note\n";
      case 1:
        return "\n\n";
      case 2:
        return "\n   # alone\n";
      default:
        return "\n";
    }
  }

  std::string index() {
    std::string text = "[" + std::string(flip() ? " " : "");
    if (loops_ == 0 || flip()) return text + std::to_string(one_of(0, 7)) + "]";
    const std::string loop = "i" + std::to_string(one_of(0, loops_ - 1));
    switch (one_of(0, 2)) {
      case 0:
        return text + loop + "]";
      case 1:
        return text + loop + (flip() ? " + 1" : "+1") + "]";
      default:
        return text + "7 -" + std::string(flip() ? " " : "") + loop + "]";
    }
  }

  void block(int steps, std::size_t depth) {
    const std::string indent((depth + 1) * static_cast<std::size_t>(one_of(2, 3)) + depth * 3, ' ');
    for (int i = 0; i < steps; ++i) step(indent, depth);
  }

  void step(const std::string& indent, std::size_t depth) {
    if (depth < 2 && one_of(0, 4) == 0) {
      out_ +=
          indent + "for" + gap() + "i" + std::to_string(loops_) + " in 1 .." + gap() + "3" + end();
      ++loops_;
      block(one_of(1, 3), depth + 1);
      --loops_;
      return;
    }
    static const std::vector<std::string> kSteps{"set pte vm@ = head ro",
                                                 "set pte vm@=tail[ 2 ] rw user",
                                                 "clear  pte vm@",
                                                 "tlbi vaae1is vm@",
                                                 "tlbi rvaae1is vm[0..6] level 3",
                                                 "dsb   ishst",
                                                 "load vm@ as r may fault",
                                                 "store vm@ = fresh",
                                                 "let  d=pte vm@",
                                                 "update pte vm@ with ro dbm",
                                                 "copy head   to spare",
                                                 "free tail , head",
                                                 "lock l",
                                                 "notify start vm[0 .. 7]",
                                                 "isb"};
    std::string text = kSteps[static_cast<std::size_t>(one_of(0, 14))];
    if (const std::size_t at = text.find('@'); at != std::string::npos) {
      text.replace(at, 1, index());
    }
    out_ += indent + text + end();
  }

  std::string out_;
  int loops_ = 0;
};

RC_GTEST_PROP(Format, KeepsTheMeaningOfGeneratedScenarios, ()) {
  const std::string text = Writer().scenario();
  const lang::ParseResult before = lang::parse_scenario(text);
  RC_LOG(text + messages(before));
  RC_ASSERT(before.program.has_value());
  const std::string formatted = lang::format_scenario(text);
  RC_ASSERT(lang::format_scenario(formatted) == formatted);
  const lang::ParseResult after = lang::parse_scenario(formatted);
  RC_ASSERT(after.program.has_value());
  RC_ASSERT(text_of(*after.program) == text_of(*before.program));
}

}  // namespace
}  // namespace amalgam::test
