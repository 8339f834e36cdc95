#include "lang/herd/header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "amalgam/arch/text.hpp"

namespace amalgam::lang::herd {

namespace {

using arch::equals_ignoring_case;
using model::litmus::FaultMode;

void set_fatal(Test& test) { test.fault_mode = FaultMode::kFatal; }
void set_handled(Test& test) { test.fault_mode = FaultMode::kHandled; }
void set_skip(Test& test) { test.fault_mode = FaultMode::kSkip; }
void set_vmsa(Test& test) { test.vmsa = true; }
void set_ets2(Test& test) { test.ets = arch::Ets::kEts2; }
void set_ets3(Test& test) { test.ets = arch::Ets::kEts3; }

struct Variant {
  std::string_view text;
  void (*apply)(Test&);
};

// Every other variant changes what instructions mean, and is refused.
constexpr std::array kVariants = std::to_array<Variant>({
    {"vmsa", set_vmsa},
    {"kvm", set_vmsa},
    {"fatal", set_fatal},
    {"precise", set_fatal},
    {"handled", set_handled},
    {"imprecise", set_handled},
    {"skip", set_skip},
    {"faultToNext", set_skip},
    {"ets2", set_ets2},
    {"ets3", set_ets3},
});

constexpr std::string_view kSeparators = ", \t\r";

// Takes the next word off the front; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSeparators), text.size()));
  const std::string_view word =
      text.substr(0, std::min(text.find_first_of(kSeparators), text.size()));
  text.remove_prefix(word.size());
  return word;
}

void read_variants(std::string_view value, const Location* place, Context& context) {
  while (true) {
    const std::string_view word = take_word(value);
    if (word.empty()) return;
    const auto* row = std::ranges::find_if(
        kVariants, [&](const Variant& v) { return equals_ignoring_case(v.text, word); });
    if (row != kVariants.end()) {
      row->apply(context.test());
    } else {
      context.diagnostics().error(place != nullptr ? *place : context.source().place_of(word),
                                  "variant " + ticked(word) + " is not supported");
    }
  }
}

// "P0"; nothing for any other text.
std::optional<std::uint64_t> thread_number(std::string_view text) {
  if (text.size() < 2 || text.size() > 8 || text[0] != 'P') return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = std::to_address(text.end());
  const auto [stop, error] = std::from_chars(std::to_address(text.begin() + 1), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// "HA", "P1:HD", "SW".
void read_management(std::string_view word, Context& context, std::vector<ThreadKey>& keys) {
  const Location place = context.source().place_of(word);
  const std::size_t colon = word.find(':');
  const bool every_thread = colon == std::string_view::npos;
  const std::string_view what = every_thread ? word : word.substr(colon + 1);
  const auto thread = every_thread ? 0 : thread_number(word.substr(0, colon));
  const bool dirty = equals_ignoring_case(what, "HD");
  if (thread && equals_ignoring_case(what, "SW")) return;
  if (!thread || (!dirty && !equals_ignoring_case(what, "HA"))) {
    context.diagnostics().error(place,
                                "expected HA, HD or SW, or one of them for a thread (P0:HA)");
    return;
  }
  const auto says = dirty ? ThreadKey::Says::kHardwareDirty : ThreadKey::Says::kHardwareAf;
  keys.push_back({says, every_thread, *thread, place});
}

void read_el0(std::string_view word, Context& context, std::vector<ThreadKey>& keys) {
  const Location place = context.source().place_of(word);
  const auto thread = thread_number(word);
  if (thread) {
    keys.push_back({ThreadKey::Says::kEl0, false, *thread, place});
  } else {
    context.diagnostics().error(place, "expected a thread such as P0");
  }
}

void read_key(std::string_view key, std::string_view value, Context& context,
              std::vector<ThreadKey>& keys) {
  if (equals_ignoring_case(key, "Variant")) return read_variants(value, nullptr, context);
  const bool is_management = equals_ignoring_case(key, "TTHM");
  if (!is_management && !equals_ignoring_case(key, "EL0")) return;
  for (std::string_view word = take_word(value); !word.empty(); word = take_word(value)) {
    is_management ? read_management(word, context, keys) : read_el0(word, context, keys);
  }
}

void read_line(std::string_view line, Context& context, std::vector<ThreadKey>& keys) {
  if (line.empty()) return;
  if (line.front() == '"') {
    const std::size_t end = line.find('"', 1);
    if (end != std::string_view::npos) {
      context.test().description = line.substr(1, end - 1);
      return;
    }
  }
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    context.diagnostics().error(context.source().place_of(line), "expected KEY=VALUE");
    return;
  }
  read_key(without_blanks(line.substr(0, equals)), line.substr(equals + 1), context, keys);
}

void apply_key(ThreadKey::Says says, model::litmus::Thread& thread) {
  switch (says) {
    case ThreadKey::Says::kHardwareDirty:
      thread.hardware_dirty = true;
      [[fallthrough]];
    case ThreadKey::Says::kHardwareAf:
      thread.hardware_af = true;
      return;
    case ThreadKey::Says::kEl0:
      thread.el = 0;
  }
}

}  // namespace

std::vector<ThreadKey> read_header(std::string_view header, const HerdOptions& options,
                                   Context& context) {
  context.test().vmsa = false;
  context.test().fault_mode = FaultMode::kFatal;
  const Location nowhere;
  for (const std::string& variants : options.variants) read_variants(variants, &nowhere, context);
  std::vector<ThreadKey> keys;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find('\n'), header.size());
    read_line(without_blanks(header.substr(0, end)), context, keys);
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return keys;
}

void apply_thread_keys(const std::vector<ThreadKey>& keys, Context& context) {
  auto& threads = context.test().threads;
  for (const ThreadKey& key : keys) {
    if (!key.every_thread && key.thread >= threads.size()) {
      context.diagnostics().error(key.place,
                                  "the test has no thread " + std::to_string(key.thread));
      continue;
    }
    for (std::size_t i = 0; i < threads.size(); ++i) {
      if (key.every_thread || i == key.thread) apply_key(key.says, threads[i]);
    }
  }
}

}  // namespace amalgam::lang::herd
