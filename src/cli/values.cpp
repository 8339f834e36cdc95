#include "cli/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace amalgam::cli {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, value, base);
  if (text.empty() || error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

// Indices among `names` of a list of names and ranges of them.
std::optional<std::vector<std::size_t>> parse_list(std::string_view text, const auto& names) {
  const auto index = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
  };
  std::vector<bool> chosen(names.size());
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = text.substr(0, comma);
    if (more) text.remove_prefix(comma + 1);
    const std::size_t dots = item.find("..");
    const bool range = dots != std::string_view::npos;
    const auto first = index(item.substr(0, dots));
    const auto last = range ? index(item.substr(dots + 2)) : first;
    if (!first || !last || *first > *last) return std::nullopt;
    for (std::size_t i = *first; i <= *last; ++i) chosen[i] = true;
  }
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) indices.push_back(i);
  }
  return indices;
}

template <typename T>
std::optional<std::vector<T>> as(const std::optional<std::vector<std::size_t>>& indices) {
  if (!indices) return std::nullopt;
  std::vector<T> values;
  for (const std::size_t i : *indices) values.push_back(static_cast<T>(i));
  return values;
}

std::uint64_t unit_of(char suffix) {
  switch (suffix) {
    case 'K':
      return std::uint64_t{1} << 10;
    case 'M':
      return std::uint64_t{1} << 20;
    case 'G':
      return std::uint64_t{1} << 30;
    case 'T':
      return std::uint64_t{1} << 40;
    default:
      return 1;
  }
}

}  // namespace

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text == "-") return 0;
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return parse_number(text, 16);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto value = parse_number(text, 10);
  return value == std::uint64_t{0} ? std::nullopt : value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const std::uint64_t unit = text.empty() ? 1 : unit_of(text.back());
  if (unit != 1) text.remove_suffix(1);
  const auto count = parse_count(text);
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() / unit) return std::nullopt;
  return *count * unit;
}

std::optional<std::vector<std::uint8_t>> parse_bbm_levels(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kNames{"0", "1", "2", "3"};
  return as<std::uint8_t>(parse_list(text, kNames));
}

std::optional<std::vector<arch::Ets>> parse_ets_levels(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kNames{"none", "2", "3"};
  return as<arch::Ets>(parse_list(text, kNames));
}

std::optional<model::AssumptionSetting> parse_assumption(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return model::AssumptionSetting{
      std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), {}};
}

}  // namespace amalgam::cli
