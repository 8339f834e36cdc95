#include "model/litmus/walk.hpp"

namespace amalgam::model::litmus {
namespace {

using arch::Descriptor;
using arch::Kind;
using arch::Stage;

constexpr Address kTableMask = 0x0000'ffff'ffff'fffeU;  // of a TTBR
constexpr Value kTableNoUser = Value{1} << 61;          // APTable[0]
constexpr Value kTableNoWrite = Value{1} << 62;         // APTable[1]
constexpr unsigned kVaBits = 48;

arch::Geometry geometry_of(Stage stage, arch::Regime regime) {
  return {.stage = stage, .regime = regime, .concatenated_root = false};
}

Address descriptor_at(Address table, Address input, int level) {
  const unsigned shift = 12 + 9 * static_cast<unsigned>(3 - level);
  return table + 8 * (input >> shift & 0x1ff);
}

Address offset_mask(const arch::Geometry& g, int level) {
  return arch::level_size_bytes(g, level) - 1;
}

// Bits above the input size are all alike; in a regime of one range they are zero.
bool is_in_range(Address va, arch::Regime regime) {
  const Address top = va >> kVaBits;
  return top == 0 || (top == 0xffff && regime != arch::Regime::kEl2);
}

// Notes what the value read says of its descriptor, and whether the walk has to stop at it.
std::optional<FaultType> settle(WalkStep& step, const arch::Geometry& g) {
  const Descriptor descriptor{step.value};
  const Kind kind = arch::kind(g, descriptor, step.info.level);
  step.info.leaf = kind != Kind::kTable;
  if (kind == Kind::kTable) return std::nullopt;
  if (kind == Kind::kInvalid || kind == Kind::kReserved) {
    step.info.faulting = true;
    return FaultType::kTranslation;
  }
  step.info.global = g.stage == Stage::kStage1 && arch::is_global(g, descriptor);
  if (arch::has_access_flag(descriptor)) return std::nullopt;
  step.info.faulting = true;
  return FaultType::kAccessFlag;
}

}  // namespace

WalkOutcome Walker::walk(const WalkRequest& request) {
  request_ = request;
  steps_.clear();
  WalkOutcome outcome;
  const Leaf first = walk_stage1();
  outcome.leaf = first.value;
  outcome.fault = first.fault;
  outcome.pa = first.output;
  if (first.fault || !request.two_stages) return outcome;
  const Leaf second = walk_stage2(first.output, request.write, false);
  outcome.fault = second.fault;
  outcome.pa = second.output;
  return outcome;
}

WalkStep& Walker::read(Address descriptor, Stage stage, int level, Address ipa) {
  WalkStep& step = steps_.emplace_back();
  step.descriptor = descriptor;
  step.value = source_.read_descriptor(descriptor);
  step.info.regime = request_.regime;
  step.info.stage = stage;
  step.info.level = level;
  step.info.va = request_.va;
  step.info.ipa = ipa;
  return step;
}

bool Walker::is_permitted_stage1(Descriptor leaf, int level, const TableRights& rights) const {
  const arch::Geometry g = geometry_of(Stage::kStage1, request_.regime);
  if (request_.from_el0 && !(rights.user && arch::user_accessible(g, leaf, level))) return false;
  return !request_.write || (rights.write && arch::is_writable(g, leaf, level, false));
}

Walker::Leaf Walker::read_table(Address descriptor) {
  if (!request_.two_stages) return {.fault = {}, .output = descriptor, .value = 0};
  return walk_stage2(descriptor, false, true);
}

Walker::Leaf Walker::walk_stage1() {
  const arch::Geometry g = geometry_of(Stage::kStage1, request_.regime);
  if (!is_in_range(request_.va, request_.regime)) {
    return {.fault = WalkFault{.level = request_.start_level}, .output = 0, .value = 0};
  }
  Address table = request_.root & kTableMask;
  TableRights rights;
  for (int level = request_.start_level;; ++level) {
    const Leaf where = read_table(descriptor_at(table, request_.va, level));
    if (where.fault) return where;
    WalkStep& step = read(where.output, Stage::kStage1, level, 0);
    const Value value = step.value;
    if (const auto fault = settle(step, g)) {
      return {.fault = WalkFault{.type = *fault, .level = level}, .output = 0, .value = value};
    }
    table = arch::output_address(g, {value}, level);
    if (!step.info.leaf) {
      rights.user = rights.user && (value & kTableNoUser) == 0;
      rights.write = rights.write && (value & kTableNoWrite) == 0;
      continue;
    }
    if (!is_permitted_stage1({value}, level, rights)) {
      return {.fault = WalkFault{.type = FaultType::kPermission, .level = level},
              .output = 0,
              .value = value};
    }
    const Address offset = offset_mask(g, level);
    return {.fault = {}, .output = table | (request_.va & offset), .value = value};
  }
}

Walker::Leaf Walker::walk_stage2(Address ipa, bool write, bool on_table_walk) {
  const arch::Geometry g = geometry_of(Stage::kStage2, request_.regime);
  const auto stop = [&](FaultType type, int level) {
    return Leaf{.fault = WalkFault{.type = type,
                                   .stage = Stage::kStage2,
                                   .level = level,
                                   .ipa = ipa,
                                   .on_table_walk = on_table_walk},
                .output = 0,
                .value = 0};
  };
  if (ipa >> kVaBits != 0) return stop(FaultType::kTranslation, request_.start_level);
  Address table = request_.vttbr & kTableMask;
  for (int level = request_.start_level;; ++level) {
    WalkStep& step = read(descriptor_at(table, ipa, level), Stage::kStage2, level, ipa);
    if (const auto fault = settle(step, g)) return stop(*fault, level);
    const Descriptor descriptor{step.value};
    table = arch::output_address(g, descriptor, level);
    if (!step.info.leaf) continue;
    const bool permitted = write ? arch::is_writable(g, descriptor, level, false)
                                 : arch::is_readable(g, descriptor, level);
    if (!permitted) return stop(FaultType::kPermission, level);
    return {.fault = {}, .output = table | (ipa & offset_mask(g, level)), .value = step.value};
  }
}

}  // namespace amalgam::model::litmus
