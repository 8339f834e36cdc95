// Laying text out in columns. Widths count characters, of which one fills one place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amalgam::report {

// Every report is laid out for this width, terminal or not, so that the same input gives the same
// bytes.
inline constexpr std::size_t kPageWidth = 100;

// Characters in UTF-8 text; bytes that continue a character are not counted.
std::size_t width(std::string_view text);

// `text` with spaces after it up to `to` characters.
std::string padded(std::string_view text, std::size_t to);

// `text` with each control character replaced by a space: input may not move the cursor.
std::string printable(std::string_view text);

// The lines of `text` broken at spaces to at most `limit` characters; a longer word is cut. Runs of
// spaces inside a line stay. At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t limit);

// "head" followed by `text` wrapped to the page, its later lines indented to the width of "head".
// Ends in a newline.
std::string hanging(std::string_view head, std::string_view text);

// 1204 as "1,204".
std::string grouped(std::uint64_t number);

// "1 page", "1,204 pages".
std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace amalgam::report
