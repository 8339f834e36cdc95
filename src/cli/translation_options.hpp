// The options that say what kind of table a descriptor stands in.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "amalgam/arch/change_types.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::cli {

struct TranslationSettings {
  int level = arch::kPageLevel;
  int stage = 1;
  std::string granule = "4K";
  std::string regime = "el1";
  bool lpa2 = false;
  std::optional<unsigned> va_bits;
  std::optional<unsigned> pa_bits;
  std::uint64_t mair = arch::kLinuxMair;
  bool hardware_af = false;
  bool hardware_dirty = false;
  bool fwb = false;
};

// Adds --level, --stage, --granule, --regime, --lpa2, --va-bits, --pa-bits, --mair and --fwb.
void add_translation_options(CLI::App& app, TranslationSettings& settings);

// The geometry asked for. Throws CLI::ValidationError for one that does not exist.
arch::Geometry geometry_of(const TranslationSettings& settings);

// A context with that geometry, MAIR and features. Throws as geometry_of does.
arch::ChangeContext context_of(const TranslationSettings& settings);

// Throws CLI::ValidationError for a level that the tables do not have.
void require_level(const arch::Geometry& geometry, int level);

}  // namespace amalgam::cli
