#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "amalgam/arch/cpu_presets.hpp"
#include "lang/scenario/parse.hpp"
#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

struct FeatureName {
  std::string_view name;
  bool arch::Features::* member;
};

constexpr std::array<FeatureName, 7> kFeatures{{
    {"cnp", &arch::Features::cnp},
    {"ttl", &arch::Features::ttl},
    {"tlbirange", &arch::Features::tlbi_range},
    {"tlbios", &arch::Features::tlbi_os},
    {"xs", &arch::Features::xs},
    {"fwb", &arch::Features::fwb},
    {"xnx", &arch::Features::xnx},
}};

class MachineReader {
 public:
  explicit MachineReader(Cursor& cursor) : cursor_(cursor) {}

  ast::Machine read() {
    do {
      read_item();
    } while (cursor_.accept(","));
    cursor_.expect_end("`,`");
    machine_.location = cursor_.span_from(0);
    if (!cursor_.failed()) check();
    return machine_;
  }

 private:
  struct Item {
    std::string_view name;
    void (MachineReader::*read)();
  };
  static const std::array<Item, 12> kItems;

  void read_item() {
    const ast::Name name = cursor_.name("an item of a machine");
    if (cursor_.failed()) return;
    check_new(name);
    for (const FeatureName& feature : kFeatures) {
      if (feature.name != name.text) continue;
      machine_.features.*feature.member = true;
      return;
    }
    for (const Item& item : kItems) {
      if (item.name == name.text) return (this->*item.read)();
    }
    unknown_item(name);
  }

  // `hardware` has two forms, and so may stand twice.
  void check_new(const ast::Name& name) {
    for (const std::string_view seen : seen_) {
      if (seen == name.text && seen != "hardware")
        cursor_.note(name.location, quoted(seen) + " is said twice");
    }
    seen_.push_back(name.text);
  }

  void unknown_item(const ast::Name& name) {
    auto known = names_in(kItems, &Item::name);
    std::ranges::copy(names_in(kFeatures, &FeatureName::name), std::back_inserter(known));
    cursor_.fail(name.location,
                 "a machine has no item " + quoted(name.text) + suggestion(name.text, known));
  }

  void arm64() {}

  void granule() {
    if (cursor_.accept("4K")) {
      machine_.geometry.granule = arch::Granule::k4K;
    } else if (cursor_.accept("16K")) {
      machine_.geometry.granule = arch::Granule::k16K;
    } else if (cursor_.accept("64K")) {
      machine_.geometry.granule = arch::Granule::k64K;
    } else {
      cursor_.fail_expected("`4K`, `16K` or `64K`");
    }
  }

  void va() {
    va_at_ = cursor_.here();
    machine_.geometry.va_bits =
        static_cast<std::uint8_t>(cursor_.number("the number of input address bits, 25 to 52", 52));
  }

  void pa() {
    pa_at_ = cursor_.here();
    machine_.geometry.pa_bits = static_cast<std::uint8_t>(
        cursor_.number("the number of output address bits, 32 to 52", 52));
  }

  void bbm() {
    has_bbm_ = true;
    machine_.bbm_levels = read_bbm_levels(cursor_);
  }
  void ets() { machine_.ets_levels = read_ets_levels(cursor_); }

  void cpus() {
    const Location at = cursor_.here();
    machine_.cpus = static_cast<std::uint32_t>(cursor_.number("the number of CPUs, 1 to 64", 64));
    if (machine_.cpus == 0) cursor_.fail(at, "a machine has a CPU at least");
  }

  void hardware() {
    if (cursor_.accept("dirty")) {
      machine_.features.hardware_dirty = true;
    } else if (!cursor_.accept("af")) {
      cursor_.fail_expected("`af` or `dirty`");
    }
    machine_.features.hardware_af = true;
  }

  void stage() {
    const Location at = cursor_.here();
    const std::uint64_t stage = cursor_.number("1 or 2", 2);
    if (stage == 0) cursor_.fail(at, "a translation has the stages 1 and 2");
    machine_.geometry.stage = stage == 2 ? arch::Stage::kStage2 : arch::Stage::kStage1;
  }

  void regime() {
    regime_at_ = cursor_.here();
    if (cursor_.accept("el1")) {
      machine_.geometry.regime = arch::Regime::kEl10;
    } else if (cursor_.accept("el2")) {
      machine_.geometry.regime = arch::Regime::kEl2;
    } else if (cursor_.accept("el20")) {
      machine_.geometry.regime = arch::Regime::kEl20;
    } else {
      cursor_.fail_expected("`el1`, `el2` or `el20`");
    }
  }

  void lpa2() {
    lpa2_at_ = cursor_.here();
    machine_.geometry.lpa2 = true;
    machine_.features.lpa2 = true;
  }

  // A preset says the FEAT_BBM level where a source is known for it.
  void cpu() {
    const ast::Name name = cursor_.name("the name of a CPU");
    const arch::CpuPreset* preset = arch::find_preset(name.text);
    if (preset != nullptr) {
      const unsigned level = arch::effective_bbm(arch::features_of(*preset));
      preset_bbm_ = static_cast<std::uint8_t>(level);
      preset_ = name;
      return;
    }
    const auto known = names_in(arch::kCpuPresets, &arch::CpuPreset::name);
    cursor_.fail(name.location,
                 "no CPU is known by the name " + quoted(name.text) + suggestion(name.text, known));
  }

  void apply_preset() {
    if (!preset_) return;
    if (has_bbm_ && machine_.bbm_levels != std::vector{preset_bbm_}) {
      cursor_.note(preset_->location, "the CPU has FEAT_BBM level " + std::to_string(preset_bbm_) +
                                          ", the machine says another");
    }
    machine_.bbm_levels = {preset_bbm_};
  }

  // What one item cannot see: items that do not go together.
  void check() {
    apply_preset();
    const arch::Geometry& g = machine_.geometry;
    const bool is_64k = g.granule == arch::Granule::k64K;
    if (g.lpa2 && is_64k) cursor_.note(lpa2_at_, "`lpa2` is for the granules 4K and 16K");
    const bool big = is_64k || g.lpa2;
    if (g.va_bits > 48 && !big) {
      cursor_.note(va_at_, "input addresses of more than 48 bits need `lpa2` or the granule 64K");
    }
    if (g.va_bits < 25 || arch::start_level(g) > 3)
      cursor_.note(va_at_, "expected input addresses of 25 to 52 bits");
    check_pa(big);
    if (g.regime != arch::Regime::kEl10 && g.stage == arch::Stage::kStage2) {
      cursor_.note(regime_at_, "stage 2 belongs to the regime el1");
    }
    if (g.pa_bits > 48 && is_64k) machine_.features.lpa = true;
    if (machine_.features.fwb && g.stage == arch::Stage::kStage1) {
      cursor_.note(machine_.location, "`fwb` is for stage 2");
    }
  }

  void check_pa(bool big) {
    constexpr std::array<unsigned, 7> sizes{32, 36, 40, 42, 44, 48, 52};
    const unsigned bits = machine_.geometry.pa_bits;
    if (std::ranges::find(sizes, bits) == sizes.end())
      cursor_.note(pa_at_, "expected output addresses of 32, 36, 40, 42, 44, 48 or 52 bits");
    if (bits > 48 && !big) {
      cursor_.note(pa_at_, "output addresses of more than 48 bits need `lpa2` or the granule 64K");
    }
  }

  Cursor& cursor_;
  ast::Machine machine_;
  std::vector<std::string_view> seen_;
  Location va_at_;
  Location pa_at_;
  Location regime_at_;
  Location lpa2_at_;
  std::optional<ast::Name> preset_;
  std::uint8_t preset_bbm_ = 0;
  bool has_bbm_ = false;
};

const std::array<MachineReader::Item, 12> MachineReader::kItems{{
    {"arm64", &MachineReader::arm64},
    {"granule", &MachineReader::granule},
    {"va", &MachineReader::va},
    {"pa", &MachineReader::pa},
    {"bbm", &MachineReader::bbm},
    {"ets", &MachineReader::ets},
    {"cpus", &MachineReader::cpus},
    {"hardware", &MachineReader::hardware},
    {"stage", &MachineReader::stage},
    {"regime", &MachineReader::regime},
    {"lpa2", &MachineReader::lpa2},
    {"cpu", &MachineReader::cpu},
}};

}  // namespace

void parse_machine(Cursor& cursor, ast::Scenario& scenario) {
  if (scenario.machine) cursor.note(cursor.span_from(0), "a scenario has this statement once");
  ast::Machine machine = MachineReader(cursor).read();
  if (!cursor.failed()) scenario.machine = std::move(machine);
}

}  // namespace amalgam::lang::scenario
