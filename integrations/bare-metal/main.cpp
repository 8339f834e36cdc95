// Boots, chooses the geometry that the command line names, and says how it went.
#include <algorithm>
#include <string_view>

#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "console.hpp"
#include "cpus.hpp"
#include "interrupts.hpp"
#include "machine.hpp"
#include "observer.hpp"
#include "run.hpp"
#include "runner.hpp"
#include "translation.hpp"

extern "C" char guest_stack_top[];

namespace bare_metal {

Translation second_translation;

void print_features(const arch::Features& features, const arch::Geometry& geometry) {
  constexpr std::string_view granules[] = {"4K", "16K", "64K"};
  print("bare-metal: FEAT_BBM level ");
  print_number(features.bbm);
  print(", EL");
  print_number(exception_level());
  print(geometry.stage == arch::Stage::kStage2 ? ", stage 2, granule " : ", stage 1, granule ");
  print(granules[static_cast<unsigned>(geometry.granule)]);
  if (features.hardware_af) print(", AF");
  if (features.hardware_dirty) print(", DBM");
  if (features.ttl) print(", TTL");
  if (features.tlbi_range) print(", range TLBI");
  if (features.cnp) print(", CnP");
  print("\n");
}

namespace {

std::string_view name(Phase phase) {
  constexpr std::string_view names[] = {"before", "during", "after"};
  return names[static_cast<unsigned>(phase)];
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
  Totals (*guest)(bool);
};

constexpr Choice kChoices[] = {
    {"4K", run_4k_el1, run_4k_el2, run_4k_guest},
    {"16K", run_16k_el1, run_16k_el2, run_16k_guest},
    {"64K", run_64k_el1, run_64k_el2, run_64k_guest},
};

// The argument: a granule, `guest` for stage 2 at EL2, `race` where both CPUs really run at once.
Totals run_choice() {
  const std::string_view words = argument();
  const bool paced = !has_word(words, "race");
  for (const Choice& choice : kChoices) {
    if (!has_word(words, choice.granule)) continue;
    if (exception_level() == 1) return choice.el1(paced);
    return (has_word(words, "guest") ? choice.guest : choice.el2)(paced);
  }
  print("bare-metal: the arguments are 4K, 16K or 64K, guest or not, race or not\n");
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
  const GuestTranslation& guest = second_translation.guest;
  if (guest.vtcr != 0) {
    turn_guest_translation_on(guest);
    accept_interrupts();
    enter_guest(observe, address_of(guest_stack_top));
  }
  accept_interrupts();
  observe();
}

}  // namespace bare_metal
