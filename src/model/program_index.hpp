// Where in a program each descriptor, page and address is touched, so that a slice of a large
// program is found without reading all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "amalgam/arch/tlbi.hpp"
#include "model/cell_values.hpp"
#include "model/program.hpp"

namespace amalgam::model {

// An operation of an agent, in program order.
struct OpRef {
  std::uint32_t agent = 0;
  std::uint32_t op = 0;
  friend auto operator<=>(const OpRef&, const OpRef&) = default;
};

class ProgramIndex {
 public:
  explicit ProgramIndex(const Program& program);

  [[nodiscard]] const Program& program() const { return *program_; }

  // Operations that read or write the cell.
  [[nodiscard]] const std::vector<OpRef>& of_cell(CellId cell) const;
  // Reads of a descriptor into a register of an agent.
  [[nodiscard]] const std::vector<OpRef>& reads_into(std::uint32_t agent, RegisterId reg) const;
  // Operations that touch the page as a whole: copy to it, zero, allocate, free, access by address.
  [[nodiscard]] const std::vector<OpRef>& of_page(PageRef page) const;
  // Copies from the frame to wherever.
  [[nodiscard]] const std::vector<OpRef>& copies_out_of(FrameId frame) const;
  // Accesses by input address, descriptor writes through a window among them.
  [[nodiscard]] const std::vector<OpRef>& of_va(std::uint64_t va_page) const;
  // Invalidations and notifications that may reach the page at `va`: candidates, to be decoded.
  [[nodiscard]] std::vector<OpRef> invalidations_of(std::uint64_t va) const;
  // The same for a span of addresses, last inclusive.
  [[nodiscard]] std::vector<OpRef> invalidations_within(std::uint64_t first,
                                                        std::uint64_t last) const;
  // Operations that belong to every slice: locks, stops, interrupts, root writes, table copies.
  [[nodiscard]] const std::vector<OpRef>& everywhere() const { return everywhere_; }

  // Whether some operation assumes what it reads. Such operations are in everywhere() too: a run
  // that refutes one of them is no run of the program, whatever it shows.
  [[nodiscard]] bool has_assumptions() const { return has_assumptions_; }
  // Addresses whose walks may make hardware update a descriptor that some operation assumes.
  [[nodiscard]] std::vector<std::uint64_t> addresses_of_assumptions() const;

  // Frames that are freed and touched by output address, and that no leaf ever names.
  [[nodiscard]] std::vector<FrameId> unmapped_freed_frames() const;
  // The frame or table at an output address, or nothing.
  [[nodiscard]] std::optional<PageRef> page_at(std::uint64_t address) const;
  // Pages of input address whose declared mapping or a written leaf names the frame writably.
  [[nodiscard]] const std::vector<std::uint64_t>& writable_aliases(FrameId frame) const;

  // Positions of the barriers of an agent, ascending, and the kinds that occur in [from, to).
  [[nodiscard]] const std::vector<std::uint32_t>& barriers(std::uint32_t agent) const {
    return barriers_[agent];
  }
  [[nodiscard]] std::uint32_t barrier_kinds(std::uint32_t agent, std::uint32_t from,
                                            std::uint32_t to) const;

  // The decoded TLBI of an operation, or nothing if the mnemonic is not one.
  [[nodiscard]] std::optional<arch::TlbiOperation> decode(const op::Tlbi& tlbi) const;

  // What a table copy to root `to` stores for a descriptor that it read: a table descriptor names
  // the copy's own table where it has one, everything else is taken over.
  [[nodiscard]] std::uint64_t copied(std::uint64_t raw, int level, RootId to) const;
  // The table below a descriptor, or kNone.
  [[nodiscard]] TableId table_below(std::uint64_t raw, int level) const;

  // The level at which the address belongs to a group whose members ever have the contiguous bit.
  [[nodiscard]] std::optional<int> contiguous_level(std::uint64_t va) const;

  [[nodiscard]] std::uint64_t granule_bytes() const { return granule_bytes_; }
  [[nodiscard]] std::uint64_t page_of(std::uint64_t va) const { return va & ~(granule_bytes_ - 1); }

 private:
  void add(const Op& op, OpRef ref);
  bool add_maintenance(const Op& op, OpRef ref);
  void add_assumption(const Op& op, OpRef ref);
  void add_invalidation(std::uint64_t start, std::uint64_t end, OpRef ref);
  void add_alias(std::uint64_t raw, int level, CellId cell);
  void add_named(std::uint64_t raw, int level);
  void add_group(std::uint64_t raw, int level, CellId cell);
  void place_cells(TableId table, int level, std::uint64_t va);
  void index_barriers();
  void index_pages();
  void index_aliases();

  const Program* program_;
  std::uint64_t granule_bytes_;
  std::unordered_map<CellId, std::vector<OpRef>> cells_;
  std::unordered_map<std::uint64_t, std::vector<OpRef>> pages_;
  std::unordered_map<FrameId, std::vector<OpRef>> copies_out_;
  std::unordered_map<std::uint64_t, std::vector<OpRef>> reads_into_;
  std::vector<FrameId> freed_;
  std::unordered_set<FrameId> named_;  // by some leaf
  std::unordered_map<std::uint64_t, std::vector<OpRef>> vas_;
  std::unordered_map<std::uint64_t, std::vector<OpRef>> narrow_;  // invalidations by page
  struct Wide {
    std::uint64_t start;
    std::uint64_t last;
    OpRef ref;
  };
  std::vector<Wide> wide_;
  std::vector<OpRef> everywhere_;
  bool has_assumptions_ = false;
  std::unordered_map<std::uint64_t, PageRef> addresses_;
  std::unordered_map<FrameId, std::vector<std::uint64_t>> aliases_;
  std::unordered_map<CellId, std::vector<std::uint64_t>> cell_vas_;  // that it translates
  CellValues values_;
  std::unordered_map<std::uint64_t, int> groups_;  // first address of a contiguous group: level
  std::vector<std::vector<std::uint32_t>> barriers_;
  std::vector<std::vector<std::uint32_t>> barrier_bits_;
};

}  // namespace amalgam::model
