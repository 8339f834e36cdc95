// What the TLBIs and notifications of a program remove of the entries of a slice, and which of them
// a slice can do without.
#pragma once

#include <cstdint>
#include <vector>

#include "amalgam/arch/tlbi.hpp"
#include "model/slice_builder.hpp"

namespace amalgam::model {

// Of a slice whose entries are known. Every answer is linear in them.
class Invalidations {
 public:
  Invalidations(const ProgramIndex& index, const SliceSettings& settings, const Slice& slice)
      : index_(index), program_(index.program()), settings_(settings), slice_(slice) {}

  // The entries that the operation removes from a TLB; with `combined`, of those that combine both
  // stages.
  [[nodiscard]] Mask covered(const arch::TlbiOperation& operation, bool combined) const;
  // The entries of a device's ATC that an invalidation of the range surely drops.
  [[nodiscard]] Mask notified(const op::Notify& o, const Device& device) const;
  // Of an agent's relevant operations, ascending, those that a slice needs.
  [[nodiscard]] std::vector<std::uint32_t> thinned(
      std::uint32_t agent, const std::vector<std::uint32_t>& relevant) const;

 private:
  [[nodiscard]] arch::TlbiOperation mutated(arch::TlbiOperation operation) const;

  const ProgramIndex& index_;
  const Program& program_;
  const SliceSettings& settings_;
  const Slice& slice_;
};

}  // namespace amalgam::model
