// Every file in bad/ ends in the diagnostics that it must give, as comments.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> bad_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(AMALGAM_SOURCE_DIR "/tests/lang/bad")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// The comments at the end of the text that say an error, without their "# ".
std::string expected_messages(std::string_view text) {
  std::string expected;
  while (text.ends_with('\n')) {
    const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;  // npos + 1 is 0
    const std::string_view line = text.substr(begin);
    if (!line.starts_with("# ") || line.find(": error: ") == std::string_view::npos) break;
    expected.insert(0, line.substr(2));
    text.remove_suffix(line.size());
  }
  return expected;
}

TEST(ScenarioBad, ThereAreManyFiles) { EXPECT_GE(bad_files().size(), 60U); }

TEST(ScenarioBad, EachIsRefusedAsItSays) {
  for (const fs::path& path : bad_files()) {
    SCOPED_TRACE(path.filename().string());
    const std::string text = read(path);
    const lang::ParseResult result = lang::parse_scenario(text);
    EXPECT_FALSE(result.program.has_value());
    EXPECT_NE(expected_messages(text), "");
    EXPECT_EQ(messages(result), expected_messages(text));
  }
}

TEST(ScenarioBad, FormattingKeepsWhatIsWrong) {
  for (const fs::path& path : bad_files()) {
    SCOPED_TRACE(path.filename().string());
    const std::string formatted = lang::format_scenario(read(path));
    EXPECT_EQ(lang::format_scenario(formatted), formatted);
    EXPECT_FALSE(lang::parse_scenario(formatted).program.has_value());
  }
}

TEST(ScenarioBad, EnormousTextIsRefused) {
  const std::string text = "case \"t\"\n" + std::string(std::size_t{2} << 20, '\n');
  const lang::ParseResult result = lang::parse_scenario(text);
  ASSERT_EQ(result.diagnostics.size(), 1U);
  EXPECT_EQ(result.diagnostics[0].message, "the text is larger than 1 MiB");
  EXPECT_EQ(lang::format_scenario(text), text);
}

TEST(ScenarioBad, DiagnosticsAreBounded) {
  std::string text = "case \"t\"\n";
  for (int i = 0; i < 1000; ++i) text += "frmae a\n";
  EXPECT_EQ(lang::parse_scenario(text).diagnostics.size(), lang::Diagnostics::kMax);
}

}  // namespace
}  // namespace amalgam::test
