// Short tests in isla's format for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lang/isla.hpp"

namespace amalgam::test {

namespace litmus = model::litmus;

inline std::string messages(const lang::IslaResult& result) {
  std::string text;
  for (const lang::Diagnostic& d : result.diagnostics) {
    text += std::to_string(d.location.line) + ':' + std::to_string(d.location.column) +
            ": error: " + d.message + '\n';
  }
  return text;
}

// The test of a text that must be well formed.
inline litmus::Test parse_isla_test(std::string_view text) {
  lang::IslaResult result = lang::parse_isla(text);
  EXPECT_EQ(messages(result), "") << text;
  return std::move(result.test).value_or(litmus::Test{});
}

// What is different from one test to the next.
struct IslaParts {
  std::string_view setup = "physical pa1; x |-> pa1;";
  std::string_view code = "NOP";
  std::string_view reset = {};  // lines of thread 0
  std::string_view assertion = "true";
  std::string_view symbolic = R"("x", "y")";
  std::string_view more = {};  // further tables
};

inline std::string isla_text(const IslaParts& parts) {
  std::string text = "arch = \"AArch64\"\nname = \"a test\"\nsymbolic = [";
  text.append(parts.symbolic).append("]\npage_table_setup = \"\"\"\n");
  text.append(parts.setup).append("\n\"\"\"\n[thread.0]\ninit = {}\ncode = \"\"\"\n");
  text.append(parts.code).append("\n\"\"\"\n[thread.0.reset]\n").append(parts.reset);
  text.append("\n[final]\nassertion = \"").append(parts.assertion).append("\"\n");
  text.append(parts.more);
  return text;
}

inline litmus::Test parse_isla_parts(const IslaParts& parts) {
  return parse_isla_test(isla_text(parts));
}

inline std::string isla_messages(const IslaParts& parts) {
  return messages(lang::parse_isla(isla_text(parts)));
}

inline std::uint64_t word(const litmus::Test& test, std::uint64_t address) {
  const auto found = test.memory.find(address);
  return found == test.memory.end() ? 0 : found->second;
}

// The entry for an address at a level, by a plain walk of 4 KB tables from `root`.
inline std::uint64_t entry_at(const litmus::Test& test, std::uint64_t root, std::uint64_t address,
                              int level) {
  for (int l = 0;; ++l) {
    const std::uint64_t entry = root + (address >> (39 - 9 * l) & 511) * 8;
    if (l == level) return entry;
    root = word(test, entry) & 0xfffffffff000;
  }
}

inline std::uint64_t descriptor_at(const litmus::Test& test, std::uint64_t root,
                                   std::uint64_t address, int level = 3) {
  return word(test, entry_at(test, root, address, level));
}

inline std::uint64_t register_of(const litmus::Test& test, unsigned index) {
  EXPECT_NE(test.threads.at(0).registers_set >> index & 1, 0U);
  return test.threads.at(0).registers.at(index);
}

inline std::uint64_t system_of(const litmus::Test& test, litmus::SystemRegister reg) {
  return test.threads.at(0).system.at(static_cast<std::size_t>(reg));
}

inline constexpr std::uint64_t kStage1Root = 0x300000;
inline constexpr std::uint64_t kStage2Root = 0x200000;

}  // namespace amalgam::test
