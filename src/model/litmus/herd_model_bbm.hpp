// When herd says that a break-before-make sequence was needed and is missing: aarch64bbm.cat.
#pragma once

#include "model/litmus/execution.hpp"

namespace amalgam::model::litmus {

// The flag looks at values alone: at what descriptors hold and at what the pages hold that they
// point to. It does not change what is allowed. A permission change never needs the sequence.
//
// BBM and the two TLB sets are as in the cat files. The text of what counts as an update
// (TTD-update-BBM-cand) was not at hand in its present form: when a new output address counts is
// written from a description of it, and held to the flags that are published.
class BreakBeforeMake {
 public:
  // `skeleton` must outlive the object.
  explicit BreakBeforeMake(const Skeleton& skeleton);

  // Whether any two values of one descriptor in the skeleton ask for the sequence; if not, the
  // execution raises no flag whatever its rf and co.
  [[nodiscard]] bool can_be_needed() const { return can_be_needed_; }

  // TTD-update-needsBBM: [TLBCacheableTTD]; ca; [TLBCacheableTTD] with another memory type,
  // shareability, cacheability or output address.
  [[nodiscard]] Relation update_needs_bbm(const Relation& ca) const;

  // Whether some pair of `needed` is not in BBM: [TLBCacheableTTD]; ca; [TLBUncacheableTTD]; ob;
  // [TLBI]; ob & inv-scope; [TLBCacheableTTD]. Never turns true for a wider `ob`.
  [[nodiscard]] bool lacks_bbm(const Relation& needed, const Relation& ca,
                               const Relation& ob) const;

 private:
  [[nodiscard]] bool differs(unsigned from, unsigned to) const;
  [[nodiscard]] bool is_writable(Value descriptor) const;
  [[nodiscard]] bool contents_differ(Address page_a, Address page_b) const;
  [[nodiscard]] bool has_bbm(unsigned from, unsigned to, const Relation& ca,
                             const Relation& ob) const;

  const Skeleton& skeleton_;
  bool hardware_af_ = false;     // of any thread
  bool hardware_dirty_ = false;  // of any thread
  EventSet cacheable_;           // TLBCacheableTTD
  EventSet uncacheable_;         // TLBUncacheableTTD
  Relation differs_;             // two cacheable values of one descriptor
  Relation in_scope_;            // [TLBI]; inv-scope; [TLBCacheableTTD]
  bool can_be_needed_ = false;
};

}  // namespace amalgam::model::litmus
