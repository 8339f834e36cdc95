// Gives leaves another output address.
#pragma once

#include <cstdint>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// Where leaves go, and what they permit there. `Target` is `std::uint64_t target(std::uint64_t
// input)`: the output address for the leaf that translates from `input` on.
template <arch::Geometry kGeometry, typename Target>
struct Destination {
  Target target;
  Attributes attributes;

  [[nodiscard]] std::uint64_t operator()(const Leaf& leaf) const {
    const std::uint64_t to = leaf_descriptor(kGeometry, leaf.level, target(leaf.input), attributes);
    return with_history_of(kGeometry, to, leaf.raw) |
           (moves_as_group(leaf) ? arch::bits::kContiguous : 0);
  }

  // The contiguous bit stays where the whole group moves as one.
  [[nodiscard]] bool moves_as_group(const Leaf& leaf) const {
    if (!arch::is_contiguous(kGeometry, {leaf.raw}, leaf.level)) return false;
    const Range group = group_range(kGeometry, leaf);
    const std::uint64_t to = target(group.start);
    return (to & (group.bytes() - 1)) == 0 && to + (leaf.input - group.start) == target(leaf.input);
  }
};

// What is to be in memory behind a leaf that moves.
enum class Carry : std::uint8_t {
  kNothing,   // what is at the new address, whatever it is
  kContents,  // what was at the old one: it is copied once no store gets through
};

// Moves leaves to a Destination. An output address may change in one store only while both sides
// are read-only and memory is the same at both (R_WHZWS (2)); the steps make that so.
template <arch::Geometry kGeometry, Port P, typename Target>
class Mover {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Mover(const Site<kGeometry, P>& site, const Permits& permits, const Target& target,
        const Attributes& attributes, Carry carry)
      : site_(site), equal_(site), permits_(permits), to_{target, attributes}, carry_(carry) {
    equal_.context.contents = arch::Contents::kSame;
  }

  // In place, by break-before-make, by staging, or with the other CPUs stopped: the first of these
  // that is legal and permitted. In place and by staging only where the contents are known to be
  // equal, or carried.
  [[nodiscard]] Plan plan(const Range& range) const;
  // Carries out the plan for the same range, once no leaf sticks out of it.
  void commit(const Range& range, const Plan& plan, Batch& batch) const;

 private:
  // The steps of staging; each needs a flush of `batch` before the next.
  // 1. No store gets through any more.
  void stage(const Range& range, Batch& batch) const;
  // 2. With contents equal, and what made them so ordered before (DMB ISHST): the new address,
  // still read-only.
  void redirect(const Range& range, Batch& batch) const;
  // 3. What the attributes permit; memory may diverge from now on. Where they track dirty state the
  // leaf is dirty, for step 1 has wiped out whether it was.
  void release(const Range& range, Batch& batch) const;

  [[nodiscard]] bool is_aligned(const Range& range, Plan& plan) const;
  [[nodiscard]] bool is_apart(const Range& range, Plan& plan) const;
  [[nodiscard]] Plan plan_staging(const Range& range) const;
  [[nodiscard]] bool is_equal() const { return site_.context.contents == arch::Contents::kSame; }
  // Whether the caller bears what staging asks: nothing, where all is read-only already.
  [[nodiscard]] bool may_stage(const Plan& staging) const {
    const bool writable = staging.breaks != 0;
    return (permits_.read_only_window || !writable) && (carries() || is_equal());
  }
  [[nodiscard]] bool carries() const { return CopiesPages<P> && carry_ == Carry::kContents; }
  void copy(const Range& range) const;
  void copy_leaf(const Leaf& leaf) const;
  [[nodiscard]] auto staged() const {
    return [](const Leaf& leaf) { return read_only(kGeometry, leaf.raw); };
  }
  [[nodiscard]] auto redirected() const {
    return [this](const Leaf& leaf) { return read_only(kGeometry, to_(leaf)); };
  }
  [[nodiscard]] auto released() const {
    return [this](const Leaf& leaf) {
      const std::uint64_t raw = to_(leaf);
      const bool tracked = (raw & arch::bits::kDbm) != 0;
      return tracked ? arch::with_dirty(kGeometry, {raw}).raw : raw;
    };
  }

  const Site<kGeometry, P>& site_;
  Site<kGeometry, P> equal_;  // the same tables, with contents known to be equal
  Permits permits_;
  Destination<kGeometry, Target> to_;
  Carry carry_;
};

// A leaf can only go to a multiple of its size. Of one that sticks out, the pieces that the cuts
// leave inside the range have to; the largest of them stands for all.
template <arch::Geometry kGeometry, Port P, typename Target>
bool Mover<kGeometry, P, Target>::is_aligned(const Range& range, Plan& plan) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    std::uint64_t size = arch::level_size_bytes(kGeometry, v.level);
    std::uint64_t piece = v.input;
    for (int level = v.level; piece < v.part.start || piece + size > v.part.end;) {
      size = arch::level_size_bytes(kGeometry, ++level);
      piece = (v.part.start + size - 1) & ~(size - 1);
    }
    if ((to_.target(piece) & (size - 1)) == 0) return Step::kNext;
    plan.status = {Error::kMisaligned, v.input};
    return Step::kStop;
  });
  return plan.status.ok();
}

// Contents cannot be carried to a page that another of the range is still to be read from.
template <arch::Geometry kGeometry, Port P, typename Target>
bool Mover<kGeometry, P, Target>::is_apart(const Range& range, Plan& plan) const {
  const std::uint64_t to = to_.target(range.start);
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const std::uint64_t from =
        arch::output_address(kGeometry, {v.raw}, v.level) + (v.part.start - v.input);
    const bool meets = from < to + range.bytes() && to < from + v.part.bytes();
    if (!meets || from == to_.target(v.part.start)) return Step::kNext;
    plan.status = {Error::kOverlap, v.input};
    return Step::kStop;
  });
  return plan.status.ok();
}

template <arch::Geometry kGeometry, Port P, typename Target>
Plan Mover<kGeometry, P, Target>::plan(const Range& range) const {
  Plan plan;
  if (!is_aligned(range, plan)) return plan;
  if (carry_ == Carry::kContents && !CopiesPages<P>) {
    plan.status = {Error::kCannotCopy, range.start};
    return plan;
  }
  if (carries() && !is_apart(range, plan)) return plan;
  Permits without_stopping = permits_;
  without_stopping.stop_others = false;
  plan = Changer<kGeometry, P>(site_, without_stopping).plan(range, to_);
  if (plan.status.error == Error::kNotPermitted) {
    const Plan staging = plan_staging(range);
    if (staging.status.ok() && may_stage(staging)) return staging;
    if (permits_.stop_others) plan = Changer<kGeometry, P>(site_, permits_).plan(range, to_);
  }
  if (carries() && !is_equal()) plan.copies = range.bytes() >> arch::page_lg2(kGeometry.granule);
  return plan;
}

// Each step has to be legal in place. Step 2 is judged from what step 1 leaves.
template <arch::Geometry kGeometry, Port P, typename Target>
Plan Mover<kGeometry, P, Target>::plan_staging(const Range& range) const {
  Plan plan;
  plan.strategy = Strategy::kReadOnlyStaging;
  const auto is_in_place = [&](const Leaf& leaf, std::uint64_t was, std::uint64_t is) {
    const arch::Change change =
        equal_.classify({{was}, leaf.level}, {{is}, leaf.level}, leaf.input);
    if (equal_.route(change, {}) <= Strategy::kInPlace) return true;
    plan.status = {Error::kNotPermitted, leaf.input, change.row};
    return false;
  };
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const Leaf leaf = inside(kGeometry, {v.raw, v.level, v.input}, range);
    const std::uint64_t first = read_only(kGeometry, leaf.raw);
    const std::uint64_t second = read_only(kGeometry, to_(leaf));
    ++plan.leaves;
    ++plan.changed;
    plan.breaks += first == leaf.raw ? 0 : 1;
    const bool legal = is_in_place(leaf, leaf.raw, first) && is_in_place(leaf, first, second) &&
                       is_in_place(leaf, second, released()(leaf));
    return legal ? Step::kNext : Step::kStop;
  });
  if (!is_equal()) plan.copies = range.bytes() >> arch::page_lg2(kGeometry.granule);
  return plan;
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::stage(const Range& range, Batch& batch) const {
  Changer<kGeometry, P>(equal_, {}).commit(range, staged(), Strategy::kInPlace, batch);
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::redirect(const Range& range, Batch& batch) const {
  Changer<kGeometry, P>(equal_, {}).commit(range, redirected(), Strategy::kInPlace, batch);
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::release(const Range& range, Batch& batch) const {
  Changer<kGeometry, P>(equal_, {}).commit(range, released(), Strategy::kInPlace, batch);
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::copy_leaf(const Leaf& leaf) const {
  if constexpr (CopiesPages<P>) {
    const std::uint64_t from = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    const std::uint64_t size = arch::level_size_bytes(kGeometry, leaf.level);
    for (std::uint64_t at = 0; at < size; at += arch::page_bytes(kGeometry.granule)) {
      site_.port.copy_page(from + at, to_.target(leaf.input) + at);
    }
  }
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::copy(const Range& range) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    copy_leaf({v.raw, v.level, v.input});
    return Step::kNext;
  });
}

template <arch::Geometry kGeometry, Port P, typename Target>
void Mover<kGeometry, P, Target>::commit(const Range& range, const Plan& plan, Batch& batch) const {
  if (plan.strategy == Strategy::kReadOnlyStaging) {
    stage(range, batch);
    batch.flush_within();
    if (plan.copies != 0) copy(range);
    site_.order_before_link();
    redirect(range, batch);
    batch.flush_within();
    release(range, batch);
    return;
  }
  const Changer<kGeometry, P> changer(site_, permits_);
  if (plan.strategy <= Strategy::kInPlace) {
    if (plan.copies != 0) copy(range);
    // What has made the contents equal, here or at the caller's, is there before the new address.
    if (site_.live) site_.order_before_link();
    changer.commit(range, to_, plan.strategy, batch);
  } else if (plan.copies == 0) {
    changer.commit(range, to_, plan.strategy, batch);
  } else {
    changer.commit(range, to_, plan.strategy, batch, [this](const Leaf& leaf) { copy_leaf(leaf); });
  }
}

}  // namespace amalgam::pgtable
