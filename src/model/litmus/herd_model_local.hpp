// What herd's AArch64 model orders inside one thread: aarch64deps.cat and aarch64hwreqs.cat.
#pragma once

#include "model/litmus/execution.hpp"
#include "model/litmus/herd_model_events.hpp"
#include "model/litmus/herd_model_parts.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

// The relations that depend on neither rf nor co, computed once. Left out, because no litmus test
// of page tables has their events: tag checks, instruction fetch, cache lines of DC and IC.
class HerdLocal {
 public:
  HerdLocal(const Skeleton& skeleton, const HerdEvents& events, arch::Ets ets, HerdParts parts);

  [[nodiscard]] const Relation& tr_ib() const { return tr_ib_; }
  [[nodiscard]] const Relation& po_same_loc() const { return po_same_loc_; }
  [[nodiscard]] const Relation& dsb_ob() const { return dsb_ob_; }
  [[nodiscard]] const Relation& ifb_ob() const { return ifb_ob_; }
  // Transitively closed.
  [[nodiscard]] const Relation& local_hw_reqs() const { return local_hw_reqs_; }

 private:
  // aarch64loc.cat, aarch64deps.cat
  [[nodiscard]] Relation find_tr_ib() const;
  [[nodiscard]] Relation find_lmrs() const;
  [[nodiscard]] Relation find_lmws() const;
  void find_dependencies();

  // aarch64hwreqs.cat
  [[nodiscard]] Relation find_dsb_ob() const;
  [[nodiscard]] Relation find_ifb_ob() const;
  [[nodiscard]] Relation ets_ob() const;
  [[nodiscard]] Relation dob() const;
  [[nodiscard]] Relation pob() const;
  [[nodiscard]] Relation aob() const;
  [[nodiscard]] Relation bob() const;
  [[nodiscard]] Relation lob() const;
  [[nodiscard]] Relation pick_lob(const Relation& lob) const;
  [[nodiscard]] Relation find_local_hw_reqs() const;

  [[nodiscard]] bool has(HerdPart part) const { return parts_.has(part); }
  // [before]; po; [barriers]; po; [after]
  [[nodiscard]] Relation across(const EventSet& before, const EventSet& barriers,
                                const EventSet& after) const;

  const Skeleton& skeleton_;
  const HerdEvents& events_;
  arch::Ets ets_;
  HerdParts parts_;

  Relation tr_ib_;
  Relation po_same_loc_;
  Relation lmrs_;
  Relation addr_, data_, ctrl_;
  Relation pick_addr_, pick_data_, pick_ctrl_;
  Relation dsb_ob_;
  Relation ifb_ob_;
  Relation local_hw_reqs_;
};

}  // namespace amalgam::model::litmus
