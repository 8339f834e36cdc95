#include "litmus/corpora.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "lang/litmus_verdicts.hpp"

namespace amalgam::test {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_below(const fs::path& directory, const std::string& suffix) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().string().ends_with(suffix)) files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

std::string variants_of(const std::string& corpus) {
  if (corpus == "KVM") return "kvm";
  return corpus.starts_with("VMSA") ? "vmsa,fatal" : "";
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

CorpusTest read_test(const fs::path& file, const std::string& corpus) {
  CorpusTest test{
      .file = file, .corpus = corpus, .label = corpus + '/' + file.filename().string(), .read = {}};
  lang::LitmusOptions options;
  options.herd.variants = {variants_of(corpus)};
  test.read = lang::parse_litmus(file.string(), read_text(file), options);
  return test;
}

// "States 4" and what follows it, line by line.
void read_states(std::istream& in, std::size_t count, HerdOutcome& outcome) {
  std::string line;
  for (; count > 0 && std::getline(in, line); --count) {
    outcome.states.push_back(normal_form(line));
  }
}

HerdOutcome read_outcome(const fs::path& file) {
  HerdOutcome outcome;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    std::string second;
    std::string third;
    words >> first >> second >> third;
    if (first == "Test") outcome.test = second;
    if (first == "States") read_states(in, std::stoul(second), outcome);
    if (first == "Flag") outcome.flags.push_back(second);
    if (first == "Observation") outcome.observation = third;
  }
  std::ranges::sort(outcome.states);
  std::ranges::sort(outcome.flags);
  return outcome;
}

}  // namespace

fs::path corpora() {
  const char* const chosen = std::getenv("AMALGAM_CORPORA");
  const fs::path place = chosen != nullptr ? chosen : AMALGAM_DEFAULT_CORPORA;
  std::error_code error;
  return fs::is_directory(place, error) ? place : fs::path();
}

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<CorpusTest> herd_corpus() {
  std::vector<CorpusTest> tests;
  for (const fs::path& file : files_below(corpora() / "herd" / "tests", ".litmus")) {
    tests.push_back(read_test(file, file.parent_path().filename().string()));
  }
  return tests;
}

std::vector<CorpusTest> rems_corpus() {
  std::vector<CorpusTest> tests;
  for (const fs::path& file : files_below(corpora() / "rems" / "tests", ".litmus.toml")) {
    tests.push_back(read_test(file, "rems"));
  }
  return tests;
}

std::vector<CorpusTest> both_corpora() {
  std::vector<CorpusTest> tests = herd_corpus();
  std::vector<CorpusTest> others = rems_corpus();
  std::ranges::move(others, std::back_inserter(tests));
  return tests;
}

model::litmus::Expectations published(const std::string& family) {
  return lang::parse_verdicts(read_text(corpora() / family / "verdicts.csv")).rows;
}

std::vector<HerdOutcome> herd_outcomes(const std::string& corpus) {
  std::vector<HerdOutcome> outcomes;
  for (const fs::path& file : files_below(corpora() / "herd" / "outcomes" / corpus, ".txt")) {
    outcomes.push_back(read_outcome(file));
  }
  return outcomes;
}

std::string normal_form(const std::string& state) {
  std::vector<std::string> atoms;
  std::istringstream in(state);
  for (std::string atom; std::getline(in, atom, ';');) {
    if (!trimmed(atom).empty()) atoms.push_back(trimmed(atom));
  }
  std::ranges::sort(atoms);
  std::string text;
  for (const std::string& atom : atoms) text += atom + "; ";
  return text;
}

std::vector<std::string> normal_states(const model::litmus::Result& result) {
  std::vector<std::string> states;
  for (const model::litmus::FinalState& state : result.states) {
    states.push_back(normal_form(text_of(state)));
  }
  std::ranges::sort(states);
  return states;
}

}  // namespace amalgam::test
