#include <utility>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/steps.hpp"

namespace amalgam::lang::scenario {

namespace {

struct NeededFeature {
  bool missing;
  std::string_view item;
};

}  // namespace

bool StepLowering::check_features(const ast::Tlbi& tlbi, const arch::TlbiMnemonic& mnemonic) {
  const arch::Features& features = c_.machine.features;
  const bool outer = mnemonic.shareability == arch::Shareability::kOuter;
  for (const NeededFeature& needed :
       {NeededFeature{mnemonic.range && !features.tlbi_range, "tlbirange"},
        NeededFeature{outer && !features.tlbi_os, "tlbios"},
        NeededFeature{mnemonic.nxs && !features.xs, "xs"}}) {
    if (!needed.missing) continue;
    c_.diagnostics.error(tlbi.mnemonic.location, quoted(tlbi.mnemonic.text) + " needs " +
                                                     quoted(needed.item) +
                                                     " among the machine's items");
    return false;
  }
  if (!tlbi.page) return true;
  const bool stage2 = c_.machine.geometry.stage == arch::Stage::kStage2;
  if (stage2 == (mnemonic.stage() == arch::Stage::kStage2)) return true;
  c_.diagnostics.error(tlbi.mnemonic.location,
                       quoted(tlbi.mnemonic.text) +
                           (stage2 ? " takes stage 1 addresses, the machine is of stage 2"
                                   : " takes stage 2 addresses, the machine is of stage 1"));
  return false;
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Tlbi& tlbi) {
  const arch::TlbiMnemonic mnemonic = *arch::parse_mnemonic(tlbi.mnemonic.text);
  if (!check_features(tlbi, mnemonic)) return false;
  const std::string name(arch::mnemonic_text(mnemonic).view());
  if (tlbi.operand) return emit(step, model::op::Tlbi{name, tlbi.operand});
  if (!tlbi.page) {
    if (!arch::has_operand(mnemonic.kind)) return emit(step, model::op::Tlbi{name, std::nullopt});
    const std::uint64_t operand = arch::encode_operand(mnemonic, {.asid = tlbi.tag.value_or(0)});
    return emit(step, model::op::Tlbi{name, operand});
  }
  const auto pages = c_.names.pages(*tlbi.page, loops_);
  if (!pages) return false;
  return mnemonic.range ? lower_tlbi_range(step, tlbi, mnemonic, *pages)
                        : lower_tlbi_pages(step, tlbi, mnemonic, *pages);
}

bool StepLowering::read_hint(const ast::Tlbi& tlbi, std::optional<arch::LevelHint>& into) {
  if (!tlbi.level) return true;
  const arch::Geometry& g = c_.machine.geometry;
  const arch::LevelHint wanted{static_cast<std::int8_t>(level_of(*tlbi.level, g)), g.granule};
  if (!c_.machine.features.ttl) {
    c_.diagnostics.error(tlbi.level->location,
                         "a level hint needs `ttl` among the machine's items");
    return false;
  }
  if (wanted.level < 0 || arch::hint_is_reserved(wanted, g.lpa2)) {
    c_.diagnostics.error(tlbi.level->location,
                         "a hint cannot say this level; levels 1 to 3 can be hinted");
    return false;
  }
  into = wanted;
  return true;
}

std::string StepLowering::tlbi_text(const ast::Tlbi& tlbi, const arch::TlbiMnemonic& mnemonic,
                                    const PageRange& pages) const {
  const model::Region& region = c_.program.regions[pages.region];
  std::string text = "tlbi " + std::string(arch::mnemonic_text(mnemonic).view()) + ' ';
  if (tlbi.page->root) text += std::string(tlbi.page->root->text) + ':';
  text += region.name;
  const bool several = pages.first != pages.last;
  if (region.pages > 1 || several) {
    text += '[' + std::to_string(pages.first);
    if (several) text += ".." + std::to_string(pages.last);
    text += ']';
  }
  if (tlbi.level) text += " level " + std::to_string(level_of(*tlbi.level, c_.machine.geometry));
  if (tlbi.tag) text += " asid " + std::to_string(*tlbi.tag);
  return text;
}

bool StepLowering::lower_tlbi_pages(const ast::Step& step, const ast::Tlbi& tlbi,
                                    const arch::TlbiMnemonic& mnemonic, const PageRange& pages) {
  std::optional<arch::LevelHint> level;
  if (!read_hint(tlbi, level)) return false;
  const unsigned page_lg2 = arch::page_lg2(c_.machine.geometry.granule);
  arch::OperandRequest request{.asid = tlbi.tag.value_or(c_.program.roots[pages.root].tag),
                               .hint = level};
  const std::string name(arch::mnemonic_text(mnemonic).view());
  for (std::uint32_t page = pages.first; page <= pages.last; ++page) {
    request.address = c_.program.regions[pages.region].base + (std::uint64_t{page} << page_lg2);
    const PageRange one{pages.region, page, page, pages.root};
    if (!emit(step, model::op::Tlbi{name, arch::encode_operand(mnemonic, request)},
              tlbi_text(tlbi, mnemonic, one))) {
      return false;
    }
  }
  return true;
}

// Range operations from the largest down, single ones for odd pages.
bool StepLowering::lower_tlbi_range(const ast::Step& step, const ast::Tlbi& tlbi,
                                    const arch::TlbiMnemonic& mnemonic, const PageRange& pages) {
  std::optional<arch::LevelHint> level;
  if (!read_hint(tlbi, level)) return false;
  const arch::Geometry& g = c_.machine.geometry;
  const std::uint64_t base = c_.program.regions[pages.region].base;
  const unsigned page_lg2 = arch::page_lg2(g.granule);
  arch::RangeRequest request{.start = base + (std::uint64_t{pages.first} << page_lg2),
                             .pages = pages.last - pages.first + 1,
                             .asid = tlbi.tag.value_or(c_.program.roots[pages.root].tag)};
  if (level) request.level_hint = level->level;
  arch::TlbiMnemonic single = mnemonic;
  single.range = false;
  arch::RangeSplitter splitter(single, request, g, c_.machine.features);
  while (const auto part = splitter.next()) {
    const auto first = static_cast<std::uint32_t>((part->start - base) >> page_lg2);
    const auto last = static_cast<std::uint32_t>(first + part->pages - 1);
    model::op::Tlbi operation{std::string(arch::mnemonic_text(part->mnemonic).view()),
                              part->operand};
    if (!emit(step, std::move(operation),
              tlbi_text(tlbi, part->mnemonic, {pages.region, first, last, pages.root}))) {
      return false;
    }
  }
  return true;
}

}  // namespace amalgam::lang::scenario
