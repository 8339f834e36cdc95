#include "lang/herd.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lang/herd/condition.hpp"
#include "lang/herd/constants.hpp"
#include "lang/herd/context.hpp"
#include "lang/herd/header.hpp"
#include "lang/herd/init.hpp"
#include "lang/herd/layout.hpp"
#include "lang/herd/program.hpp"
#include "lang/herd/source.hpp"

namespace amalgam::lang {

namespace {

using herd::Context;
using model::litmus::Opcode;
using model::litmus::Test;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;

// Only a test with translation has descriptors and pages to speak of.
constexpr std::array<std::string_view, 5> kTranslationWords{"PTE(", "TTD(", "PA(", "pte_", "phy_"};

bool mentions_translation(std::string_view text) {
  return std::ranges::any_of(kTranslationWords, [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

std::string_view deprecation_of(const model::litmus::Instruction& instruction) {
  const arch::Barrier& barrier = instruction.barrier;
  if (instruction.opcode != Opcode::kBarrier || barrier.domain == arch::Domain::kSy) return {};
  if (barrier.kind == arch::BarrierKind::kDmb) {
    return "Shareability-argument-for-DMB-is-deprecated";
  }
  if (barrier.access == arch::Access::kLoad) return "Maintenance-scope-for-DSB-LD-is-deprecated";
  if (barrier.access == arch::Access::kStore) return "Maintenance-scope-for-DSB-ST-is-deprecated";
  return {};
}

void note_deprecations(const model::litmus::Code& code, std::vector<std::string>& flags) {
  for (const auto& instruction : code.instructions) {
    const std::string_view flag = deprecation_of(instruction);
    if (!flag.empty() && std::ranges::count(flags, flag) == 0) flags.emplace_back(flag);
  }
}

// What follows from all that was read: one table with a descriptor for each name.
void complete(Test& test) {
  for (const model::litmus::Symbol& symbol : test.symbols) {
    if (!test.vmsa) break;
    test.memory.try_emplace(symbol.descriptor, herd::default_descriptor(symbol.pa));
    test.descriptors.push_back(symbol.descriptor);
  }
  for (model::litmus::Thread& thread : test.threads) {
    thread.system[static_cast<std::size_t>(model::litmus::SystemRegister::kTtbr0El1)] =
        herd::kTable;
    note_deprecations(thread.code, test.spelling_flags);
    for (const auto& handler : thread.handlers)
      note_deprecations(handler.code, test.spelling_flags);
  }
}

void read(std::string_view text, const HerdOptions& options, Test& test, Diagnostics& diagnostics) {
  if (text.size() > kMaxBytes) {
    return diagnostics.error({.line = 1, .column = 1, .length = 1}, "a test of more than 1 MiB");
  }
  const herd::Source source(text, diagnostics);
  if (diagnostics.any()) return;
  const auto sections = herd::split(source, diagnostics);
  if (!sections) return;
  test.name = sections->name;
  test.family = model::litmus::Family::kHerd;
  test.translation.start_level = 3;
  test.translation.untranslated_first = herd::kTable;
  test.translation.untranslated_last = herd::kTableLast;

  Context context(source, diagnostics, test);
  const auto keys = herd::read_header(sections->header, options, context);
  test.vmsa = test.vmsa || !keys.empty() || mentions_translation(source.text());
  const std::string_view rest = herd::read_program(sections->program, context);
  if (test.threads.empty()) return;
  herd::apply_thread_keys(keys, context);
  herd::read_init(sections->init, context);
  herd::read_condition(rest, context);
  complete(test);
}

}  // namespace

HerdResult parse_herd(std::string_view text, const HerdOptions& options) {
  HerdResult result;
  Diagnostics diagnostics;
  Test test;
  read(text, options, test, diagnostics);
  result.diagnostics = diagnostics.take();
  if (result.diagnostics.empty()) result.test = std::move(test);
  return result;
}

}  // namespace amalgam::lang
