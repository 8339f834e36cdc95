#include <algorithm>

#include "model/litmus/interpreter.hpp"
#include "model/litmus/tlbi_scope.hpp"
#include "model/litmus/walk_hazards.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr unsigned kTagLo = 48;  // ASID of a TTBR, VMID of VTTBR
constexpr Value kUser = Value{1} << 6;
constexpr Value kReadOnly = Value{1} << 7;
constexpr Value kAccessFlag = Value{1} << 10;
constexpr Value kDbm = Value{1} << 51;
constexpr Address kOutputMask = 0x0000'ffff'ffff'f000U;

std::uint16_t tag_of(Value root) { return static_cast<std::uint16_t>(root >> kTagLo); }

}  // namespace

Value Interpreter::read_descriptor(Address descriptor) {
  return choose(memory_.walk_values(descriptor));
}

// The value of a root register that this walk uses: the current one or, if asked for, an older one.
// `kept_since` is set if that is not in force any more, so that only what a TLB kept can use it.
Value Interpreter::root(SystemRegister r, std::optional<RunEvent>& kept_since) {
  const std::vector<OlderRoot>& older = older_[static_cast<std::size_t>(r)];
  const unsigned taken = choices_->choose(older.size() + 1);
  if (taken == 0) return system(r).value;
  const OlderRoot& chosen = older[taken - 1];
  if (chosen.synchronized) kept_since = std::min(chosen.until, kept_since.value_or(chosen.until));
  return chosen.value;
}

// Whether an own TLBI after event `since` has removed what a TLB kept of a descriptor read: it
// matches, and a DSB and then a context synchronization have followed.
bool Interpreter::is_removed(const WalkStep& step, RunEvent since) const {
  Event read;
  read.walk = step.info;
  enum class Progress { kNothing, kIssued, kCompleted } progress = Progress::kNothing;
  for (std::size_t e = since; e < builder_.events().size(); ++e) {
    const Event& event = builder_.events()[e];
    const bool barrier = event.kind == EventKind::kBarrier;
    const bool synchronizes = event.kind == EventKind::kFault || event.kind == EventKind::kReturn ||
                              (barrier && event.barrier.kind == arch::BarrierKind::kIsb);
    if (progress == Progress::kCompleted && synchronizes) return true;
    if (progress == Progress::kIssued && barrier && event.barrier.kind == arch::BarrierKind::kDsb) {
      progress = Progress::kCompleted;
    }
    if (progress == Progress::kNothing && event.kind == EventKind::kTlbi && matches(event, read)) {
      progress = Progress::kIssued;
    }
  }
  return false;
}

// Whether a TLB may hold this translation, made by roots that are not in force since event `since`:
// it did not fault, its tags match those in force or are not looked at, and no TLBI has removed it.
bool Interpreter::may_be_kept(const WalkRequest& request, const WalkOutcome& outcome,
                              RunEvent since) {
  if (outcome.fault) return false;
  const bool upper = (request.va >> 55 & 1) != 0;
  const Value current = system(upper ? SystemRegister::kTtbr1El1 : SystemRegister::kTtbr0El1).value;
  const bool el2 = request.regime == arch::Regime::kEl2;
  for (WalkStep step : walker_.steps()) {
    if (step.info.stage == arch::Stage::kStage2 || !step.info.leaf) continue;
    step.info.asid = el2 ? 0 : tag_of(request.root);
    step.info.vmid = el2 ? 0 : tag_of(request.vttbr);
    const bool same_asid = el2 || step.info.global || step.info.asid == tag_of(current);
    const bool same_vmid = el2 || step.info.vmid == tag_of(system(SystemRegister::kVttbrEl2).value);
    return same_asid && same_vmid && !is_removed(step, since);
  }
  return false;
}

Interpreter::Translated Interpreter::translate(const Access& access) {
  Translated out;
  out.pa = access.va;
  out.info.va = access.va;
  out.fed = access.address;
  if (!test_.vmsa) return out;
  if (!test_.translation.is_untranslated(access.va)) {
    return test_.translation.start_level == 3 ? translate_single_level(access)
                                              : translate_tables(access);
  }
  // EL0 has no way to page tables, whatever maps them. herd keeps this up inside handlers too.
  if (thread_.el == 0) out.fault = WalkFault{.type = FaultType::kPermission, .level = 3};
  return out;
}

void Interpreter::keep_walk(const Access& access, Translated& out, const WalkStep& step) {
  Event& e = builder_.emit(EventKind::kWalk);
  e.address = step.descriptor;
  e.va = access.va;
  e.value = step.value;
  e.walk = step.info;
  e.walk.translation = translations_;
  e.address_from = access.address.data;
  e.pick_address_from = access.address.pick;
  if (builder_.overflowed()) return;
  out.walks |= run_bit(builder_.last());
  out.leaf_event = builder_.last();
}

std::optional<FaultType> Interpreter::check_single_level(const Access& access,
                                                         Value descriptor) const {
  const bool sets_af = thread_.hardware_af || thread_.hardware_dirty;
  if ((descriptor & 1) == 0) return FaultType::kTranslation;
  if ((descriptor & kAccessFlag) == 0 && !sets_af) return FaultType::kAccessFlag;
  const bool from_el0 = thread_.el == 0 && !in_handler_;
  if (from_el0 && (descriptor & kUser) == 0) return FaultType::kPermission;
  if (!access.write || (descriptor & kReadOnly) == 0) return std::nullopt;
  if (thread_.hardware_dirty && (descriptor & kDbm) != 0) return std::nullopt;
  return FaultType::kPermission;
}

// The last-level descriptor: one of its values or, where hazards are asked for, what becomes of
// two.
void Interpreter::read_single_level(WalkStep& step) {
  const std::span<const Value> values = memory_.walk_values(step.descriptor);
  std::vector<HazardChoice> hazards;
  if (options_.mixtures || options_.conflicts) hazards = hazards_of(test_, values);
  std::erase_if(hazards, [&](const HazardChoice& h) {
    return h.kind == WalkHazard::kMixture ? !options_.mixtures : !options_.conflicts;
  });
  const unsigned taken = choices_->choose(values.size() + hazards.size());
  impossible_ = impossible_ || values.empty();
  if (taken < values.size()) {
    step.value = values[taken];
  } else if (!hazards.empty()) {
    const HazardChoice& hazard = hazards[taken - values.size()];
    step.value = hazard.value;
    step.info.hazard = hazard.kind;
    step.info.met = hazard.met;
  }
}

// herd's abstraction: one descriptor a page. Its walk always shows, but for one that could do
// nothing to the order of events: the descriptor never changes, the access goes through, hardware
// updates nothing and all descriptors have the same attributes. What is before or after such a walk
// is so ordered with the access anyway.
Interpreter::Translated Interpreter::translate_single_level(const Access& access) {
  Translated out;
  const auto page = std::ranges::lower_bound(pages_, access.va & ~kPageMask, {},
                                             &std::pair<Address, Address>::first);
  const bool is_mapped = page != pages_.end() && page->first == (access.va & ~kPageMask);
  WalkStep step;
  step.descriptor = is_mapped ? page->second : 0;
  step.info.va = access.va;
  if (is_mapped) read_single_level(step);

  const bool conflict = step.info.hazard == WalkHazard::kConflict;
  const auto fault = conflict ? FaultType::kConflict : check_single_level(access, step.value);
  if (fault) out.fault = WalkFault{.type = *fault, .level = 3};
  step.info.faulting = fault == FaultType::kTranslation || fault == FaultType::kAccessFlag;
  const bool updates_af = thread_.hardware_af || thread_.hardware_dirty;
  out.sets_af = !fault && updates_af && (step.value & kAccessFlag) == 0;
  out.sets_dirty = !fault && thread_.hardware_dirty && (step.value & kReadOnly) != 0;
  // What hardware would write back of an entry that nobody wrote is not known.
  const bool updates = out.sets_af || (out.sets_dirty && access.write);
  if (step.info.hazard != WalkHazard::kNone && updates) impossible_ = true;
  out.leaf = step.value;
  out.leaf_address = step.descriptor;
  out.pa = (step.value & kOutputMask) | (access.va & kPageMask);
  out.fed = access.address | builder_.last_stored_from(step.descriptor);

  const bool matters = fault || out.sets_af || out.sets_dirty || memory_.varies(step.descriptor) ||
                       memory_.attributes_vary();
  if (is_mapped && matters) keep_walk(access, out, step);
  out.info = step.info;
  out.info.descriptor = step.value;
  out.info.translation = translations_++;
  return out;
}

void Interpreter::update_descriptor(const Translated& where, bool dirty) {
  const bool sets_dirty = where.sets_dirty && dirty;
  if (!where.sets_af && !sets_dirty) return;
  Event& e = builder_.emit(EventKind::kHardwareUpdate);
  e.address = where.leaf_address;
  e.va = where.info.va;
  e.value = where.leaf | kAccessFlag;
  if (sets_dirty) e.value &= ~kReadOnly;
  e.sets_af = where.sets_af;
  e.sets_dirty = sets_dirty;
  e.walk = where.info;
  e.walks = where.walks;
  if (builder_.overflowed()) return;
  e.address_from = builder_.event(where.leaf_event).address_from;
  e.pick_address_from = builder_.event(where.leaf_event).pick_address_from;
  builder_.pair(where.leaf_event, builder_.last());
  builder_.set_stored_from(builder_.last(), where.fed);
}

WalkRequest Interpreter::walk_request(const Access& access, std::optional<RunEvent>& kept_since) {
  WalkRequest request;
  request.va = access.va;
  request.write = access.write;
  request.start_level = test_.translation.start_level;
  if (el_ == 2) {
    request.regime = arch::Regime::kEl2;
    request.root = root(SystemRegister::kTtbr0El2, kept_since);
    return request;
  }
  request.from_el0 = el_ == 0;
  const bool upper = (access.va >> 55 & 1) != 0;
  request.root = root(upper ? SystemRegister::kTtbr1El1 : SystemRegister::kTtbr0El1, kept_since);
  request.vttbr = root(SystemRegister::kVttbrEl2, kept_since);
  request.two_stages = test_.translation.two_stages;
  return request;
}

// Whether a read of a descriptor says something that all executions do not share. With two stages,
// what a TLBI of stage 1 removes of stage 2 depends on whether stage 1 may be cached too: of the
// reads of stage 1 that never change, the last one stands for all.
bool Interpreter::shows(const WalkStep& step, bool two_stages) {
  if (step.info.faulting || memory_.varies(step.descriptor)) return true;
  if (!two_stages || step.info.stage == arch::Stage::kStage2) return false;
  const auto& steps = walker_.steps();
  const auto is_constant = [&](const WalkStep& other) {
    return other.info.stage == arch::Stage::kStage1 && !memory_.varies(other.descriptor);
  };
  const auto last = std::ranges::find_if(steps.rbegin(), steps.rend(), is_constant);
  return &*last == &step && std::ranges::any_of(steps, [&](const WalkStep& other) {
    return other.info.stage == arch::Stage::kStage2 &&
           (other.info.faulting || memory_.varies(other.descriptor));
  });
}

Interpreter::Translated Interpreter::translate_tables(const Access& access) {
  std::optional<RunEvent> kept_since;
  const WalkRequest request = walk_request(access, kept_since);
  const WalkOutcome outcome = walker_.walk(request);
  if (kept_since && !may_be_kept(request, outcome, *kept_since)) impossible_ = true;
  Translated out;
  out.fault = outcome.fault;
  out.pa = outcome.pa;
  out.leaf = outcome.leaf;
  out.fed = access.address;
  const bool el2 = request.regime == arch::Regime::kEl2;
  for (const WalkStep& step : walker_.steps()) {
    WalkStep tagged = step;
    tagged.info.asid = el2 ? 0 : tag_of(request.root);
    tagged.info.vmid = el2 ? 0 : tag_of(request.vttbr);
    if (shows(step, request.two_stages)) keep_walk(access, out, tagged);
    out.info = tagged.info;
  }
  out.info.va = access.va;
  out.info.regime = request.regime;
  out.info.descriptor = outcome.leaf;
  out.info.translation = translations_++;
  return out;
}

}  // namespace amalgam::model::litmus
