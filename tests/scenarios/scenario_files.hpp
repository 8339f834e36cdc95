// The files of scenarios/, read and parsed, and their results.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lang/scenario.hpp"
#include "model/check.hpp"

namespace amalgam::test {

inline std::filesystem::path scenario_directory() {
  return std::filesystem::path(AMALGAM_SOURCE_DIR) / "scenarios";
}

// Names without ".scn", sorted.
inline std::vector<std::string> scenario_names(std::string_view prefix = "") {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scenario_directory())) {
    const bool scenario = entry.path().extension() == ".scn";
    std::string name = entry.path().stem().string();
    if (scenario && name.starts_with(prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string scenario_text(const std::string& name) {
  std::ifstream in(scenario_directory() / (name + ".scn"), std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The program of a text that must be well formed; a failure and an empty program if it is not.
inline model::Program parse_or_fail(std::string_view text, const std::string& name = "text") {
  lang::ParseResult result = lang::parse_scenario(text);
  for (const lang::Diagnostic& d : result.diagnostics) {
    ADD_FAILURE() << lang::render(d, name, text);
  }
  return result.program.value_or(model::Program{});
}

inline model::Program scenario_program(const std::string& name) {
  return parse_or_fail(scenario_text(name), name + ".scn");
}

// Options that give the verdict alone.
inline model::CheckOptions verdict_only() {
  model::CheckOptions options;
  options.sensitivity = false;
  return options;
}

// Names of the rules and effects found.
inline std::set<std::string> found_names(const model::LevelResult& level) {
  std::set<std::string> names;
  for (const model::Finding& f : level.rules) names.emplace(name(*f.rule));
  for (const model::Finding& f : level.effects) names.emplace(name(*f.effect));
  return names;
}

inline std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

inline std::string to_text(const model::Mismatch& m) {
  std::ostringstream out;
  out << "bbm " << unsigned{m.bbm} << " ets " << static_cast<unsigned>(m.ets) << " line "
      << m.location.line << ": missing {" << join(m.missing) << "} unexpected {"
      << join(m.unexpected) << "}";
  return out.str();
}

// A name that GoogleTest accepts.
inline std::string test_name(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

}  // namespace amalgam::test
