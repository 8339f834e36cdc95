#include "report/litmus_dot.hpp"

#include <fmt/format.h>

#include <array>

#include "model/litmus/final_state.hpp"
#include "report/columns.hpp"

namespace amalgam::report {

namespace {

namespace litmus = model::litmus;
using litmus::Event;
using litmus::EventKind;
using litmus::Skeleton;

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string memory_text(const litmus::Test& test, const Event& event, std::string_view kind) {
  const auto place = litmus::print_value(test, event.address, litmus::PrintAs::kNatural);
  const bool descriptor =
      event.kind == EventKind::kWalk || event.kind == EventKind::kHardwareUpdate;
  const auto as = descriptor ? litmus::PrintAs::kDescriptor : litmus::PrintAs::kNatural;
  return fmt::format("{} [{}]={}", kind, place, litmus::print_value(test, event.value, as));
}

std::string fault_text(const litmus::Test& test, const Event& event) {
  static constexpr std::array<std::string_view, 7> kTypes{
      "Translation",          "AccessFlag",     "Permission", "Exclusive",
      "UndefinedInstruction", "SupervisorCall", "TagCheck"};
  const auto type = static_cast<std::size_t>(event.fault.type);
  return fmt::format("fault {} {}", kTypes[type],
                     litmus::print_value(test, event.va, litmus::PrintAs::kNatural));
}

std::string source_text(const Event& event, std::string_view otherwise) {
  return event.source == nullptr ? std::string(otherwise) : event.source->text;
}

std::string label_of(const litmus::Test& test, const Event& event, bool initial) {
  switch (event.kind) {
    case EventKind::kRead:
      return memory_text(test, event, event.acquire ? "Racq" : "R");
    case EventKind::kWrite:
      return memory_text(test, event, initial ? "init" : event.release ? "Wrel" : "W");
    case EventKind::kWalk:
      return memory_text(test, event, event.walk.faulting ? "Tf" : "T");
    case EventKind::kHardwareUpdate:
      return memory_text(test, event, "HU");
    case EventKind::kFault:
      return fault_text(test, event);
    case EventKind::kReturn:
      return "ERET";
    case EventKind::kBarrier:
    case EventKind::kTlbi:
    case EventKind::kDataCache:
    case EventKind::kWriteSystem:
      break;
  }
  return source_text(event, "system");
}

std::string edge(unsigned from, unsigned to, std::string_view name, std::string_view colour) {
  return fmt::format("  e{} -> e{} [label={}, color={}, fontcolor={}];\n", from, to, quoted(name),
                     colour, colour);
}

std::string cluster_of(const Skeleton& skeleton, std::uint8_t thread) {
  const bool apart = thread >= litmus::kSpuriousThread;
  std::string text =
      apart ? ""
            : fmt::format("  subgraph cluster_{} {{\n    label=\"thread {}\";\n", thread, thread);
  unsigned previous = litmus::kMaxEvents;
  for (unsigned e = 0; e < skeleton.size(); ++e) {
    if (skeleton.thread[e] != thread) continue;
    const std::string label =
        label_of(*skeleton.test, skeleton.events[e], skeleton.initial.contains(e));
    text += fmt::format("    e{} [label={}];\n", e, quoted(label));
    if (!apart && previous != litmus::kMaxEvents) text += "  " + edge(previous, e, "po", "gray");
    previous = e;
  }
  return text + (apart ? "" : "  }\n");
}

// The write that memory takes right after `write`; kMaxEvents for none.
unsigned next_in_coherence(const litmus::Relation& co, unsigned write) {
  unsigned next = litmus::kMaxEvents;
  co.row(write).for_each([&](unsigned later) {
    if (next == litmus::kMaxEvents || co.has(later, next)) next = later;
  });
  return next;
}

std::string memory_edges(const litmus::Candidate& execution) {
  std::string text;
  const Skeleton& skeleton = *execution.skeleton;
  for (unsigned e = 0; e < skeleton.size(); ++e) {
    const unsigned later = next_in_coherence(execution.co, e);
    if (later != litmus::kMaxEvents) text += edge(e, later, "co", "blue");
    const unsigned source = execution.reads_from[e];
    if (source >= skeleton.size()) continue;
    text += edge(source, e, "rf", "darkgreen");
    const unsigned overwrites = next_in_coherence(execution.co, source);
    if (overwrites != litmus::kMaxEvents && overwrites != e) {
      text += edge(e, overwrites, "fr", "darkorange");
    }
  }
  return text;
}

std::string cycle_edges(const litmus::Refusal& refusal) {
  std::string text;
  if (refusal.axiom == nullptr) return text;
  for (std::size_t i = 0; i < refusal.cycle.size(); ++i) {
    const unsigned to = refusal.cycle[(i + 1) % refusal.cycle.size()];
    text += edge(refusal.cycle[i], to, refusal.axiom, "red");
  }
  return text;
}

std::string head(std::string_view title) {
  return fmt::format("digraph {} {{\n  label={};\n  node [shape=box, fontname=\"monospace\"];\n",
                     quoted(title), quoted(title));
}

}  // namespace

std::string empty_litmus_dot(std::string_view title) {
  return head(std::string(title) + ": no candidate execution satisfies the condition") + "}\n";
}

std::string litmus_dot(const litmus::Candidate& execution, const litmus::Refusal& refusal,
                       std::string_view title) {
  const Skeleton& skeleton = *execution.skeleton;
  const std::string verdict =
      refusal.axiom == nullptr ? ": allowed" : fmt::format(": refused by {}", refusal.axiom);
  std::string text = head(std::string(title) + verdict);
  text += cluster_of(skeleton, litmus::kInitialThread);
  for (std::size_t thread = 0; thread < skeleton.runs.size(); ++thread) {
    text += cluster_of(skeleton, static_cast<std::uint8_t>(thread));
  }
  text += cluster_of(skeleton, litmus::kSpuriousThread);
  return text + memory_edges(execution) + cycle_edges(refusal) + "}\n";
}

}  // namespace amalgam::report
