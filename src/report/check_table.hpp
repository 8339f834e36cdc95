// Many checks as one table: a row a case.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/case.hpp"
#include "report/ink.hpp"

namespace amalgam::report {

// Prints the table piece by piece, so that the first rows stand while later cases are explored.
class CheckTable {
 public:
  // `files` are the cases to come; their names decide the width of the first column.
  CheckTable(const std::vector<std::string>& files, const Painter& paint);

  [[nodiscard]] std::string header() const;

  // One row; below the name one for each FEAT_ETS level where these differ. The verdict at FEAT_BBM
  // 0 to 3, whether that was expected, and the effects at any level, the most telling first.
  std::string row(const Case& checked);

  // How many cases came out how, and what the words in the table mean.
  [[nodiscard]] std::string totals() const;

 private:
  [[nodiscard]] std::string title() const;
  [[nodiscard]] std::string row_name(std::string_view file) const;

  Painter paint_;
  std::string directory_;  // of all files; rows leave it out, as they do
  std::string suffix_;     // what all names end in
  std::size_t file_width_ = 0;
  std::array<std::uint64_t, 6> counts_{};  // by Outcome
};

// "12 cases: 10 as expected, 2 not". Outcomes without a case are left out.
std::string totals_text(const std::array<std::uint64_t, 6>& counts_by_outcome);

}  // namespace amalgam::report
