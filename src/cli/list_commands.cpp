#include "cli/list_commands.hpp"

#include <array>
#include <memory>

#include "report/catalogue.hpp"

namespace amalgam::cli {

namespace {

struct List {
  const char* name;
  const char* description;
  std::string (*text)(const report::Painter&);
  report::Json (*json)();
};

constexpr std::array<List, 4> kLists{{
    {"rules", "The rules that a sequence can break, and the change table", report::rules_text,
     report::rules_json},
    {"effects", "What a user of the memory can see go wrong", report::effects_text,
     report::effects_json},
    {"assumptions", "Where Arm's text is silent or unclear: what is assumed, and how to switch it",
     report::assumptions_text, report::assumptions_json},
    {"cpus", "CPUs by name, with the FEAT_BBM level that is known of them", report::cpus_text,
     report::cpus_json},
}};

}  // namespace

std::vector<std::pair<std::string, Command>> add_lists(CLI::App& program, const bool& colour) {
  std::vector<std::pair<std::string, Command>> commands;
  for (const List& list : kLists) {
    CLI::App* app = program.add_subcommand(list.name, list.description);
    app->group("Names that appear in answers and options");
    auto json = std::make_shared<bool>(false);
    app->add_flag("--json", *json, "JSON");
    commands.emplace_back(list.name, [&list, json, &colour](Terminal& terminal) {
      terminal.out << (*json ? report::dump(list.json(), false)
                             : list.text(report::Painter(colour)));
      return kFine;
    });
  }
  return commands;
}

}  // namespace amalgam::cli
