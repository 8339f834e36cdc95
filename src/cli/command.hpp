// What the commands share: how they join the program, and how an option's text becomes its value.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "cli/exit_status.hpp"
#include "cli/terminal.hpp"

namespace amalgam::cli {

// A command once its options are known. Runs after parsing; what it is made of must live as long.
using Command = std::function<ExitStatus(Terminal&)>;

// The heading in --help of the commands that answer a question.
inline constexpr const char* kMainGroup = "Commands";

// Adds an option whose text `parse` turns into a value; other text is an error that says what was
// expected.
template <typename T, typename Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& into, Parse parse,
                        const std::string& expected, const std::string& description) {
  const auto assign = [&into, parse, name, expected](const std::string& text) {
    auto value = parse(text);
    if (!value) throw CLI::ValidationError(name, "'" + text + "' is not " + expected);
    into = *std::move(value);
  };
  return app.add_option_function<std::string>(name, assign, description);
}

}  // namespace amalgam::cli
