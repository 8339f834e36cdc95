// Boots, chooses the geometry that the command line names, and says how it went.
#include <algorithm>
#include <string_view>

#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "console.hpp"
#include "cpus.hpp"
#include "machine.hpp"
#include "observer.hpp"
#include "run.hpp"
#include "runner.hpp"
#include "translation.hpp"

namespace bare_metal {

Translation second_translation;

void print_fields(const arch::Features& features, std::string_view granule) {
  print("bare-metal: FEAT_BBM level ");
  print_number(features.bbm);
  print(", EL");
  print_number(exception_level());
  print(", granule ");
  print(granule);
  if (features.hardware_af) print(", AF");
  if (features.hardware_dirty) print(", DBM");
  if (features.ttl) print(", TTL");
  if (features.tlbi_range) print(", range TLBI");
  if (features.cnp) print(", CnP");
  print("\n");
}

namespace {

std::string_view name(Phase phase) {
  if (phase == Phase::kBefore) return "before";
  return phase == Phase::kDuring ? "during" : "after";
}

void print_violation(const Violation& v) {
  print("     ");
  print_number(observer.violations());
  print(" wrong; first: ");
  print(v.what);
  print(" at ");
  print_hex(v.va);
  print(": ");
  print_hex(v.got);
  print(", wanted ");
  print_hex(v.wanted);
  print(", ");
  print(name(v.first));
  print(" to ");
  print(name(v.last));
  print("\n");
}

// Whether one of the words of `text` is `word`.
bool has_word(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && text[end] != ' ') ++end;
    if (text.substr(0, end) == word) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

std::string_view argument() {
  static char text[64];
  if (!read_argument(text, sizeof text)) return {};
  std::size_t length = 0;
  while (length < sizeof text && text[length] != '\0') ++length;
  return {text, length};
}

struct Choice {
  std::string_view granule;
  Totals (*el1)(bool);
  Totals (*el2)(bool);
};

constexpr Choice kChoices[] = {
    {"4K", run_4k_el1, run_4k_el2},
    {"16K", run_16k_el1, run_16k_el2},
    {"64K", run_64k_el1, run_64k_el2},
};

// The argument: a granule, and `race` where both CPUs really run at once.
Totals run_choice() {
  const std::string_view words = argument();
  const bool paced = !has_word(words, "race");
  for (const Choice& choice : kChoices) {
    if (!has_word(words, choice.granule)) continue;
    return (exception_level() == 2 ? choice.el2 : choice.el1)(paced);
  }
  print("bare-metal: the argument is 4K, 16K or 64K, and race or not\n");
  return {.failed = 1};
}

}  // namespace

// One line an operation.
void print_scenario(std::string_view name, const Place& place, unsigned level, bool passed) {
  print(passed ? "pass " : "FAIL ");
  print_padded(name, 30);
  print_padded(place.name, 11);
  print("level ");
  print_number(level);
  print_number(observer.accesses(), 9);
  print(" accesses");
  print_number(observer.faults(), 8);
  print(" faults\n");
  if (!passed && observer.violations() != 0) print_violation(observer.first_violation());
}

extern "C" void boot() {
  const Totals totals = run_choice();
  print("bare-metal: ");
  print_number(totals.passed);
  print(" passed, ");
  print_number(totals.failed);
  print(" failed\n");
  exit_machine(totals.failed != 0 || totals.passed == 0 ? 1 : 0);
}

extern "C" void boot_second() {
  turn_translation_on(second_translation);
  cpus.second_runs.store(true, std::memory_order_release);
  observe();
}

}  // namespace bare_metal
