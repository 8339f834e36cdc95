// What Linux 7.3 does for the same question, by its sources, and what Arm says of it.
#pragma once

#include <string_view>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "hvo/cost.hpp"

namespace amalgam::hvo {

// Counts of Linux 7.3 (mm/hugetlb_vmemmap.c, arch/arm64/include/asm/tlbflush.h): blocks split one
// by one; then the head to a copy and each tail to the shared page, one store each; one flush for a
// huge page alone, two of everything for a batch. Barriers are those of flushes: DSB, DSB, ISB;
// what set_pte adds is not counted.
Costs linux_share(const Question& question);
Costs linux_restore(const Question& question);

// One kind of store that it makes to live tables, and what Arm requires for it at the question's
// FEAT_BBM level.
struct LinuxStep {
  std::string_view text;
  arch::Change change;
};
std::vector<LinuxStep> linux_steps(const Question& question);

}  // namespace amalgam::hvo
