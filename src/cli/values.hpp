// Values of options and arguments: text in, value or message out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "amalgam/arch/features.hpp"
#include "model/program.hpp"

namespace amalgam::cli {

// Hexadecimal, with or without 0x, at most 16 digits; "-" is 0, the invalid descriptor.
std::optional<std::uint64_t> parse_hex(std::string_view text);

// A decimal number of at least 1.
std::optional<std::uint64_t> parse_count(std::string_view text);

// A count of bytes with an optional K, M, G or T (powers of 1024).
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// FEAT_BBM levels: "2", "0,2", "0..3", in ascending order, each once.
std::optional<std::vector<std::uint8_t>> parse_bbm_levels(std::string_view text);

// FEAT_ETS levels: "none", "2,3", "none..3".
std::optional<std::vector<arch::Ets>> parse_ets_levels(std::string_view text);

// "NAME=VALUE", the two not judged.
std::optional<model::AssumptionSetting> parse_assumption(std::string_view text);

}  // namespace amalgam::cli
