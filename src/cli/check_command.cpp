#include "cli/check_command.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include "cli/input.hpp"
#include "cli/values.hpp"
#include "lang/scenario.hpp"
#include "report/check_json.hpp"
#include "report/check_table.hpp"
#include "report/check_text.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kExamples = R"(Examples:
  amalgam check scenarios/hvo-as-merged.scn     one case, with the shortest run that shows the harm
  amalgam check scenarios --table               a line a case
  amalgam check case.scn --bbm 2,3 --ets none   other levels than the file names
  amalgam check case.scn --assume amalgamation=none
  amalgam check - <case.scn                     standard input

A file with an `expect` block is judged against it; levels of which it says nothing must be clean.

Exit status: 0 clean or as expected; 1 a violation, an effect, or an expectation not met; 2 a file
that cannot be used; 3 a bound was hit, so that the answer is not complete. Of several files the
worst counts: 2 before 3 before 1.)";

struct CheckSettings {
  std::vector<std::string> arguments;
  model::CheckOptions options;
  bool json = false;
  bool table = false;
  bool all_witnesses = false;
  bool no_witness = false;
  bool no_slice = false;
  bool no_symmetry = false;
  bool no_reduction = false;
  bool no_sensitivity = false;
};

unsigned default_jobs() { return std::max(1U, std::thread::hardware_concurrency()); }

std::string values_text(const model::AssumptionInfo& about) {
  std::string text;
  for (const std::string_view value : about.values) {
    if (value.empty()) continue;
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

model::AssumptionSetting checked_assumption(const std::string& text) {
  auto setting = parse_assumption(text);
  if (!setting) throw CLI::ValidationError("--assume", "'" + text + "' is not NAME=VALUE");
  const auto assumption = model::assumption_named(setting->name);
  if (!assumption) {
    throw CLI::ValidationError("--assume", "no assumption is named '" + setting->name +
                                               "'; `amalgam assumptions` lists them");
  }
  if (!model::assumption_value(*assumption, setting->value)) {
    throw CLI::ValidationError("--assume", setting->name + " is one of " +
                                               values_text(model::info(*assumption)) + ", not '" +
                                               setting->value + "'");
  }
  return *setting;
}

void add_question_options(CLI::App& app, CheckSettings& settings) {
  model::CheckOptions& options = settings.options;
  add_parsed(app, "--bbm", options.bbm_levels, parse_bbm_levels,
             "FEAT_BBM levels such as 0..3 or 0,2",
             "FEAT_BBM levels to check: 2, 0,2 or 0..3 (default: those of the file)")
      ->group("Question");
  add_parsed(app, "--ets", options.ets_levels, parse_ets_levels,
             "FEAT_ETS levels such as none, 2 or none..3",
             "FEAT_ETS levels to check: none, 2, 3 (default: those of the file)")
      ->group("Question");
  app.add_option_function<std::vector<std::string>>(
         "--assume",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             options.assumptions.push_back(checked_assumption(text));
           }
         },
         "NAME=VALUE: switch an assumption of the machine; may be repeated")
      ->allow_extra_args(false)
      ->group("Question");
}

void add_answer_options(CLI::App& app, CheckSettings& settings) {
  CLI::Option* json =
      app.add_flag("--json", settings.json, "JSON: one document, or one a line for several files");
  CLI::Option* table = app.add_flag("--table", settings.table, "one row a case, then totals");
  CLI::Option* all =
      app.add_flag("--all-witnesses", settings.all_witnesses, "show the run of every finding");
  CLI::Option* none = app.add_flag("--no-witness", settings.no_witness, "show no run");
  table->excludes(json);
  all->excludes(none);
  for (CLI::Option* option : {json, table, all, none}) option->group("Answer");
}

void add_bound_options(CLI::App& app, CheckSettings& settings) {
  model::CheckOptions& options = settings.options;
  add_parsed(app, "--max-states", options.max_states, parse_count, "a number of at least 1",
             "give a slice up after so many states (default 50000000)")
      ->group("Bounds");
  add_parsed(app, "--memory", options.memory_bytes, parse_bytes, "a size such as 500M or 2G",
             "memory for all states at one time: bytes, or with K, M or G (default 2G)")
      ->group("Bounds");
  app.add_option("--jobs,-j", options.jobs, "threads (default: one a processor)")
      ->check(CLI::Range(1, 1024))
      ->group("Bounds");
}

void add_comparison_options(CLI::App& app, CheckSettings& settings) {
  const auto add = [&](const std::string& name, bool& flag, const std::string& description) {
    app.add_flag(name, flag, description)->group("For comparison (the answer stays the same)");
  };
  add("--no-slice", settings.no_slice, "explore all pages at once; seldom affordable");
  add("--no-symmetry", settings.no_symmetry, "tell like CPUs apart");
  add("--no-reduction", settings.no_reduction, "without partial-order reduction");
  add("--no-sensitivity", settings.no_sensitivity,
      "do not look for the assumptions that the verdict depends on");
}

void print_unusable(const report::Case& checked, Terminal& terminal) {
  if (checked.diagnostics.empty()) return;
  terminal.err << report::check_text(checked, report::Witnesses::kNone, report::Painter(false));
}

report::Witnesses witnesses_of(const CheckSettings& settings) {
  if (settings.no_witness) return report::Witnesses::kNone;
  return settings.all_witnesses ? report::Witnesses::kAll : report::Witnesses::kTelling;
}

ExitStatus check_as_table(const CheckSettings& settings, const FileList& list,
                          const report::Painter& paint, Terminal& terminal) {
  ExitStatus status = kFine;
  report::CheckTable table(list.files, paint);
  terminal.out << table.header();
  for (const std::string& file : list.files) {
    const report::Case checked = check_file(file, settings.options);
    terminal.out << table.row(checked) << std::flush;
    print_unusable(checked, terminal);
    status = worse(status, status_of(report::outcome(checked)));
  }
  terminal.out << table.totals();
  return status;
}

ExitStatus check_one_by_one(const CheckSettings& settings, const FileList& list,
                            const report::Painter& paint, Terminal& terminal) {
  ExitStatus status = kFine;
  std::array<std::uint64_t, 6> counts{};
  for (const std::string& file : list.files) {
    const report::Case checked = check_file(file, settings.options);
    const report::Outcome outcome = report::outcome(checked);
    print_unusable(checked, terminal);
    if (settings.json) {
      terminal.out << report::dump(report::check_json(checked, !settings.no_witness), list.many);
    } else if (outcome != report::Outcome::kUnusable) {
      terminal.out << report::check_text(checked, witnesses_of(settings), paint)
                   << (list.many ? "\n" : "");
    }
    terminal.out << std::flush;
    ++counts[static_cast<std::size_t>(outcome)];
    status = worse(status, status_of(outcome));
  }
  if (list.many && !settings.json) terminal.out << report::totals_text(counts) << '\n';
  return status;
}

ExitStatus run_check(CheckSettings settings, bool colour, Terminal& terminal) {
  settings.options.slicing = !settings.no_slice;
  settings.options.symmetry = !settings.no_symmetry;
  settings.options.reduction = !settings.no_reduction;
  settings.options.sensitivity = !settings.no_sensitivity;
  const FileList list = expand(settings.arguments, scenario_files());
  for (const std::string& error : list.errors) terminal.err << error << '\n';
  const report::Painter paint(colour && !settings.json);
  ExitStatus status = list.errors.empty() ? kFine : kUnusable;
  if (list.files.empty()) return status;
  const auto run = settings.table ? check_as_table : check_one_by_one;
  return worse(status, run(settings, list, paint, terminal));
}

}  // namespace

report::Case check_file(const std::string& file, const model::CheckOptions& options) {
  report::Case checked;
  checked.file = file;
  FileText read = read_file(file);
  if (!read.text) {
    checked.diagnostics.push_back({{}, std::move(read.error)});
    return checked;
  }
  checked.text = *std::move(read.text);
  lang::ParseResult parsed = lang::parse_scenario(checked.text);
  checked.diagnostics = std::move(parsed.diagnostics);
  if (!parsed.program) return checked;
  checked.program = *std::move(parsed.program);
  checked.result = model::check(checked.program, options);
  checked.mismatches = model::compare(checked.program, checked.result);
  return checked;
}

ExitStatus status_of(report::Outcome outcome) {
  switch (outcome) {
    case report::Outcome::kClean:
    case report::Outcome::kAsExpected:
      return kFine;
    case report::Outcome::kViolation:
    case report::Outcome::kNotAsExpected:
      return kViolation;
    case report::Outcome::kUndecided:
      return kUndecided;
    case report::Outcome::kUnusable:
      break;
  }
  return kUnusable;
}

ExitStatus worse(ExitStatus a, ExitStatus b) {
  static constexpr std::array<int, 4> kWeight{0, 1, 3, 2};  // by status
  return kWeight[a] >= kWeight[b] ? a : b;
}

Command add_check(CLI::App& program, const bool& colour) {
  CLI::App* app = program.add_subcommand(
      "check", "Is an update of live tables safe, and if not, what happens?");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<CheckSettings>();
  settings->options.jobs = default_jobs();
  app->add_option("FILE", settings->arguments,
                  "scenario files; directories stand for the *.scn in them; - is standard input")
      ->required();
  add_question_options(*app, *settings);
  add_answer_options(*app, *settings);
  add_bound_options(*app, *settings);
  add_comparison_options(*app, *settings);
  return [settings, &colour](Terminal& terminal) { return run_check(*settings, colour, terminal); };
}

}  // namespace amalgam::cli
