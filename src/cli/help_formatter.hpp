// How --help is laid out.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace amalgam::cli {

// Descriptions wrapped to the page, and of each option only the kind of its value: its description
// tells which values there are.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace amalgam::cli
