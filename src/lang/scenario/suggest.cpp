#include "lang/scenario/suggest.hpp"

#include <algorithm>
#include <numeric>

namespace amalgam::lang::scenario {

namespace {

constexpr std::size_t kMaxLength = 64;
constexpr std::size_t kMaxKnown = 2000;

// The number of insertions, deletions, replacements and swaps of neighbours that make `a` into `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string suggestion(std::string_view wanted, std::span<const std::string_view> known) {
  if (wanted.size() > kMaxLength) return {};
  std::string_view best;
  std::size_t best_distance = wanted.size() / 3 + 2;  // at least this far is not near
  for (const std::string_view name : known.first(std::min(known.size(), kMaxKnown))) {
    if (name.size() > kMaxLength) continue;
    const std::size_t found = distance(wanted, name);
    if (found >= best_distance || found >= std::max(wanted.size(), name.size())) continue;
    best = name;
    best_distance = found;
  }
  return best.empty() ? std::string() : "; did you mean `" + std::string(best) + "`?";
}

}  // namespace amalgam::lang::scenario
