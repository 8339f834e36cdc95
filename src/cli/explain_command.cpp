#include "cli/explain_command.hpp"

#include <memory>

#include "cli/translation_options.hpp"
#include "cli/values.hpp"
#include "report/explain_report.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kExamples = R"(Examples:
  amalgam explain 0x60000080000703 --level 3
  amalgam explain 4007fd --level 2 --stage 2 --granule 64K

Exit status: 0, or 2 for arguments that cannot be used.)";

struct ExplainSettings {
  TranslationSettings translation;
  std::uint64_t value = 0;
  bool json = false;
};

ExitStatus run_explain(const ExplainSettings& settings, bool colour, Terminal& terminal) {
  const arch::ChangeContext context = context_of(settings.translation);
  const arch::Entry entry{{settings.value}, settings.translation.level};
  require_level(context.geometry, entry.level);
  if (settings.json) {
    terminal.out << report::dump(report::explain_json(entry, context), false);
  } else {
    terminal.out << report::explain_text(entry, context, report::Painter(colour));
  }
  return kFine;
}

}  // namespace

Command add_explain(CLI::App& program, const bool& colour) {
  CLI::App* app = program.add_subcommand("explain", "What does every field of a descriptor mean?");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<ExplainSettings>();
  add_parsed(*app, "DESCRIPTOR", settings->value, parse_hex,
             "a hexadecimal descriptor of at most 64 bits", "the descriptor, hexadecimal")
      ->required();
  add_translation_options(*app, settings->translation);
  app->add_flag("--hd", settings->translation.hardware_dirty, "hardware sets the dirty state")
      ->group("Tables");
  app->add_flag("--json", settings->json, "JSON")->group("Answer");
  return
      [settings, &colour](Terminal& terminal) { return run_explain(*settings, colour, terminal); };
}

}  // namespace amalgam::cli
