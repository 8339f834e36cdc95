// The tables of one root: what can be done with them. Include page_table.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/change.hpp"
#include "amalgam/pgtable/collapse.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/fold.hpp"
#include "amalgam/pgtable/map.hpp"
#include "amalgam/pgtable/mappings.hpp"
#include "amalgam/pgtable/marks.hpp"
#include "amalgam/pgtable/move.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/prune.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/split.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/unmap.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// What an input address leads to.
struct Translation {
  std::uint64_t output = 0;
  int level = arch::kPageLevel;
  std::uint64_t raw = 0;  // the leaf
};

// Where a range is to go.
struct Move {
  std::uint64_t output = 0;
  Attributes attributes;
  Carry carry = Carry::kNothing;
};

// One root and everything below it. The geometry is fixed at compile time, so that levels that it
// folds away cost nothing.
//
// Before activate() nobody walks the tables, and every change is a plain store. From then on the
// rules for live tables hold. Callers serialise changes to one root by a lock of theirs (install()
// alone needs less); hardware may walk, and update AF and dirty state, all the time.
//
// Addresses are input addresses as the CPU sees them, canonical for their half; sizes are bytes.
//
// An operation that changes live leaves has a plan_ twin, which reads and asks, changes nothing,
// and says what will be done or which rule stands in the way. The operation plans, takes the table
// pages that it needs, and only then changes anything: a failure leaves the tables as they were.
// What it leaves stale is in the caller's batch; what was denied may be relied upon, and pages may
// be reused, once the batch is flushed.
template <arch::Geometry kGeometry, Port P>
class PageTable {
 public:
  struct Config {
    Half half = Half::kLower;
    arch::Features features = {};
    TlbContext tlb = {};
    Knowledge knowledge = {};
  };
  using Batch = FlushBatch<kGeometry, P>;

  // Tables whose root is the page, or the concatenated pages, at `root`. `config.tlb.half` is taken
  // from `config.half`.
  PageTable(P& port, PhysicalAddress root, const Config& config)
      : config_(config),
        site_{port, root, false, config.tlb.single_cpu,
              change_context<kGeometry>(config.features, config.knowledge)} {
    config_.tlb.half = config.half;
  }

  // Zeroes the root. Only before activate().
  void clear_root();

  // From here on hardware may walk the tables. On return everything written so far is visible to
  // walks of every CPU (DSB ISHST) and of this one (ISB).
  void activate();
  [[nodiscard]] bool is_live() const { return site_.live; }

  // A batch for changes to these tables. It must not outlive them.
  [[nodiscard]] Batch batch() { return Batch(site_.port, config_.features, config_.tlb); }

  // Maps [va, va + bytes) to `output` on, with the largest leaves that addresses and `sizes` allow.
  // Fails, with nothing changed, where something is mapped already, where an entry is invalid but
  // not zero, which may mean something to the caller, or where table pages run out. `batch` is
  // flushed first if it holds anything of the range, for the old and the new leaf would else be one
  // direct change. On return walks of every CPU see the mapping (DSB ISHST), and this CPU's later
  // instructions use it (ISB). Cost: one load for each descriptor on the way, one store for each
  // that is written, one view and at most one barrier for each new table.
  Status map(std::uint64_t va, std::uint64_t bytes, std::uint64_t output,
             const Attributes& attributes, Batch& batch, const LeafSizes& sizes = {},
             MapCost* cost = nullptr);

  // Takes away whatever [va, va + bytes) maps; holes are fine. Tables that the range covers wholly
  // are freed once the batch is flushed. Until then accesses may still succeed, and hardware may
  // still mark pages dirty that are below a table: harvest before, with stores denied.
  Status unmap(std::uint64_t va, std::uint64_t bytes, Batch& batch, const Permits& permits = {});
  [[nodiscard]] Plan plan_unmap(std::uint64_t va, std::uint64_t bytes,
                                const Permits& permits = {}) const;

  // Frees the tables below [va, va + bytes) that hold nothing any more, once the batch is flushed.
  // Nobody may install() meanwhile. Cost: reads every table that it finds.
  Status prune(std::uint64_t va, std::uint64_t bytes, Batch& batch);

  // Gives every leaf of [va, va + bytes) the attributes, whatever it maps to. What is not mapped
  // stays so. A leaf that is accessed stays so, and one that is dirty as long as dirty state is
  // tracked before and after.
  Status protect(std::uint64_t va, std::uint64_t bytes, const Attributes& attributes,
                 const Permits& permits, Batch& batch);
  [[nodiscard]] Plan plan_protect(std::uint64_t va, std::uint64_t bytes,
                                  const Attributes& attributes, const Permits& permits) const;

  // Any change of leaves that keeps their sizes: f(const Leaf&) -> new descriptor (see Changer).
  template <typename F>
  Status change(std::uint64_t va, std::uint64_t bytes, const F& f, const Permits& permits,
                Batch& batch);
  template <typename F>
  [[nodiscard]] Plan plan_change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                 const Permits& permits) const;

  // Moves what [va, va + bytes) maps, holes left out, to `move.output` on.
  Status remap(std::uint64_t va, std::uint64_t bytes, const Move& move, const Permits& permits,
               Batch& batch);
  [[nodiscard]] Plan plan_remap(std::uint64_t va, std::uint64_t bytes, const Move& move,
                                const Permits& permits) const;

  // Splits blocks and groups so that leaves begin and end at both ends of the range; or, below, so
  // that no leaf in the range is larger than one of `level` and none is in a group.
  Status split(std::uint64_t va, std::uint64_t bytes, const Permits& permits, Batch& batch);
  [[nodiscard]] Plan plan_split(std::uint64_t va, std::uint64_t bytes,
                                const Permits& permits) const;
  Status refine(std::uint64_t va, std::uint64_t bytes, int level, const Permits& permits,
                Batch& batch);
  [[nodiscard]] Plan plan_refine(std::uint64_t va, std::uint64_t bytes, int level,
                                 const Permits& permits) const;

  // Replaces tables by blocks, where the range covers a table and its leaves add up to one. Nothing
  // to collapse is no failure: plan_collapse says how many there are.
  Status collapse(std::uint64_t va, std::uint64_t bytes, const Permits& permits, Batch& batch);
  [[nodiscard]] Plan plan_collapse(std::uint64_t va, std::uint64_t bytes,
                                   const Permits& permits) const;

  // Makes contiguous groups of what the range covers and can be, or takes apart those that have
  // something in the range.
  Status fold(std::uint64_t va, std::uint64_t bytes, const Permits& permits, Batch& batch);
  [[nodiscard]] Plan plan_fold(std::uint64_t va, std::uint64_t bytes, const Permits& permits) const;
  Status unfold(std::uint64_t va, std::uint64_t bytes, const Permits& permits, Batch& batch);
  [[nodiscard]] Plan plan_unfold(std::uint64_t va, std::uint64_t bytes,
                                 const Permits& permits) const;

  // Clears the access flag, or the dirty state where it is tracked, of leaves that have something
  // in the range, and calls f(va, bytes) for each leaf or group that had it. A page may be taken
  // for clean once the batch is flushed; ageing may leave the flush out.
  template <typename F>
  Status age(std::uint64_t va, std::uint64_t bytes, Batch& batch, const F& f);
  template <typename F>
  Status harvest_dirty(std::uint64_t va, std::uint64_t bytes, Batch& batch, const F& f);

  // Maps one leaf of `level` where nothing is, without the lock: several CPUs may install at once,
  // as long as nobody who holds the lock frees tables meanwhile. Fails with kAlreadyMapped where
  // another was first, or a table is in the place of a block. What of the range is stale must have
  // been flushed before. On return as map(); whoever was not first may take one more fault, for
  // nothing has ordered the other's leaf before its walks.
  Status install(std::uint64_t va, int level, std::uint64_t output, const Attributes& attributes);

  // What `va` leads to now, by a walk of memory; nothing where a walk would fault.
  [[nodiscard]] std::optional<Translation> query(std::uint64_t va) const;

  // Calls f(const MappedRun&) for what a range maps; writes it to sink(std::string_view), a line a
  // run.
  template <typename F>
  Status for_each_mapping(std::uint64_t va, std::uint64_t bytes, F&& f) const;
  template <typename Sink>
  Status dump(std::uint64_t va, std::uint64_t bytes, Sink&& sink) const;

  [[nodiscard]] PhysicalAddress root() const { return site_.root; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] Site<kGeometry, P>& site() { return site_; }

 private:
  static constexpr int kStart = arch::start_level(kGeometry);

  struct RemapTarget {
    std::uint64_t offset;
    constexpr std::uint64_t operator()(std::uint64_t input) const { return input + offset; }
  };
  using RangeMover = Mover<kGeometry, P, RemapTarget>;

  [[nodiscard]] Status range_of(std::uint64_t va, std::uint64_t bytes, Range& range) const {
    return to_range(kGeometry, config_.half, va, bytes, range);
  }
  [[nodiscard]] Status located(Status status) const {
    if (!status.ok()) status.va |= half_bits(kGeometry, config_.half);
    return status;
  }
  template <typename F>
  [[nodiscard]] Plan planned(std::uint64_t va, std::uint64_t bytes, const F& f) const;
  template <typename F>
  Status commit(std::uint64_t va, std::uint64_t bytes, const Plan& plan, const Permits& permits,
                Batch& batch, const F& f);
  [[nodiscard]] Status check_output(std::uint64_t va, std::uint64_t bytes,
                                    std::uint64_t output) const;
  [[nodiscard]] RangeMover mover(const Range& range, const Move& move,
                                 const Permits& permits) const;
  [[nodiscard]] Range with_whole_leaves(const Range& range) const;
  [[nodiscard]] auto with_attributes(const Attributes& attributes) const;
  template <typename F>
  Status harvest(Mark mark, std::uint64_t va, std::uint64_t bytes, Batch& batch, const F& f);
  Status count(const Range& range, const Mapping& mapping, std::uint64_t& tables) const;

  Config config_;
  Site<kGeometry, P> site_;
};

}  // namespace amalgam::pgtable
