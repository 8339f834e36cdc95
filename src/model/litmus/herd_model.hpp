// Arm's axiomatic model of virtual memory as herd7 ships it, transcribed.
//
// Source: aarch64.cat of herdtools7 as of the snapshot for issue M.d of the Arm ARM (ea8aa58f),
// with the aarch64hwreqs.cat and aarch64deps.cat that go with it (TLBI among the sources of DSB-ob,
// IFB-ob, lmws). A fork of these (545a9e14) adds two orders for data picked into a write before a
// context synchronisation; published verdicts say otherwise, so they are not here. Relations have
// the names of the cat files. Precedence is that of cat: `&` binds tighter than `;`.
#pragma once

#include <set>
#include <string_view>

#include "model/litmus/execution.hpp"
#include "model/litmus/herd_model_bbm.hpp"
#include "model/litmus/herd_model_events.hpp"
#include "model/litmus/herd_model_local.hpp"
#include "model/litmus/herd_model_parts.hpp"
#include "model/litmus/herd_model_tlbi.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

class HerdModel {
 public:
  // Computes everything that depends neither on rf nor on co. `skeleton` must outlive the model.
  HerdModel(const Skeleton& skeleton, const ModelOptions& options);

  // The model with some parts left out, so that a test sees what each part is there for.
  HerdModel(const Skeleton& skeleton, const ModelOptions& options, HerdParts parts);

  // Whether an execution with these rf and co is consistent for some order between TLBIs and
  // descriptor reads; if not, the first axiom that it breaks: an internal one, "atomic", or
  // "external", which every such order breaks.
  [[nodiscard]] Refusal judge(const Candidate& candidate) const;

  // A quick necessary condition on a part of rf (0xff for reads whose write is open) and of co:
  // false means that no rf and co that contain them are consistent.
  [[nodiscard]] bool may_be_consistent(const Candidate& part) const;

  // judge(), and the events of a cycle of ordered-before where one needs no guess about TLBIs.
  [[nodiscard]] Refusal explain(const Candidate& candidate) const;

  // The flags of a consistent execution, by herd's names: "Warning-BBM-expected".
  void add_flags(const Candidate& candidate, std::set<std::string_view>& flags) const;

 private:
  // co with what no execution can do without: initial writes first, and the writes of one thread to
  // one location in program order (coWW).
  [[nodiscard]] Relation least_co(Relation co) const;
  // ca = fr | co
  [[nodiscard]] Relation coherence_after(const Candidate& candidate, const Relation& co) const;

  // The edges of ob before closure, without what TLBI-after adds.
  [[nodiscard]] Relation ordered(const Candidate& candidate, const Relation& ca) const;
  void add_exp_haz_ob(const Relation& ca, Relation& ob) const;
  void add_exp_obs(const Candidate& candidate, const Relation& ca, Relation& ob) const;
  void add_ttd_obs(const Candidate& candidate, const Relation& ca, Relation& ob) const;

  // The first axiom of internal visibility that is broken; nullptr if none is.
  [[nodiscard]] const char* broken_internally(const Candidate& candidate, const Relation& ca) const;
  [[nodiscard]] bool breaks_co_rw1(const Candidate& candidate, const Relation& before) const;
  [[nodiscard]] bool breaks_atomic(const Relation& ca) const;

  [[nodiscard]] bool has(HerdPart part) const { return parts_.has(part); }

  const Skeleton& skeleton_;
  HerdParts parts_;
  HerdEvents events_;
  HerdLocal local_;
  TlbiAfter tlbi_after_;
  BreakBeforeMake bbm_;
  EventSet writes_;             // W, without initial writes
  EventSet uncacheable_walks_;  // range([TLBUncacheable & FAULT]; tr-ib^-1; [Imp & TTD & R])
  Relation read_read_, read_write_, write_write_, write_read_;  // po & same-loc, both Exp
  Relation exp_rmw_;                                            // [Exp & R]; rmw; [Exp & W]
  Relation always_;  // the edges of ob that every candidate has
};

}  // namespace amalgam::model::litmus
