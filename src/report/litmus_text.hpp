// Verdicts on litmus tests as text: a line a test, then totals.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "report/ink.hpp"
#include "report/litmus_case.hpp"

namespace amalgam::report {

class LitmusTable {
 public:
  // `files` are the tests to come; rows leave out the directory that all of them share.
  LitmusTable(const std::vector<std::string>& files, const Painter& paint);

  [[nodiscard]] std::string header() const;

  // One line; below it, indented, what the engines disagree on, what is not as published, and the
  // bound that was hit.
  std::string row(const LitmusCase& judged);

  // How many tests came out how.
  [[nodiscard]] std::string totals() const;

 private:
  [[nodiscard]] std::string row_name(const LitmusCase& judged) const;
  void count(const LitmusCase& judged, LitmusOutcome came_out);

  Painter paint_;
  std::string directory_;
  std::array<std::uint64_t, kLitmusOutcomes> counts_{};  // by LitmusOutcome
  std::uint64_t allowed_ = 0;
  std::uint64_t forbidden_ = 0;
  std::uint64_t compared_engines_ = 0;
  std::uint64_t with_published_ = 0;
};

// Every final state, flag and figure of one test, indented: what follows the row of a test that was
// asked about alone.
std::string litmus_details(const LitmusCase& judged, const Painter& paint);

}  // namespace amalgam::report
