#include "cli/program.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "cli/change_command.hpp"
#include "cli/check_command.hpp"
#include "cli/command.hpp"
#include "cli/explain_command.hpp"
#include "cli/fmt_command.hpp"
#include "cli/help_formatter.hpp"
#include "cli/hvo_command.hpp"
#include "cli/list_commands.hpp"
#include "cli/litmus_command.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kDescription =
    "amalgam: change live arm64 page tables, and prove each change safe.";

constexpr const char* kEnd = R"(Start here:
  amalgam check scenarios --table               every case that comes with amalgam, a line each
  amalgam check scenarios/hvo-as-merged.scn     one case: the rule, the harm, the shortest run
  amalgam change 0x60000080000703 0x60000080001783 --level 3
  amalgam explain 0x60000080000703 --level 3
  amalgam hvo --memory 1T                       what sharing page structures saves and takes
  amalgam litmus DIRECTORY                      the published models on published litmus tests
  amalgam COMMAND --help                        options and examples of a command

Exit status, every command: 0 clean or as expected; 1 a violation, or an expectation not met;
2 input that cannot be used, with file, line and column; 3 not decided, and which bound was hit.)";

// The program's options and commands. Options refer to members, so that it stays where it is.
class Program {
 public:
  explicit Program(bool colour_possible) : app_(kDescription, "amalgam"), colour_(colour_possible) {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.set_version_flag("--version,-V", std::string("amalgam ") + AMALGAM_VERSION,
                          "Print the version and exit");
    app_.add_option("--color", colour_mode_,
                    "auto (default: where it is a terminal), always, never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app_.formatter(std::make_shared<HelpFormatter>());
    commands_.emplace_back("check", add_check(app_, colour_));
    commands_.emplace_back("change", add_change(app_, colour_));
    commands_.emplace_back("explain", add_explain(app_, colour_));
    commands_.emplace_back("hvo", add_hvo(app_, colour_));
    commands_.emplace_back("litmus", add_litmus(app_, colour_));
    commands_.emplace_back("fmt", add_fmt(app_));
    for (auto& list : add_lists(app_, colour_)) commands_.push_back(std::move(list));
    app_.footer(kEnd);  // last: the commands would inherit it
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CLI::App& app() { return app_; }

  ExitStatus run(int argc, const char* const* argv, Terminal& terminal) {
    require_command(argv[1]);
    app_.parse(argc, argv);
    if (colour_mode_ != "auto") colour_ = colour_mode_ == "always";
    for (const auto& [name, command] : commands_) {
      if (app_.got_subcommand(name)) return command(terminal);
    }
    return kUnusable;
  }

 private:
  // CLI11 says of an unknown command only that one is required.
  void require_command(const std::string& first) const {
    const auto is_named = [&](const auto& command) { return command.first == first; };
    if (first.starts_with('-') || std::ranges::any_of(commands_, is_named)) return;
    throw CLI::ValidationError("no command is named '" + first + "'");
  }

  CLI::App app_;
  std::string colour_mode_ = "auto";
  bool colour_;
  std::vector<std::pair<std::string, Command>> commands_;
};

int run_guarded(Program& program, int argc, const char* const* argv, Terminal& terminal) {
  try {
    return program.run(argc, argv, terminal);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help and --version
      program.app().exit(error, terminal.out, terminal.err);
      return kFine;
    }
    terminal.err << "amalgam: " << error.what() << "\nTry --help.\n";
    return kUnusable;
  }
}

}  // namespace

int run(int argc, const char* const* argv, Terminal& terminal) {
  try {
    Program program(terminal.colour);
    if (argc < 2) {
      terminal.err << program.app().help();
      return kUnusable;
    }
    const int status = run_guarded(program, argc, argv, terminal);
    terminal.out.flush();
    if (terminal.out) return status;
    terminal.err << "amalgam: the answer cannot be written\n";
    return kUnusable;
  } catch (const std::bad_alloc&) {
    terminal.err << "amalgam: not decided: out of memory (--memory, --jobs)\n";
  } catch (const std::exception& error) {
    terminal.err << "amalgam: not decided: " << error.what() << '\n';
  }
  return kUndecided;
}

}  // namespace amalgam::cli
