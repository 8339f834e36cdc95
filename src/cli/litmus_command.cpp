#include "cli/litmus_command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <new>
#include <string_view>

#include "cli/check_command.hpp"
#include "cli/input.hpp"
#include "cli/ordered_jobs.hpp"
#include "cli/values.hpp"
#include "lang/litmus_verdicts.hpp"
#include "model/litmus/example_execution.hpp"
#include "report/litmus_dot.hpp"
#include "report/litmus_json.hpp"
#include "report/litmus_text.hpp"

namespace amalgam::cli {

namespace {

namespace litmus = model::litmus;

constexpr const char* kExamples = R"(Examples:
  amalgam litmus test.litmus                    one test: the verdict and every final state
  amalgam litmus herd/tests --expect herd/verdicts.csv
  amalgam litmus rems/tests --model no-ets --expect rems/verdicts.csv
  amalgam litmus tests --engine both --json     a document a line; engines must agree

Formats: herd's *.litmus (AArch64) and isla's *.litmus.toml, as the name or the first word says.
Models: herd (no ETS), herd-ets2, herd-ets3; ets and no-ets are the strong model of isla's tests.
Without --model a test is judged by the model that it is written for: isla's by ets, herd's by
herd with the ETS level of its own Variant line.

Exit status: 0 judged, or as published; 1 not as published, or the engines differ; 2 a file that
cannot be used (the others are judged); 3 a bound was hit. Of several files the worst counts:
2 before 3 before 1.)";

struct LitmusSettings {
  std::vector<std::string> arguments;
  LitmusQuestion question;
  std::string variants = "vmsa,fatal";
  std::string published_file;
  unsigned jobs = 1;
  bool json = false;
  bool dot = false;
  bool states = false;
};

FileSearch litmus_files() { return {.suffixes = {".litmus", ".litmus.toml"}, .recursive = true}; }

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

struct LimitName {
  std::string_view name;
  std::size_t litmus::Limits::* limit;
};
constexpr std::array<LimitName, 4> kLimits{{{"runs", &litmus::Limits::max_runs},
                                            {"candidates", &litmus::Limits::max_candidates},
                                            {"states", &litmus::Limits::max_states},
                                            {"memory", &litmus::Limits::max_memory_bytes}}};

void set_limit(litmus::Limits& limits, const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view name = std::string_view(text).substr(0, equals);
  const auto found = std::ranges::find(kLimits, name, &LimitName::name);
  const auto value = parse_bytes(std::string_view(text).substr(std::min(equals + 1, text.size())));
  if (found == kLimits.end() || !value) {
    throw CLI::ValidationError("--limit",
                               "'" + text + "' is not runs=N, candidates=N, states=N or memory=N");
  }
  limits.*found->limit = *value;
}

void add_question_options(CLI::App& app, LitmusSettings& settings) {
  litmus::JudgeOptions& judging = settings.question.judging;
  add_parsed(app, "--engine", judging.engine, litmus::engine_named,
             "one of reference, machine, both",
             "reference (default): every candidate execution against the axioms; machine: the "
             "explorer; both: compare them")
      ->group("Question");
  add_parsed(app, "--model", judging.model, litmus::model_named,
             "one of " + joined(litmus::model_names()),
             joined(litmus::model_names()) + " (default: what each test is written for)")
      ->group("Question");
  app.add_option(
         "--variant", settings.variants,
         "herd's variants (default vmsa,fatal), to which the Variant line of a test adds: vmsa, "
         "fatal, handled, skip, ets2, ets3, ...")
      ->group("Question");
  app.add_option("--expect", settings.published_file,
                 "table of published verdicts (CSV) to compare with, by the names of files")
      ->group("Question");
}

void add_answer_options(CLI::App& app, LitmusSettings& settings) {
  CLI::Option* json = app.add_flag("--json", settings.json, "JSON, one document a line");
  CLI::Option* dot = app.add_flag("--dot", settings.dot,
                                  "draw for graphviz: an execution that satisfies the condition, "
                                  "or one that the model refuses");
  CLI::Option* states =
      app.add_flag("--states", settings.states, "list final states of several tests too");
  json->excludes(dot);
  states->excludes(json);
  states->excludes(dot);
  for (CLI::Option* option : {json, dot, states}) option->group("Answer");
}

void add_bound_options(CLI::App& app, LitmusSettings& settings) {
  litmus::Limits& limits = settings.question.judging.limits;
  app.add_option("--unroll", limits.unroll, "rounds of a loop (default 2, as herd has it)")
      ->check(CLI::Range(1, 64))
      ->group("Bounds");
  app.add_option_function<std::vector<std::string>>(
         "--limit",
         [&limits](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) set_limit(limits, text);
         },
         "NAME=N: give a test up past so many runs, candidates, states, or bytes of memory; N may "
         "end in K, M or G; may be repeated")
      ->allow_extra_args(false)
      ->group("Bounds");
  app.add_option("--jobs,-j", settings.jobs, "threads (default: 1; the answer is the same)")
      ->check(CLI::Range(1, 1024))
      ->group("Bounds");
}

// Reads the table of published verdicts; says what is wrong with it, if anything.
std::string read_published(const std::string& file, litmus::Expectations& rows) {
  const FileText read = read_file(file);
  if (!read.text) return file + ": error: " + read.error + '\n';
  lang::VerdictsResult parsed = lang::parse_verdicts(*read.text);
  rows = std::move(parsed.rows);
  std::string errors;
  for (const lang::Diagnostic& diagnostic : parsed.diagnostics) {
    errors += lang::render(diagnostic, file, *read.text);
  }
  return errors;
}

void print_unusable(const report::LitmusCase& judged, Terminal& terminal) {
  for (const lang::Diagnostic& diagnostic : judged.diagnostics) {
    terminal.err << lang::render(diagnostic, judged.file, judged.text);
  }
}

// What of one test is printed: called in the order of the files.
class Answers {
 public:
  Answers(const LitmusSettings& settings, const FileList& list, bool colour, Terminal& terminal)
      : settings_(settings),
        details_(settings.states || !list.many),
        paint_(colour),
        table_(list.files, paint_),
        terminal_(terminal) {
    if (is_table()) terminal_.out << table_.header();
  }

  void add(const report::LitmusCase& judged) {
    print_unusable(judged, terminal_);
    if (settings_.json) {
      terminal_.out << report::dump(report::litmus_json(judged), true);
    } else if (settings_.dot) {
      terminal_.out << judged.drawing;
    } else {
      terminal_.out << table_.row(judged);
      if (details_) terminal_.out << report::litmus_details(judged, paint_);
    }
    terminal_.out << std::flush;
  }

  void finish() {
    if (is_table()) terminal_.out << '\n' << table_.totals();
  }

 private:
  [[nodiscard]] bool is_table() const { return !settings_.json && !settings_.dot; }

  const LitmusSettings& settings_;
  bool details_;
  report::Painter paint_;
  report::LitmusTable table_;
  Terminal& terminal_;
};

ExitStatus judge_files(const LitmusSettings& settings, const FileList& list, bool colour,
                       Terminal& terminal) {
  ExitStatus status = kFine;
  Answers answers(settings, list, colour && !settings.json && !settings.dot, terminal);
  OrderedJobs<report::LitmusCase> cases(list.files.size(), settings.jobs, [&](std::size_t i) {
    return judge_file(list.files[i], settings.question);
  });
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const report::LitmusCase judged = cases.next();
    answers.add(judged);
    status = worse(status, status_of(report::outcome(judged)));
  }
  answers.finish();
  return status;
}

ExitStatus run_litmus(LitmusSettings settings, bool colour, Terminal& terminal) {
  if (!settings.published_file.empty()) {
    const std::string errors = read_published(settings.published_file, settings.question.published);
    terminal.err << errors;
    if (!errors.empty()) return kUnusable;
  }
  settings.question.reading.herd.variants = {settings.variants};
  settings.question.draws = settings.dot;
  const FileList list = expand(settings.arguments, litmus_files());
  for (const std::string& error : list.errors) terminal.err << error << '\n';
  const ExitStatus status = list.errors.empty() ? kFine : kUnusable;
  if (list.files.empty()) return status;
  return worse(status, judge_files(settings, list, colour, terminal));
}

std::string drawing_of(const report::LitmusCase& judged, const litmus::Limits& limits) {
  const litmus::ModelOptions& model = judged.judgement.model;
  const litmus::Runs runs = litmus::enumerate_runs(judged.test, model, limits);
  std::string drawing;
  const auto draw = [&](const litmus::Candidate& execution, const litmus::Refusal& refusal) {
    drawing = report::litmus_dot(execution, refusal, judged.test.name);
  };
  const auto found = litmus::show_example(judged.test, runs, model, limits, draw);
  if (found == litmus::Example::kNone) drawing = report::empty_litmus_dot(judged.test.name);
  return drawing;
}

void judge_text(report::LitmusCase& judged, const LitmusQuestion& question) {
  lang::LitmusResult parsed = lang::parse_litmus(judged.file, judged.text, question.reading);
  judged.diagnostics = std::move(parsed.diagnostics);
  if (!parsed.test) return;
  judged.test = *std::move(parsed.test);
  judged.judgement = litmus::judge(judged.test, question.judging);
  if (question.draws) judged.drawing = drawing_of(judged, question.judging.limits);
  const litmus::ModelOptions& model = judged.judgement.model;
  const litmus::Expectation* published = litmus::find_expectation(question.published, judged.file);
  if (published == nullptr || !litmus::speaks_of(*published, judged.test, model)) return;
  judged.has_published = true;
  judged.mismatches = litmus::compare(*published, judged.test, model, judged.judgement.result);
}

}  // namespace

report::LitmusCase judge_file(const std::string& file, const LitmusQuestion& question) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  report::LitmusCase judged;
  judged.file = file;
  FileText read = read_file(file);
  if (!read.text) {
    judged.diagnostics.push_back({{}, std::move(read.error)});
    return judged;
  }
  judged.text = *std::move(read.text);
  try {
    judge_text(judged, question);
  } catch (const std::bad_alloc&) {
    judged.judgement.bound = "out of memory";
  }
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  judged.micros = static_cast<std::uint64_t>(taken.count());
  return judged;
}

ExitStatus status_of(report::LitmusOutcome outcome) {
  switch (outcome) {
    case report::LitmusOutcome::kJudged:
    case report::LitmusOutcome::kAsPublished:
      return kFine;
    case report::LitmusOutcome::kNotAsPublished:
    case report::LitmusOutcome::kDisagreement:
      return kViolation;
    case report::LitmusOutcome::kUndecided:
      return kUndecided;
    case report::LitmusOutcome::kUnusable:
      break;
  }
  return kUnusable;
}

Command add_litmus(CLI::App& program, const bool& colour) {
  CLI::App* app = program.add_subcommand(
      "litmus", "What do the published models of the architecture say of a litmus test?");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<LitmusSettings>();
  app->add_option("FILE", settings->arguments,
                  "tests; directories stand for the *.litmus and *.litmus.toml in and below them; "
                  "- is standard input")
      ->required();
  add_question_options(*app, *settings);
  add_answer_options(*app, *settings);
  add_bound_options(*app, *settings);
  return
      [settings, &colour](Terminal& terminal) { return run_litmus(*settings, colour, terminal); };
}

}  // namespace amalgam::cli
