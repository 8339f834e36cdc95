// What every JSON report shares.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/program.hpp"

namespace amalgam::report {

// Fields stay in the order written, so that the same answer gives the same bytes.
using Json = nlohmann::ordered_json;

inline constexpr int kSchema = 1;

// An object that starts with the schema number.
Json document();

// The text of a document: over many lines, or one line for one of several. Bytes that are not UTF-8
// become U+FFFD. Ends in a newline.
std::string dump(const Json& json, bool one_line);

// "0x0060000040d29783": as text, since not every reader of JSON has 64-bit integers.
std::string hex(std::uint64_t value);

// The text; null for none.
Json text_or_null(std::string_view text);

// {"line", "column", "length"}; null for nowhere.
Json to_json(const model::Location& location);

// A list of {"location", "message", "source_line"}: what is wrong with an input of these bytes.
Json to_json(const std::vector<lang::Diagnostic>& diagnostics, std::string_view text);

}  // namespace amalgam::report
