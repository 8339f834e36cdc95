#include "cli/change_command.hpp"

#include <memory>
#include <vector>

#include "amalgam/arch/cpu_presets.hpp"
#include "cli/translation_options.hpp"
#include "cli/values.hpp"
#include "report/change_report.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kExamples = R"(Examples:
  amalgam change 0x60000080000703 0x60000080001783 --level 3
  amalgam change 60000080000701 80200003       --level 2 --bbm 1,2   a block becomes a table
  amalgam change - 0x60000080000703 --level 3                        invalid to valid
  amalgam change OLD NEW --level 3 --contents same --hd              with what is known besides

OLD and NEW are hexadecimal, as a walk reads them; - is an invalid descriptor (0). The two may stand
at different levels (--new-level): two copies that a TLB may hold of one address.

Exit status: 0 whatever the answer is; 2 for arguments that cannot be used.)";

struct ChangeSettings {
  TranslationSettings translation;
  std::uint64_t old_value = 0;
  std::uint64_t new_value = 0;
  std::optional<int> new_level;
  std::vector<std::uint8_t> bbm_levels;
  std::string contents = "unknown";
  std::string group = "whole";
  std::string cpu;
  std::uint64_t va = 0;
  bool secure = false;
  bool not_live = false;
  bool json = false;
  arch::Assumptions assumptions;
};

void switch_assumption(arch::Assumptions& assumptions, const std::string& text) {
  const auto setting = parse_assumption(text);
  const auto assumption =
      setting ? arch::parse_assumption(setting->name) : std::optional<arch::Assumption>{};
  if (!assumption) {
    throw CLI::ValidationError(
        "--assume", "'" + text + "' names no assumption; `amalgam assumptions` lists them");
  }
  if (setting->value != "yes" && setting->value != "no") {
    throw CLI::ValidationError("--assume", setting->name + " is yes or no");
  }
  assumptions = arch::with(assumptions, *assumption, setting->value == "yes");
}

void add_entry_options(CLI::App& app, ChangeSettings& settings) {
  static constexpr const char* kExpected = "a hexadecimal descriptor of at most 64 bits, or -";
  add_parsed(app, "OLD", settings.old_value, parse_hex, kExpected,
             "the descriptor that is replaced")
      ->required();
  add_parsed(app, "NEW", settings.new_value, parse_hex, kExpected,
             "the descriptor that replaces it")
      ->required();
  add_translation_options(app, settings.translation);
  app.add_option("--new-level", settings.new_level, "level of NEW, if it is another")
      ->check(CLI::Range(arch::kFirstLevel, arch::kPageLevel))
      ->group("Tables");
  add_parsed(app, "--va", settings.va, parse_hex, "a hexadecimal address",
             "an address that both translate; matters if their levels differ")
      ->group("Tables");
  app.add_flag("--secure", settings.secure, "Secure state: NS selects the address space")
      ->group("Tables");
}

void add_context_options(CLI::App& app, ChangeSettings& settings) {
  static constexpr const char* kGroup = "Context";
  add_parsed(app, "--bbm", settings.bbm_levels, parse_bbm_levels,
             "FEAT_BBM levels such as 0..3 or 0,2",
             "FEAT_BBM levels to answer for (default 0..3, or that of --cpu)")
      ->group(kGroup);
  app.add_option("--cpu", settings.cpu, "a CPU by name; `amalgam cpus` lists them")->group(kGroup);
  app.add_option("--contents", settings.contents,
                 "memory at the two addresses (of tables: what they translate): same, different or "
                 "unknown (default)")
      ->check(CLI::IsMember({"same", "different", "unknown"}))
      ->group(kGroup);
  app.add_option("--group", settings.group,
                 "members of a contiguous group that change so: whole (default) or single")
      ->check(CLI::IsMember({"whole", "single"}))
      ->group(kGroup);
  app.add_flag("--ha", settings.translation.hardware_af, "hardware sets the access flag")
      ->group(kGroup);
  app.add_flag("--hd", settings.translation.hardware_dirty,
               "hardware sets the dirty state (implies --ha)")
      ->group(kGroup);
  app.add_flag("--not-live", settings.not_live, "nobody else can walk the tables")->group(kGroup);
  app.add_option_function<std::vector<std::string>>(
         "--assume",
         [&settings](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) switch_assumption(settings.assumptions, text);
         },
         "NAME=yes or NAME=no; may be repeated")
      ->allow_extra_args(false)
      ->group(kGroup);
  app.add_flag("--json", settings.json, "JSON")->group("Answer");
}

arch::Contents contents_of(const std::string& name) {
  if (name == "same") return arch::Contents::kSame;
  return name == "different" ? arch::Contents::kDifferent : arch::Contents::kUnknown;
}

const arch::CpuPreset* preset_of(const ChangeSettings& settings) {
  if (settings.cpu.empty()) return nullptr;
  const arch::CpuPreset* preset = arch::find_preset(settings.cpu);
  if (preset != nullptr) return preset;
  throw CLI::ValidationError(
      "--cpu", "no preset is named '" + settings.cpu + "'; `amalgam cpus` lists them");
}

std::string cpu_text(const arch::CpuPreset& preset) {
  std::string text(preset.name);
  if (!preset.revisions.empty()) text += ", " + std::string(preset.revisions);
  return text + " [" + std::string(preset.source) + ']';
}

arch::ChangeContext context_of(const ChangeSettings& settings) {
  arch::ChangeContext context = context_of(settings.translation);
  context.contents = contents_of(settings.contents);
  context.group =
      settings.group == "single" ? arch::GroupScope::kSingleMember : arch::GroupScope::kWholeGroup;
  context.va = settings.va;
  context.secure_state = settings.secure;
  context.tables_live = !settings.not_live;
  context.assumptions = settings.assumptions;
  return context;
}

std::vector<std::uint8_t> levels_of(const ChangeSettings& settings, const arch::CpuPreset* preset) {
  if (!settings.bbm_levels.empty()) return settings.bbm_levels;
  if (preset == nullptr) return {0, 1, 2, 3};
  return {static_cast<std::uint8_t>(arch::effective_bbm(arch::features_of(*preset)))};
}

report::ChangeAnswer answer_to(const ChangeSettings& settings) {
  const arch::CpuPreset* preset = preset_of(settings);
  const int level = settings.translation.level;
  report::ChangeAnswer answer;
  answer.old_entry = {{settings.old_value}, level};
  answer.new_entry = {{settings.new_value}, settings.new_level.value_or(level)};
  answer.context = context_of(settings);
  if (preset != nullptr) answer.cpu = cpu_text(*preset);
  require_level(answer.context.geometry, answer.old_entry.level);
  require_level(answer.context.geometry, answer.new_entry.level);
  for (const std::uint8_t bbm : levels_of(settings, preset)) {
    arch::ChangeContext context = answer.context;
    context.features.bbm = bbm;
    answer.levels.push_back({bbm, arch::classify(answer.old_entry, answer.new_entry, context)});
  }
  return answer;
}

}  // namespace

Command add_change(CLI::App& program, const bool& colour) {
  CLI::App* app = program.add_subcommand(
      "change", "What does Arm require to replace one descriptor by another?");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<ChangeSettings>();
  add_entry_options(*app, *settings);
  add_context_options(*app, *settings);
  return [settings, &colour](Terminal& terminal) {
    const report::ChangeAnswer answer = answer_to(*settings);
    if (settings->json) {
      terminal.out << report::dump(report::change_json(answer), false);
    } else {
      terminal.out << report::change_text(answer, report::Painter(colour));
    }
    return kFine;
  };
}

}  // namespace amalgam::cli
