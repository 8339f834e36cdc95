// Compiles the part of a program that can affect some input pages into a Slice.
//
// Steps: walk paths to nodes and cells; the relevant operations; the values that each descriptor
// may hold (a fixed point over read-modify-writes and hardware updates); entries; events and their
// order; what pairs of entries do to each other.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "model/check.hpp"
#include "model/program_index.hpp"
#include "model/slice.hpp"

namespace amalgam::model {

// What a slice is about.
struct SliceRequest {
  std::vector<std::uint64_t> addresses;    // the pages whose translations are explored
  std::vector<std::uint64_t> environment;  // pages that may write their frames
  std::vector<FrameId> frames;             // pages that a condition reads by output address
  std::vector<std::uint32_t> conditions;   // agents whose conditions are judged
  bool conditions_only = false;            // nothing else is: the pages have slices of their own
  std::uint64_t companion = kNoAddress;    // another member of the contiguous group, or none
};

struct SliceSettings {
  std::uint8_t bbm = 0;
  arch::Ets ets = arch::Ets::kNone;
  Assumptions assumptions;
  bool symmetry = true;
  Mutation mutation = Mutation::kNoMutation;
};

// Cost: linear in the operations that touch the pages, and in the barriers between them.
class SliceBuilder {
 public:
  SliceBuilder(const ProgramIndex& index, const SliceSettings& settings);
  Slice build(const SliceRequest& request);

 private:
  using RawSet = std::set<std::uint64_t>;
  struct CellDraft {
    CellId cell = kNone;
    std::uint8_t va_point = kNoIndex;
    std::uint8_t node = kNoIndex;
    bool companion = false;
    bool may_be_junk = false;
  };

  // --- paths
  void add_va_points(const SliceRequest& request);
  bool add_va_point(std::uint64_t address, bool primary);
  void trace_paths(std::uint8_t va_point);
  std::uint8_t trace(std::uint8_t va_point, TableId table, int level, std::uint64_t companion);
  std::uint8_t add_node(std::uint8_t va_point, CellId cell, int level, std::uint64_t companion);
  CellId cell_for(TableId table, std::uint64_t va, int level) const;
  bool is_fixed(CellId cell) const;
  bool table_lives(TableId table) const;
  std::uint8_t draft(CellId cell, std::uint8_t va_point, std::uint8_t node, bool companion);

  // --- relevant operations
  void gather_ops();
  void gather_page_ops(std::uint8_t page);
  void gather_invalidations();
  void gather_reliances();
  [[nodiscard]] bool is_freed(PageRef page) const;
  void add_ops(const std::vector<OpRef>& refs);

  // --- values
  bool add_value(CellId cell, std::uint64_t raw);
  bool grow_values();
  bool grow_from(const Op& op, std::uint32_t agent);
  bool grow_copy(const op::CopyTables& copy);
  bool grow_windows(const Op& op);
  bool grow_sources(const Op& op, std::uint32_t agent);
  bool grow_by_hardware();
  bool grow_paths();
  RawSet register_raws(std::uint32_t agent, RegisterId reg) const;
  RawSet evaluate(std::uint32_t agent, const DescriptorExpr& expr) const;
  std::uint8_t draft_of(CellId cell) const;

  // --- entries and pages
  std::uint8_t page_index(PageRef page);
  void freeze_cells();
  CellValue make_value(const CellDraft& d, std::uint64_t raw, bool junk);
  void add_entries(std::uint8_t cell);
  void add_entry(std::uint8_t cell, ValueIndex value, std::uint16_t tag, bool global);
  std::set<std::uint16_t> tags_of(std::uint8_t va_point) const;
  std::uint8_t raw_id(std::uint64_t raw);
  std::uint8_t value_index(ValueId value);
  std::uint64_t target_of(const CellDraft& d, std::uint64_t raw, int level) const;

  // --- agents and observers
  void add_walkers();
  void add_roots();
  void add_observers();
  void classify_walkers();

  const ProgramIndex& index_;
  const Program& program_;
  SliceSettings settings_;
  Slice slice_;
  std::vector<CellDraft> drafts_;
  std::map<CellId, std::uint8_t> draft_of_cell_;                           // the first
  std::map<std::pair<std::uint8_t, CellId>, std::uint8_t> draft_of_view_;  // by address
  std::map<CellId, RawSet> raws_;
  std::map<std::pair<std::uint8_t, CellId>, std::uint8_t> node_of_cell_;
  std::map<std::uint64_t, std::uint8_t> page_of_key_;
  std::set<OpRef> ops_;
  std::set<OpRef> new_ops_;  // found while values grow, taken up in the next round
  std::uint64_t companion_ = kNoAddress;
};

// Adds the agents' events to a slice whose cells and entries are known, and the conditions of the
// agents in `conditions`. `ops`: the relevant operations in program order.
void add_events(const ProgramIndex& index, const SliceSettings& settings,
                const std::set<OpRef>& ops, const std::vector<std::uint32_t>& conditions,
                Slice& slice);

// Fills Slice::conflicts from the architecture's change table.
void add_conflicts(const Program& program, Slice& slice);

}  // namespace amalgam::model
