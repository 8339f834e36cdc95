#include "cli/translation_options.hpp"

#include "cli/command.hpp"
#include "cli/values.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kGroup = "Tables";

arch::Granule granule_of(const std::string& name) {
  if (name == "16K") return arch::Granule::k16K;
  return name == "64K" ? arch::Granule::k64K : arch::Granule::k4K;
}

arch::Regime regime_of(const std::string& name) {
  if (name == "el2") return arch::Regime::kEl2;
  return name == "el20" ? arch::Regime::kEl20 : arch::Regime::kEl10;
}

}  // namespace

void add_translation_options(CLI::App& app, TranslationSettings& settings) {
  app.add_option("--level,-l", settings.level, "level of the table: -1 to 3")
      ->required()
      ->check(CLI::Range(arch::kFirstLevel, arch::kPageLevel))
      ->group(kGroup);
  app.add_option("--stage", settings.stage, "1 (default) or 2")
      ->check(CLI::IsMember({1, 2}))
      ->group(kGroup);
  app.add_option("--granule", settings.granule, "4K (default), 16K or 64K")
      ->check(CLI::IsMember({"4K", "16K", "64K"}, CLI::ignore_case))
      ->group(kGroup);
  app.add_option("--regime", settings.regime, "of stage 1: el1 (EL1&0, default), el2, el20 (EL2&0)")
      ->check(CLI::IsMember({"el1", "el2", "el20"}))
      ->group(kGroup);
  app.add_flag("--lpa2", settings.lpa2, "52-bit addresses (FEAT_LPA2; with 64K FEAT_LPA)")
      ->group(kGroup);
  app.add_option("--va-bits", settings.va_bits, "bits of the input address (48, with --lpa2 52)")
      ->check(CLI::Range(16, 52))
      ->group(kGroup);
  app.add_option("--pa-bits", settings.pa_bits, "bits of the output address (48, with --lpa2 52)")
      ->check(CLI::Range(32, 52))
      ->group(kGroup);
  add_parsed(app, "--mair", settings.mair, parse_hex, "a hexadecimal number",
             "MAIR, hexadecimal (default: as Linux sets it)")
      ->group(kGroup);
  app.add_flag("--fwb", settings.fwb, "stage 2 forces write-back (FEAT_S2FWB)")->group(kGroup);
}

arch::Geometry geometry_of(const TranslationSettings& settings) {
  if (settings.stage == 2 && settings.regime != "el1") {
    throw CLI::ValidationError("--regime", "stage 2 belongs to el1");
  }
  const unsigned default_bits = settings.lpa2 ? 52 : 48;
  arch::Geometry geometry;
  geometry.granule = granule_of(settings.granule);
  geometry.va_bits = static_cast<std::uint8_t>(settings.va_bits.value_or(default_bits));
  geometry.pa_bits = static_cast<std::uint8_t>(settings.pa_bits.value_or(default_bits));
  geometry.lpa2 = settings.lpa2 && geometry.granule != arch::Granule::k64K;
  geometry.stage = settings.stage == 2 ? arch::Stage::kStage2 : arch::Stage::kStage1;
  geometry.regime = regime_of(settings.regime);
  const bool wide = geometry.va_bits > 48 || geometry.pa_bits > 48;
  if (wide && geometry.granule != arch::Granule::k64K && !geometry.lpa2) {
    throw CLI::ValidationError("--lpa2", "needed for more than 48 bits with this granule");
  }
  return geometry;
}

arch::ChangeContext context_of(const TranslationSettings& settings) {
  arch::ChangeContext context;
  context.geometry = geometry_of(settings);
  context.mair = settings.mair;
  context.any_hardware_af = settings.hardware_af || settings.hardware_dirty;
  context.any_hardware_dirty = settings.hardware_dirty;
  context.features.hardware_af = context.any_hardware_af;
  context.features.hardware_dirty = context.any_hardware_dirty;
  context.features.lpa2 = context.geometry.lpa2;
  context.features.fwb = settings.fwb;
  return context;
}

void require_level(const arch::Geometry& geometry, int level) {
  const int start = arch::start_level(geometry);
  if (level >= start) return;
  throw CLI::ValidationError("--level", "these tables start at level " + std::to_string(start) +
                                            "; there is no level " + std::to_string(level));
}

}  // namespace amalgam::cli
