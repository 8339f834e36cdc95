#include "cli/help_formatter.hpp"

#include "report/columns.hpp"

namespace amalgam::cli {

namespace {

constexpr std::size_t kLeft = 22;

std::string item(const std::string& name, const std::string& description) {
  const std::string head = "  " + name;
  const std::string indent(kLeft, ' ');
  if (report::width(head) + 1 < kLeft) {
    return report::hanging(report::padded(head, kLeft), description);
  }
  return head + '\n' + report::hanging(indent, description);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
  replace_all(text, "\n\n\n", "\n\n");
  return text;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  if (is_positional) return item(option->get_name(true), option->get_description());
  return item(option->get_name(false, true) + make_option_opts(option), option->get_description());
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return {};
  const std::string type = option->get_type_name();
  return ' ' + type.substr(0, type.find(':')) + (option->get_required() ? " (required)" : "");
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return item(command->get_name(), command->get_description());
}

}  // namespace amalgam::cli
