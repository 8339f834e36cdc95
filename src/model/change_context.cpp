#include "model/change_context.hpp"

#include "amalgam/arch/descriptor.hpp"

namespace amalgam::model {

arch::ChangeContext change_context(const Program& program, const Slice& slice) {
  arch::ChangeContext context;
  context.geometry = program.machine.geometry;
  context.features = program.machine.features;
  context.features.bbm = slice.bbm;
  context.features.ets = slice.ets;
  context.any_hardware_af = program.machine.features.hardware_af;
  context.any_hardware_dirty = program.machine.features.hardware_dirty;
  const Assumptions& a = slice.assumptions;
  context.assumptions.size_and_permission_legal_at_2 = a.is_default(Assumption::kSizeAndPermission);
  context.assumptions.tagged_is_permission_like = a.is_default(Assumption::kTaggedIsPermission);
  context.assumptions.table_copy_needs_break = !a.is_default(Assumption::kTableCopyNeedsBreak);
  context.assumptions.af_clear_is_break_with_hardware_af =
      !a.is_default(Assumption::kAfClearIsBreak);
  context.assumptions.hints_are_not_cacheability =
      a.is_default(Assumption::kHintsAreNotCacheability);
  context.assumptions.mixture_at_every_level = a.is_default(Assumption::kMixtureAtEveryLevel);
  context.assumptions.global_to_non_global_in_place =
      a.is_default(Assumption::kGlobalToNonGlobalInPlace);
  context.assumptions.hierarchical_is_permission_like =
      a.is_default(Assumption::kHierarchicalIsPermission);
  context.assumptions.other_is_permission_like = a.is_default(Assumption::kOtherIsPermission);
  return context;
}

arch::Entry arch_entry(const Slice& slice, const arch::Geometry& geometry, const Entry& entry) {
  const SliceCell& cell = slice.cells[entry.cell];
  arch::Descriptor d{cell.values[entry.value].raw};
  if (cell.companion && entry.leaf) {
    const std::uint64_t base =
        entry.output_address & ~(arch::level_size_bytes(geometry, cell.level) - 1);
    d = arch::with_output_address(geometry, d, cell.level, base);
  }
  return {d, cell.level};
}

}  // namespace amalgam::model
