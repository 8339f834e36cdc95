#include "cli/fmt_command.hpp"

#include <fstream>
#include <memory>
#include <vector>

#include "cli/check_command.hpp"
#include "cli/input.hpp"
#include "lang/scenario.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kExamples = R"(Examples:
  amalgam fmt scenarios             lay out every *.scn there
  amalgam fmt --check scenarios     name those that are not
  amalgam fmt - <case.scn           standard input to standard output

A file that does not parse is left alone.

Exit status: 0; 1 if --check names a file; 2 for a file that cannot be used.)";

struct FmtSettings {
  std::vector<std::string> arguments;
  bool check = false;
  bool to_stdout = false;
};

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return !out.fail();
}

ExitStatus put(const FmtSettings& settings, const std::string& file, const std::string& before,
               const std::string& after, Terminal& terminal) {
  if (settings.check) {
    if (before == after) return kFine;
    terminal.out << file << '\n';
    return kViolation;
  }
  if (settings.to_stdout || file == "-") {
    terminal.out << after;
    return kFine;
  }
  if (before == after || write_file(file, after)) return kFine;
  terminal.err << file << ": error: cannot be written\n";
  return kUnusable;
}

ExitStatus format_file(const FmtSettings& settings, const std::string& file, Terminal& terminal) {
  const FileText read = read_file(file);
  if (!read.text) {
    terminal.err << file << ": error: " << read.error << '\n';
    return kUnusable;
  }
  const lang::ParseResult parsed = lang::parse_scenario(*read.text);
  if (!parsed.program) {
    for (const lang::Diagnostic& diagnostic : parsed.diagnostics) {
      terminal.err << lang::render(diagnostic, file, *read.text);
    }
    return kUnusable;
  }
  return put(settings, file, *read.text, lang::format_scenario(*read.text), terminal);
}

ExitStatus run_fmt(const FmtSettings& settings, Terminal& terminal) {
  const FileList list = expand(settings.arguments, scenario_files());
  ExitStatus status = list.errors.empty() ? kFine : kUnusable;
  for (const std::string& error : list.errors) terminal.err << error << '\n';
  for (const std::string& file : list.files) {
    status = worse(status, format_file(settings, file, terminal));
  }
  return status;
}

}  // namespace

Command add_fmt(CLI::App& program) {
  CLI::App* app = program.add_subcommand("fmt", "Lay scenario files out as all of them are");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<FmtSettings>();
  app->add_option("FILE", settings->arguments,
                  "scenario files, changed in place; directories stand for the *.scn in them")
      ->required();
  CLI::Option* check =
      app->add_flag("--check", settings->check, "change nothing, name the files that would change");
  app->add_flag("--stdout", settings->to_stdout, "print instead of changing")->excludes(check);
  return [settings](Terminal& terminal) { return run_fmt(*settings, terminal); };
}

}  // namespace amalgam::cli
