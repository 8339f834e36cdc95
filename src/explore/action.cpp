#include "explore/action.hpp"

#include <array>
#include <string_view>

#include "explore/text.hpp"

namespace amalgam::explorer {

namespace {

constexpr std::array<std::string_view, 21> kVerbs{"load",
                                                  "store",
                                                  "compare-exchange",
                                                  "barrier",
                                                  "tlbi",
                                                  "take a table page",
                                                  "free table",
                                                  "notify",
                                                  "lock",
                                                  "unlock",
                                                  "load of address",
                                                  "store to address",
                                                  "allocate page",
                                                  "free page",
                                                  "copy page",
                                                  "stop others",
                                                  "resume others",
                                                  "compare pages",
                                                  "write root register",
                                                  "interrupt others",
                                                  "end of interrupt"};

constexpr std::array<std::string_view, 3> kPhases{"start", "now", "end"};

}  // namespace

bool same_target(const Action& a, const Action& b) {
  return a.kind == b.kind && a.page == b.page && a.index == b.index && a.barrier == b.barrier &&
         a.mnemonic == b.mnemonic && a.phase == b.phase && a.may_fault == b.may_fault;
}

bool same_values(const Action& a, const Action& b) {
  return a.value == b.value && a.expected == b.expected;
}

std::string describe(const Action& a) {
  std::string text(kVerbs[static_cast<std::size_t>(a.kind)]);
  switch (a.kind) {
    case ActionKind::kLoad:
    case ActionKind::kStore:
    case ActionKind::kExchange:
      text += " of descriptor " + std::to_string(a.index) + " of table " + hex(a.page);
      if (a.kind != ActionKind::kLoad) text += ", new value " + hex(a.value);
      if (a.kind == ActionKind::kExchange) text += ", expected " + hex(a.expected);
      return text;
    case ActionKind::kBarrier:
      return std::string(arch::name(a.barrier));
    case ActionKind::kTlbi:
      return text + ' ' + std::string(arch::mnemonic_text(a.mnemonic).view()) + ' ' + hex(a.value);
    case ActionKind::kLock:
    case ActionKind::kUnlock:
      return text + ' ' + std::to_string(a.index);
    case ActionKind::kReadMemory:
    case ActionKind::kWriteMemory:
      return text + ' ' + hex(a.value);
    case ActionKind::kNotify:
      text += ' ' + std::string(kPhases[static_cast<std::size_t>(a.phase)]);
      return text + ' ' + hex(a.value) + " to " + hex(a.expected);
    case ActionKind::kStopOthers:
    case ActionKind::kResumeOthers:
    case ActionKind::kInterrupt:
    case ActionKind::kInterrupted:
      return text;
    default:
      return text + ' ' + hex(a.page);
  }
}

}  // namespace amalgam::explorer
