#include "model/litmus/final_state.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

namespace amalgam::model::litmus {
namespace {

constexpr unsigned kPageBits = 12;

// A fault that was taken, as a final state tells faults apart.
struct FaultTaken {
  std::uint32_t thread = 0;
  std::vector<std::string> labels;  // sorted: of the instruction
  std::string symbol;               // empty for faults that are not of an address
  bool of_descriptor = false;
  bool from_el0 = false;
  FaultType type = FaultType::kTranslation;
  bool is_instruction_abort = false;
};

std::string_view kind_name(FaultType type) {
  switch (type) {
    case FaultType::kTranslation:
      return "Translation";
    case FaultType::kAccessFlag:
      return "AccessFlag";
    case FaultType::kPermission:
      return "Permission";
    case FaultType::kExclusive:
      return "Exclusive";
    case FaultType::kUndefinedInstruction:
      return "UndefinedInstruction";
    case FaultType::kSupervisorCall:
      return "SupervisorCall";
    case FaultType::kTagCheck:
      return "TagCheck";
    case FaultType::kConflict:
      return "Conflict";
  }
  return {};
}

bool is_of_mmu(FaultType type) { return is_mmu_fault(type) || type == FaultType::kExclusive; }

FaultTaken describe(const Test& test, std::uint32_t thread, const Event& e) {
  FaultTaken taken;
  taken.thread = thread;
  taken.type = e.fault.type;
  taken.is_instruction_abort = e.fault.is_instruction_abort;
  if (e.source != nullptr) taken.labels = e.source->labels;
  std::ranges::sort(taken.labels);
  if (!is_of_mmu(e.fault.type)) return taken;
  for (const Symbol& s : test.symbols) {
    const bool is_descriptor = s.descriptor != 0 && e.fault.va >> 3 == s.descriptor >> 3;
    const bool is_page = s.va != 0 && e.fault.va >> kPageBits == s.va >> kPageBits;
    if (!is_descriptor && !is_page) continue;
    taken.symbol = s.name;
    taken.of_descriptor = is_descriptor;
    break;
  }
  taken.from_el0 = taken.of_descriptor && test.threads[thread].el == 0;
  return taken;
}

bool matches(const FaultPattern& pattern, const FaultTaken& taken) {
  if (pattern.thread != taken.thread) return false;
  if (!pattern.label.empty() &&
      std::ranges::find(taken.labels, pattern.label) == taken.labels.end()) {
    return false;
  }
  if (!pattern.symbol.empty() &&
      (pattern.symbol != taken.symbol || pattern.of_descriptor != taken.of_descriptor)) {
    return false;
  }
  if (!pattern.type) return true;
  return *pattern.type == taken.type && !(pattern.data_only && taken.is_instruction_abort);
}

// `any_abort`: the atom that matches says MMU, not D-MMU.
std::string text_of(const Test& test, const FaultTaken& taken, bool any_abort) {
  std::string text = "Fault(" + test.threads[taken.thread].name;
  if (taken.labels.size() == 1) {
    text += ":" + taken.labels.front();
  } else if (!taken.labels.empty()) {
    text += ":{";
    for (const std::string& label : taken.labels) text += label + ",";
    text.back() = '}';
  }
  if (taken.of_descriptor) {
    text += ",PTE(" + taken.symbol + ")";
  } else if (!taken.symbol.empty()) {
    text += "," + taken.symbol;
  }
  text += ",";
  if (is_of_mmu(taken.type)) {
    if (!any_abort) text += taken.is_instruction_abort ? "I-" : "D-";
    text += "MMU:";
  }
  text += kind_name(taken.type);
  if (taken.from_el0) text += ",EL0";
  return text + ")";
}

// One finished execution.
class Ending {
 public:
  Ending(const Test& test, std::span<const ThreadRun* const> runs, const FinalMemory& memory)
      : test_(test), runs_(runs), memory_(memory) {
    for (std::uint32_t t = 0; t < runs.size(); ++t) {
      for (const Event& e : runs[t]->events) {
        if (e.kind == EventKind::kFault) faults_.push_back(describe(test, t, e));
      }
    }
    std::ranges::sort(faults_, [](const FaultTaken& a, const FaultTaken& b) {
      return std::tie(a.thread, a.labels, a.symbol, a.type) <
             std::tie(b.thread, b.labels, b.symbol, b.type);
    });
  }

  [[nodiscard]] bool satisfies(const Formula& formula) const {
    const auto holds = [&](const Formula& part) { return satisfies(part); };
    switch (formula.kind) {
      case Formula::Kind::kTrue:
        return true;
      case Formula::Kind::kAnd:
        return std::ranges::all_of(formula.parts, holds);
      case Formula::Kind::kOr:
        return std::ranges::any_of(formula.parts, holds);
      case Formula::Kind::kNot:
        return !holds(formula.parts.front());
      case Formula::Kind::kRegisterIs:
        return is(register_value(formula.thread, formula.reg), formula);
      case Formula::Kind::kMemoryIs:
        return is(memory_value(formula.address), formula);
      case Formula::Kind::kSystemIs:
        return is(system_value(formula.thread, formula.system), formula);
      case Formula::Kind::kFault:
        return happened(formula.fault);
    }
    return false;
  }

  [[nodiscard]] std::vector<std::string> parts() const {
    std::vector<std::string> result;
    for (const Observable& o : test_.observed) {
      if (o.kind != Observable::Kind::kFault) result.push_back(o.text + "=" + value_text(o));
    }
    for (std::string& text : taken_faults()) result.push_back(std::move(text));
    for (const Observable& o : test_.observed) {
      if (o.kind == Observable::Kind::kFault && !happened(o.fault)) result.push_back("~" + o.text);
    }
    return result;
  }

 private:
  static bool is(std::optional<Value> value, const Formula& formula) {
    return value && ((*value ^ formula.value) & formula.mask) == 0;
  }

  [[nodiscard]] std::optional<Value> register_value(std::uint32_t thread, RegisterIndex reg) const {
    if (reg == kZeroRegister) return 0;
    if ((runs_[thread]->registers_set >> reg & 1) == 0) return std::nullopt;
    return runs_[thread]->registers[reg];
  }

  [[nodiscard]] Value system_value(std::uint32_t thread, SystemRegister system) const {
    return runs_[thread]->system[static_cast<std::size_t>(system)];
  }

  [[nodiscard]] Value memory_value(Address address) const {
    if (const auto found = memory_.find(address); found != memory_.end()) return found->second;
    const auto found = test_.memory.find(address);
    return found == test_.memory.end() ? 0 : found->second;
  }

  [[nodiscard]] bool happened(const FaultPattern& pattern) const {
    return std::ranges::any_of(faults_,
                               [&](const FaultTaken& taken) { return matches(pattern, taken); });
  }

  [[nodiscard]] std::string value_text(const Observable& o) const {
    std::optional<Value> value;
    if (o.kind == Observable::Kind::kRegister) value = register_value(o.thread, o.reg);
    if (o.kind == Observable::Kind::kMemory) value = memory_value(o.address);
    if (o.kind == Observable::Kind::kSystem) value = system_value(o.thread, o.system);
    return value ? print_value(test_, *value, o.print_as, {o.is_64, o.is_unsigned}) : "undefined";
  }

  // Those that some fault atom matches, each once.
  [[nodiscard]] std::vector<std::string> taken_faults() const {
    std::vector<std::string> texts;
    for (const FaultTaken& taken : faults_) {
      bool is_shown = false;
      bool any_abort = false;
      for (const Observable& o : test_.observed) {
        if (o.kind != Observable::Kind::kFault || !matches(o.fault, taken)) continue;
        is_shown = true;
        any_abort = any_abort || (o.fault.type && !o.fault.data_only);
      }
      std::string text = text_of(test_, taken, any_abort);
      if (is_shown && std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
    }
    return texts;
  }

  const Test& test_;
  std::span<const ThreadRun* const> runs_;
  const FinalMemory& memory_;
  std::vector<FaultTaken> faults_;
};

}  // namespace

FinalState final_state(const Test& test, std::span<const ThreadRun* const> runs,
                       const FinalMemory& memory) {
  const Ending ending(test, runs, memory);
  return {ending.parts(), ending.satisfies(test.condition)};
}

bool passes_filter(const Test& test, std::span<const ThreadRun* const> runs,
                   const FinalMemory& memory) {
  return !test.filter || Ending(test, runs, memory).satisfies(*test.filter);
}

}  // namespace amalgam::model::litmus
