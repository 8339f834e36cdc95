// The known name that a misspelt one is nearest to.
#pragma once

#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amalgam::lang::scenario {

// "; did you mean `NAME`?", or an empty text if nothing known is near. Cost: the product of the
// lengths for each known name; only a bounded number of known names is looked at.
std::string suggestion(std::string_view wanted, std::span<const std::string_view> known);

// The names of a table's rows, by a member or a function.
template <typename Table, typename NameOf = std::identity>
std::vector<std::string_view> names_in(const Table& table, NameOf name_of = {}) {
  std::vector<std::string_view> names;
  names.reserve(std::size(table));
  for (const auto& row : table) names.push_back(std::invoke(name_of, row));
  return names;
}

}  // namespace amalgam::lang::scenario
