// The published corpora: where they are, what is in them, and what was published.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "lang/litmus.hpp"
#include "model/litmus/expectation.hpp"
#include "model/litmus/judge.hpp"

namespace amalgam::test {

// $AMALGAM_CORPORA or the default of the build; empty where neither is there.
std::filesystem::path corpora();

std::string read_text(const std::filesystem::path& file);

// A test of a corpus, read. Corpora are run as they were for their published verdicts: herd's KVM
// tests with "kvm", its VMSA tests with "vmsa,fatal", the others with what each test says.
struct CorpusTest {
  std::filesystem::path file;
  std::string corpus;  // "VMSA", ...; "rems"
  std::string label;   // for messages: the end of the path
  lang::LitmusResult read;
};

// Every test of a family in the corpora, sorted by path.
std::vector<CorpusTest> herd_corpus();
std::vector<CorpusTest> rems_corpus();
std::vector<CorpusTest> both_corpora();

// The table of published verdicts of "herd" or "rems".
model::litmus::Expectations published(const std::string& family);

// What herd printed of a test, in corpora/herd/outcomes.
struct HerdOutcome {
  std::string test;                 // the name in the test
  std::vector<std::string> states;  // each with its atoms sorted; sorted
  std::vector<std::string> flags;   // sorted
  std::string observation;
};

// Every outcome of a corpus.
std::vector<HerdOutcome> herd_outcomes(const std::string& corpus);

// A final state with its atoms sorted and spaces that mean nothing left out.
std::string normal_form(const std::string& state);

// The states of a result in normal form, sorted.
std::vector<std::string> normal_states(const model::litmus::Result& result);

}  // namespace amalgam::test
