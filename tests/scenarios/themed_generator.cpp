#include "scenarios/themed_generator.hpp"

#include <array>

namespace amalgam::test {

namespace {

const std::string kWatch = "observer o on any other cpu\n";

std::vector<std::string> watch(const std::vector<std::string>& accesses) {
  std::vector<std::string> all;
  for (const std::string& access : accesses) all.push_back(kWatch + "    " + access + '\n');
  return all;
}

Theme pages_theme() {
  Theme t;
  t.name = "pages";
  t.memory =
      "frame a, b contents distinct\nframe c contents as a\nframe u, v contents unknown\n"
      "map x = a rw, b ro\nmap y = c rw\n";
  t.steps = {"set pte x[0] = b ro",
             "set pte x[0] = a ro",
             "set pte x[0] = c ro",
             "set pte x[1] = u ro",
             "set pte x[1] = v ro",
             "set pte x[1] = b rw",
             "set pte x[1] = b ro ng",
             "set pte x[0] = a rw nc",
             "clear pte x[0]",
             "clear pte x[1]",
             "clear pte y",
             "tlbi vaae1is x[0]",
             "tlbi vaae1is x[0..1]",
             "tlbi vale1is x[1]",
             "tlbi vmalle1is",
             "tlbi vaae1 x[0]",
             "free a",
             "free b",
             "copy a to b",
             "copy b to a",
             "zero b",
             "load x[0] may fault",
             "store x[1] = one may fault",
             "add y may fault",
             "update pte x[0] with ro",
             "cas pte x[0] from none to b ro",
             "let rN = pte x[1]\nset pte x[1] = rN with ro"};
  t.sequences = {
      {"clear pte x[0]", "dsb ish", "tlbi vaae1is x[0]", "dsb ish", "set pte x[0] = b ro"},
      {"set pte x[0] = a ro", "dsb ishst", "tlbi vaae1is x[0]", "dsb ish", "copy a to c",
       "set pte x[0] = c ro", "dsb ishst", "tlbi vaae1is x[0]", "dsb ish", "free a"},
      {"lock l", "clear pte x[1]", "dsb ishst", "unlock l", "tlbi vaae1is x[1]", "dsb ish",
       "free b"},
      {"stop others", "set pte x[0] = b ro", "dsb ishst", "tlbi vaae1is x[0]", "dsb ish",
       "resume others"}};
  t.watchers = watch({"load x[any]", "load or add x[any] may fault", "add x[0] may be lost",
                      "store x[any] may fault", "load or add y", "load x[1]\n    add y may fault"});
  return t;
}

Theme tables_theme() {
  Theme t;
  t.name = "tables";
  t.memory =
      "frame a, b contents distinct\ntable pt level 3\ntable qt level 3\ntable jt level 3 junk\n"
      "map x = a rw in pt\n";
  t.steps = {"set pte qt[0] = a rw", "set pte qt[0] = b ro",
             "set pte jt[0] = a rw", "set pte pt[0] = a ro",
             "clear pte pt[0]",      "clear pte qt[0]",
             "clear pmd x",          "set pmd x = table qt",
             "set pmd x = table jt", "set pmd x = table pt",
             "zero table jt",        "tlbi vaae1is x",
             "tlbi vaale1is x",      "tlbi vmalle1is",
             "tlbi vaae1 x",         "free table pt",
             "free table qt",        "free a",
             "load x may fault",     "cas pmd x from none to table qt"};
  t.sequences = {{"clear pmd x", "dsb ishst", "tlbi vaae1is x", "dsb ish", "free table pt"},
                 {"set pte qt[0] = a rw", "dsb ishst", "set pmd x = table qt", "dsb ishst",
                  "tlbi vaae1is x", "dsb ish", "free table pt"},
                 {"clear pmd x", "dsb ishst", "tlbi vaae1is x", "dsb ish", "zero table jt",
                  "dmb ishst", "set pte jt[0] = b ro", "dsb ishst", "set pmd x = table jt"}};
  t.watchers = watch({"load x may fault", "load or add x may fault", "load x"});
  return t;
}

Theme devices_theme() {
  Theme t;
  t.name = "devices";
  t.memory = "frame a, b, f contents distinct\nmap x = a ro\nmap flag = f rw\ndevice gpu ats 4K\n";
  t.steps = {"set pte x = b ro", "set pte x = b rw", "clear pte x",      "tlbi vaae1is x",
             "notify start x",   "notify now x",     "notify end x",     "copy a to b",
             "store flag = one", "free a",           "load x may fault", "set pte x = a rw"};
  t.sequences = {{"notify start x", "copy a to b", "clear pte x", "dsb ishst", "tlbi vaae1is x",
                  "dsb ish", "notify now x", "set pte x = b rw", "dsb ishst", "notify end x"},
                 {"notify start x", "clear pte x", "dsb ishst", "tlbi vaae1is x", "dsb ish",
                  "notify end x", "free a"}};
  t.watchers = {
      "agent g on gpu\n    load flag as r0\n    load x as r1 may fault\n"
      "    forbid r0 = one and r1 = a as device-order-violation\n",
      "observer g on gpu\n    load x may fault\n",
      "observer g on gpu\n    load or store x may fault\n",
      "observer o on any other cpu\n    load or add x may fault\n"};
  return t;
}

Theme hardware_theme() {
  Theme t;
  t.name = "hardware";
  t.machine = ", hardware dirty";
  t.memory = "frame a, b contents distinct\nmap x = a ro dbm, b rw noaf\n";
  t.steps = {"set pte x[0] = a ro",
             "set pte x[0] = b ro dbm",
             "set pte x[1] = b ro dbm",
             "set pte x[1] = b rw dbm noaf",
             "update pte x[0] with ro nodbm",
             "update pte x[1] with noaf",
             "let rN = pte x[0]\nset pte x[0] = rN with ro nodbm",
             "clear pte x[0]",
             "tlbi vaae1is x[0..1]",
             "copy a to b",
             "store x[0] = one may fault",
             "load x[1] may fault",
             "free a"};
  t.sequences = {
      {"update pte x[0] with ro nodbm", "dsb ishst", "tlbi vaae1is x[0]", "dsb ish", "copy a to b"},
      {"clear pte x[0]", "dsb ish", "tlbi vaae1is x[0]", "dsb ish", "set pte x[0] = b ro dbm"},
      {"clear pte x[1]", "dsb ish", "set pte x[1] = a rw noaf"}};
  t.watchers = watch({"load x[any] may fault", "add x[any] may fault", "add x[0]", "load x[1]"});
  return t;
}

Theme stage2_theme() {
  Theme t;
  t.name = "stage 2";
  t.machine = ", stage 2";
  t.memory = "frame a, b contents distinct\nmap x = a rw, b ro\n";
  t.steps = {"set pte x[0] = b ro",
             "set pte x[0] = a ro",
             "set pte x[1] = b rw",
             "set pte x[1] = a wo",
             "clear pte x[0]",
             "clear pte x[1]",
             "tlbi ipas2e1is x[0]",
             "tlbi ipas2le1is x[1]",
             "tlbi vmalle1is",
             "tlbi vmalls12e1is",
             "tlbi ipas2e1 x[0]",
             "tlbi vmalle1",
             "load x[0] may fault",
             "free a",
             "free b",
             "tlbi ipas2e1is x[0..1]"};
  t.sequences = {
      {"clear pte x[0]", "dsb ishst", "tlbi ipas2e1is x[0]", "dsb ish", "tlbi vmalle1is", "dsb ish",
       "free a"},
      {"clear pte x[0]", "dsb ishst", "tlbi vmalls12e1is", "dsb ish", "set pte x[0] = b ro"}};
  t.watchers = watch({"load x[any] may fault", "load or add x[any] may fault", "store x[0]"});
  return t;
}

Theme roots_theme() {
  Theme t;
  t.name = "roots";
  t.memory =
      "frame a, b, g contents distinct\nroot one asid 1\nroot two asid 2\nroot again asid 1\n"
      "map x = a rw user ng of one\nmap y = b ro user ng of two at x\n"
      "map z = b rw user ng of again at x\ncpu 0 uses one\ncpu 1 uses two\ncpu 2 uses one\n";
  t.steps = {"ttbr = one",
             "ttbr = two",
             "ttbr = again",
             "isb",
             "clear pte one:x",
             "set pte one:x = b ro user ng",
             "set pte two:x = a ro user ng",
             "set pte two:x = b ro user",
             "tlbi aside1is asid 1",
             "tlbi aside1is asid 2",
             "tlbi vae1is x asid 1",
             "tlbi vaae1is x",
             "tlbi vmalle1",
             "load x may fault",
             "free a"};
  t.sequences = {
      {"ttbr = two", "isb", "tlbi aside1is asid 1", "dsb ish", "ttbr = again", "isb"},
      {"interrupt others\n    tlbi vmalle1\n    dsb nsh\n    isb", "dsb ish", "ttbr = two"},
      {"clear pte one:x", "dsb ishst", "tlbi vae1is x asid 1", "dsb ish",
       "set pte one:x = b ro user ng"}};
  t.watchers = watch({"load x may fault", "load or store x may fault"});
  return t;
}

Theme groups_theme() {
  const auto all = [](const std::string& step) { return "for i in 0..15\n    " + step; };
  Theme t;
  t.name = "groups";
  t.memory = "frame f[16], g[16] contents distinct\nmap x = f ro cont\n";
  t.steps = {all("clear pte x[i]"),
             all("set pte x[i] = f[i] ro"),
             all("set pte x[i] = g[i] ro cont"),
             all("set pte x[i] = f[i] rw cont"),
             "set pte x[3] = g[3] ro cont",
             "set pte x[3] = f[3] ro",
             "clear pte x[5]",
             "tlbi vaae1is x[0..15]",
             "tlbi vaae1is x[3]",
             "tlbi vmalle1is"};
  t.sequences = {{all("clear pte x[i]"), "dsb ish", "tlbi vaae1is x[0..15]", "dsb ish",
                  all("set pte x[i] = g[i] ro cont")},
                 {all("set pte x[i] = f[i] ro"), "dsb ishst", "tlbi vaae1is x[0..15]", "dsb ish"},
                 {all("set pte x[i] = f[i] rw cont"), "dsb ishst", "tlbi vmalle1is", "dsb ish"}};
  t.watchers = watch({"load x[any] may fault", "load x[2..4]", "add x[3] may fault"});
  t.few_pages = false;
  return t;
}

Theme blocks_theme() {
  const auto all = [](const std::string& step) { return "for i in 0..511\n    " + step; };
  Theme t;
  t.name = "blocks";
  t.machine = ", ttl";
  t.memory = "frame big[512], s contents distinct\ntable pt level 3\nmap x = block big rw\n";
  t.steps = {all("set pte pt[i] = big[i] rw"),
             all("set pte pt[i] = big[i] ro"),
             "set pte pt[7] = s ro",
             "clear pte pt[7]",
             "set pmd x = table pt",
             "set pmd x = big[0] rw",
             "set pmd x = big[0] ro",
             "set pmd x = big[0] rw nt",
             "clear pmd x",
             "tlbi vaae1is x",
             "tlbi vaae1is x[7] level 3",
             "tlbi vaae1is x level 2",
             "tlbi vaale1is x[7]",
             "free big[7]",
             "free table pt"};
  t.sequences = {{all("set pte pt[i] = big[i] rw"), "dsb ishst", "set pmd x = table pt",
                  "dsb ishst", "tlbi vaae1is x", "dsb ish"},
                 {all("set pte pt[i] = big[i] rw"), "clear pmd x", "dsb ish", "tlbi vaae1is x",
                  "dsb ish", "set pmd x = table pt", "dsb ish", "clear pte pt[7]", "dsb ish",
                  "tlbi vaae1is x[7]", "dsb ish", "free big[7]"}};
  t.watchers = watch({"load x[5..8] may fault", "add x[any]"});
  t.few_pages = false;
  return t;
}

}  // namespace

const std::vector<Theme>& themes() {
  static const std::vector<Theme> all{pages_theme(),    tables_theme(), devices_theme(),
                                      hardware_theme(), stage2_theme(), roots_theme(),
                                      groups_theme(),   blocks_theme()};
  return all;
}

const std::string& ThemedGenerator::step() {
  static const std::vector<std::string> kBarriers{"dsb ish",   "dsb ish", "dsb ishst", "dsb ishld",
                                                  "dsb nsh",   "dmb ish", "dmb ishst", "isb",
                                                  "dsb nshst", "dsb sy"};
  return chance(30) ? any(kBarriers) : any(theme_.steps);
}

std::string ThemedGenerator::agent(const std::string& head, const std::vector<std::string>& steps) {
  std::string text = head + '\n';
  unsigned registers = 0;
  for (const std::string& s : steps) {
    std::string line = "    ";
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s.compare(i, 2, "rN") == 0) {
        line.append("r").append(std::to_string(registers + 50));
        ++i;
      } else {
        line += s[i];
        if (s[i] == '\n') line += "    ";
      }
    }
    ++registers;
    text += line + '\n';
  }
  return text;
}

std::string ThemedGenerator::next() {
  static const std::array<std::string, 4> kEts{"none", "none", "2", "3"};
  std::vector<std::string> steps;
  for (const std::string& s : any(theme_.sequences)) {
    const bool paired = s.ends_with(" others") || s.starts_with("lock") || s.starts_with("unlock");
    if (!paired && chance(12)) continue;
    if (chance(12)) steps.push_back(step());
    steps.push_back(!paired && chance(8) ? step() : s);
  }
  if (steps.empty()) steps.push_back(step());
  std::string text = "case \"theme " + theme_.name + "\"\n";
  text += "machine arm64, granule 4K, va 48, bbm " + std::to_string(below(4));
  text += ", ets " + any(kEts) + ", cpus 3" + theme_.machine + '\n' + theme_.memory;
  text += agent("agent u on cpu 0", steps);
  if (chance(35)) {
    std::vector<std::string> others{step()};
    while (chance(60) && others.size() < 3) others.push_back(step());
    text += agent("agent v on cpu 1", others);
  }
  if (chance(85)) text += any(theme_.watchers);
  return text;
}

}  // namespace amalgam::test
