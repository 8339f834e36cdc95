// How AArch64 hardware walks page tables: 4 KB granule, 48 bits, one or two stages.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "amalgam/arch/descriptor.hpp"
#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

inline constexpr Address kPageMask = 0xfff;

// Where a walk learns what a descriptor holds.
class DescriptorSource {
 public:
  DescriptorSource() = default;
  DescriptorSource(const DescriptorSource&) = delete;
  DescriptorSource& operator=(const DescriptorSource&) = delete;
  virtual ~DescriptorSource() = default;

  virtual Value read_descriptor(Address descriptor) = 0;
};

struct WalkRequest {
  Address va = 0;
  arch::Regime regime = arch::Regime::kEl10;
  bool from_el0 = false;
  bool write = false;
  bool two_stages = false;
  int start_level = 0;
  Value root = 0;   // TTBR: bits 47:1 hold the table
  Value vttbr = 0;  // of two stages
};

// Why a walk stopped.
struct WalkFault {
  FaultType type = FaultType::kTranslation;
  arch::Stage stage = arch::Stage::kStage1;
  int level = 0;
  Address ipa = 0;             // stage 2: what could not be translated
  bool on_table_walk = false;  // stage 2, while reading a stage 1 table
};

// One descriptor read. The walk fills in stage, level, addresses and what the value turned out to
// be; which translation it belongs to is for the caller to say.
struct WalkStep {
  Address descriptor = 0;
  Value value = 0;
  WalkInfo info;
};

struct WalkOutcome {
  std::optional<WalkFault> fault;
  Address pa = 0;
  Value leaf = 0;  // of stage 1
};

// Walks for one address. Reads come in the order in which hardware makes them: with two stages, the
// stage 2 walk of each stage 1 table before the stage 1 descriptor in it. A walk ends at the first
// fault; of one descriptor, Translation comes before Access flag, and that before Permission.
class Walker {
 public:
  explicit Walker(DescriptorSource& source) : source_(source) {}

  // steps() holds the reads of the last call.
  [[nodiscard]] WalkOutcome walk(const WalkRequest& request);
  [[nodiscard]] const std::vector<WalkStep>& steps() const { return steps_; }

 private:
  struct Leaf {
    std::optional<WalkFault> fault;
    Address output = 0;
    Value value = 0;
  };
  struct TableRights {
    bool user = true;
    bool write = true;
  };

  [[nodiscard]] Leaf walk_stage1();
  [[nodiscard]] Leaf walk_stage2(Address ipa, bool write, bool on_table_walk);
  [[nodiscard]] Leaf read_table(Address descriptor);
  WalkStep& read(Address descriptor, arch::Stage stage, int level, Address ipa);
  [[nodiscard]] bool is_permitted_stage1(arch::Descriptor leaf, int level,
                                         const TableRights& rights) const;

  DescriptorSource& source_;
  WalkRequest request_;
  std::vector<WalkStep> steps_;
};

}  // namespace amalgam::model::litmus
