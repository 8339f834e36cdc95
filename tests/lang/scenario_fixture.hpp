// Short scenarios for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lang/scenario.hpp"

namespace amalgam::test {

// All diagnostics of a result, as a user reads them but without the source lines.
inline std::string messages(const lang::ParseResult& result) {
  std::string text;
  for (const lang::Diagnostic& d : result.diagnostics) {
    text += std::to_string(d.location.line) + ':' + std::to_string(d.location.column) +
            ": error: " + d.message + '\n';
  }
  return text;
}

// The program of a scenario that must be well formed.
inline model::Program parse(std::string_view text) {
  lang::ParseResult result = lang::parse_scenario(text);
  EXPECT_EQ(messages(result), "");
  return result.program.value_or(model::Program{});
}

// A scenario of three CPUs with `lines` after its first two.
inline std::string scenario(std::string_view lines, std::string_view machine = "") {
  std::string text = "case \"a case\"\nmachine arm64, granule 4K, va 48, cpus 3";
  text += std::string(machine) + '\n';
  return text += lines;
}

// One agent's steps, indented by four spaces.
inline std::string agent(std::string_view steps) {
  std::string text = "agent a on cpu 0\n";
  for (std::size_t begin = 0; begin < steps.size();) {
    const std::size_t end = std::min(steps.find('\n', begin), steps.size());
    text += "    ";
    text.append(steps.substr(begin, end - begin)) += '\n';
    begin = end + 1;
  }
  return text;
}

constexpr std::string_view kEightPages =
    "frame head, tail[7] contents distinct\n"
    "map vm = head, tail[0..6] rw\n";

constexpr std::string_view kBlock =
    "frame big[512] contents distinct\n"
    "table pt level 3\n"
    "map linear = block big rw\n";

}  // namespace amalgam::test
