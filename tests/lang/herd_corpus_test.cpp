// The published corpus, as far as it is there: every test is read, and shows what herd shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "lang/herd.hpp"

namespace amalgam::lang {
namespace {

namespace fs = std::filesystem;
namespace litmus = model::litmus;

fs::path herd_corpus() {
  const char* const corpora = std::getenv("AMALGAM_CORPORA");
  return fs::path(corpora != nullptr ? corpora : AMALGAM_DEFAULT_CORPORA) / "herd";
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> litmus_files() {
  std::vector<fs::path> files;
  if (!fs::is_directory(herd_corpus() / "tests")) return files;
  for (const auto& entry : fs::recursive_directory_iterator(herd_corpus() / "tests")) {
    if (entry.path().extension() == ".litmus") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

// The lines of final states in what herd printed.
std::vector<std::string> state_lines(const std::string& printed) {
  std::vector<std::string> states;
  std::size_t wanted = 0;
  for (const std::string& line : lines_of(printed)) {
    if (wanted > 0) {
      states.push_back(line);
      --wanted;
    } else if (line.starts_with("States ")) {
      wanted = std::stoul(line.substr(7));
    }
  }
  return states;
}

std::vector<std::string> parts_of(const std::string& state) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t end = state.find(';'); end != std::string::npos; end = state.find(';', start)) {
    std::string part = state.substr(start, end - start);
    part.erase(0, part.find_first_not_of(' '));
    parts.push_back(part);
    start = end + 1;
  }
  return parts;
}

// The parts of a state that are certain from the test alone: what stands left of an equals sign,
// and the faults that did not happen.
std::vector<std::string> shown(const std::string& state) {
  std::vector<std::string> result;
  for (const std::string& part : parts_of(state)) {
    if (part.starts_with("~")) result.push_back(part.substr(1));
    if (!part.starts_with("~") && !part.starts_with("Fault(")) {
      result.push_back(part.substr(0, part.find('=')));
    }
  }
  return result;
}

std::vector<std::string> observed(const litmus::Test& test) {
  std::vector<std::string> texts;
  for (const litmus::Observable& o : test.observed) texts.push_back(o.text);
  return texts;
}

// Whether `some` is `all` with nothing but faults left out.
bool is_shown_in_order(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  std::size_t next = 0;
  for (const std::string& text : all) {
    if (next < some.size() && some[next] == text) {
      ++next;
    } else if (!text.starts_with("Fault(")) {
      return false;
    }
  }
  return next == some.size();
}

HerdResult parse_file(const fs::path& file, const std::string& text) {
  const std::string corpus = file.parent_path().filename();
  HerdOptions options;
  if (corpus.starts_with("VMSA")) options.variants = {"vmsa,fatal"};
  if (corpus == "KVM") options.variants = {"kvm"};
  return parse_herd(text, options);
}

TEST(HerdCorpus, EveryTestIsRead) {
  const std::vector<fs::path> files = litmus_files();
  if (files.empty()) GTEST_SKIP() << "no corpus at " << herd_corpus();
  std::size_t read_well = 0;
  for (const fs::path& file : files) {
    const std::string text = read(file);
    const HerdResult result = parse_file(file, text);
    for (const Diagnostic& d : result.diagnostics) ADD_FAILURE() << render(d, file.string(), text);
    if (!result.test) continue;
    ++read_well;
    EXPECT_TRUE(result.test->vmsa) << file;
    EXPECT_FALSE(result.test->threads.empty()) << file;
  }
  std::cout << read_well << " of " << files.size() << " tests read\n";
  EXPECT_EQ(read_well, files.size());
}

TEST(HerdCorpus, FinalStatesShowWhatHerdShows) {
  std::size_t states = 0;
  for (const fs::path& file : litmus_files()) {
    const HerdResult result = parse_file(file, read(file));
    if (!result.test) continue;
    const fs::path outcome =
        herd_corpus() / "outcomes" / file.parent_path().filename() / (result.test->name + ".txt");
    for (const std::string& state : state_lines(read(outcome))) {
      ++states;
      EXPECT_TRUE(is_shown_in_order(shown(state), observed(*result.test)))
          << outcome << '\n'
          << state << '\n'
          << ::testing::PrintToString(observed(*result.test));
    }
  }
  if (states == 0) GTEST_SKIP() << "no outcomes at " << herd_corpus();
  std::cout << states << " final states compared\n";
}

}  // namespace
}  // namespace amalgam::lang
