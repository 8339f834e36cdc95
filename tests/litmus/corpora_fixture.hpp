// Tests over the published corpora. Skipped where these are not there.
#pragma once

#include <gtest/gtest.h>

#include "lang/diagnostic.hpp"
#include "litmus/corpora.hpp"

namespace amalgam::test {

class Corpora : public ::testing::Test {
 protected:
  void SetUp() override {
    if (corpora().empty()) GTEST_SKIP() << "no corpora: set AMALGAM_CORPORA";
  }

  static void expect_read(const CorpusTest& test) {
    EXPECT_TRUE(test.read.test) << lang::render(test.read.diagnostics.at(0), test.file.string(),
                                                "");
  }

  static void expect_published(const CorpusTest& test, const model::litmus::Expectation& row,
                               const model::litmus::Judgement& judgement) {
    EXPECT_TRUE(judgement.decided()) << test.label << ": " << judgement.bound;
    for (const std::string& line :
         compare(row, *test.read.test, judgement.model, judgement.result)) {
      ADD_FAILURE() << test.label << ": " << line;
    }
  }
};

}  // namespace amalgam::test
