#include "scenarios/program_generator.hpp"

#include <array>

namespace amalgam::test {

namespace {

std::string indented(const std::vector<std::string>& ops) {
  std::string text;
  for (const std::string& op : ops) text += "    " + op + '\n';
  return text;
}

}  // namespace

std::string ProgramGenerator::attributes() {
  static const std::array<std::string, 8> kRare{" noaf", " ng",  " nc",    " user",
                                                " x",    " sw1", " nc ng", " osh"};
  return (chance(55) ? "ro" : "rw") + (chance(12) ? any(kRare) : std::string());
}

std::string ProgramGenerator::mapping() { return chance(10) ? "none" : leaf(); }

// Few frames, so that pages come back and aliases happen.
void ProgramGenerator::choose_memory() {
  static const std::array<std::string, 4> kMore{"frame c contents as a\n",
                                                "frame c contents distinct\n",
                                                "frame c, d contents unknown\n", ""};
  memory_ = "frame a, b contents distinct\n";
  frames_ = {"a", "b"};
  const std::string more = any(kMore);
  memory_ += more;
  if (!more.empty()) frames_.emplace_back("c");
  if (more.find(" d ") != std::string::npos) frames_.emplace_back("d");
  pages_ = {"x"};
  if (chance(30)) {
    pages_ = {"x[0]", "x[1]"};
    memory_ += "map x = " + mapping() + ", " + leaf() + '\n';
  } else {
    memory_ += "map x = " + (chance(90) ? leaf() : std::string("none")) + '\n';
    if (chance(25)) {
      pages_.emplace_back("y");
      memory_ += "map y = " + leaf() + '\n';
    }
  }
}

std::string ProgramGenerator::barrier() {
  static const std::array<std::string, 16> kBarriers{
      "dsb ish",   "dsb ish",   "dsb ish",   "dsb ishst", "dsb ishst", "dsb ishld",
      "dsb sy",    "dsb nsh",   "dsb nshst", "dsb nshld", "dmb ish",   "dmb ishst",
      "dmb ishld", "dmb nshst", "isb",       "isb"};
  return any(kBarriers);
}

std::string ProgramGenerator::invalidation(const std::string& page) {
  static const std::array<std::string, 12> kOperations{
      "vaae1is",  "vaae1is",   "vaae1is", "vaae1is", "vale1is",         "vae1is",
      "vaale1is", "vmalle1is", "vaae1",   "vmalle1", "aside1is asid 0", "vae1 "};
  const std::string operation = any(kOperations);
  const bool by_address = operation.starts_with("va");
  return "tlbi " + operation + (by_address ? ' ' + page : "");
}

std::string ProgramGenerator::access(const std::string& page, std::string& reg) {
  // A thread that a fault ends goes on in the slices of other pages (docs/machine.md, limits),
  // where the reference stops it. So every access of an agent may fault.
  const std::string fault = " may fault";
  switch (below(4)) {
    case 0:
      return "store " + page + (chance(50) ? " = v0" : " = v1") + fault;
    case 1:
      reg = fresh_register();
      return "add " + page + " as " + reg + fault;
    default:
      reg = fresh_register();
      return "load " + page + " as " + reg + fault;
  }
}

// One operation, or two that belong together.
ProgramGenerator::Ops ProgramGenerator::random_op() {
  const std::string page = any(pages_);
  std::string reg;
  switch (below(22)) {
    case 0:
    case 1:
    case 2:
      return {"set pte " + page + " = " + leaf()};
    case 3:
    case 4:
      return {"clear pte " + page};
    case 5:
    case 6:
    case 7:
      return {barrier()};
    case 8:
    case 9:
      return {invalidation(page)};
    case 10:
      return {"free " + any(frames_)};
    case 11:
      return {"copy " + any(frames_) + " to " + frames_[0]};
    case 12:
      return {"write " + any(frames_) + (chance(50) ? " = v0" : " = v1")};
    case 13:
      return {"read " + any(frames_) + " as " + fresh_register()};
    case 14:
      return {"zero " + any(frames_)};
    case 15:
      return {"cas pte " + page + " from none to " + leaf()};
    case 16:
      return {"update pte " + page + " with " + attributes()};
    case 17:
      reg = fresh_register();
      return {"let " + reg + " = pte " + page, "set pte " + (settings_.moves ? any(pages_) : page) +
                                                   " = " + reg + " with " + attributes()};
    case 18:
      return {"stop others", "resume others"};
    default:
      return {access(page, reg)};
  }
}

// The sequences that people write, before they are spoiled.
ProgramGenerator::Ops ProgramGenerator::sequence() {
  const std::string page = any(pages_);
  const std::string store = "set pte " + page + " = " + leaf();
  const std::string flush = "tlbi vaae1is " + page;
  Ops ops;
  switch (below(6)) {
    case 0:
      ops = {"clear pte " + page, "dsb ish", flush, "dsb ish", store};
      break;
    case 1:
      ops = {store, "dsb ishst", flush, "dsb ish"};
      break;
    case 2:
      ops = {"clear pte " + page, "dsb ishst", flush, "dsb ish", "free " + any(frames_)};
      break;
    case 3:
      ops = {"set pte " + page + " = " + frames_[0] + " ro",
             "dsb ishst",
             flush,
             "dsb ish",
             "copy " + frames_[0] + " to " + frames_.back(),
             "set pte " + page + " = " + frames_.back() + " ro"};
      break;
    case 4:
      ops = {"stop others", store, "dsb ishst", flush, "dsb ish", "resume others"};
      break;
    default:
      for (std::size_t i = 1 + below(4); i > 0; --i) {
        for (const std::string& op : random_op()) ops.push_back(op);
      }
      break;
  }
  return ops;
}

// Leaves steps out, puts others in, and exchanges neighbours. A stop and its resume stay whole.
ProgramGenerator::Ops ProgramGenerator::spoiled(const Ops& ops, std::size_t most) {
  Ops result;
  for (const std::string& op : ops) {
    const bool paired =
        op.ends_with(" others") || op.starts_with("let") || op.find(" with ") != std::string::npos;
    if (!paired && chance(12)) continue;
    if (chance(12)) {
      for (const std::string& other : random_op()) {
        if (!other.ends_with(" others")) result.push_back(other);
      }
    }
    result.push_back(!paired && chance(8) ? barrier() : op);
  }
  while (result.size() > most) {
    std::size_t at = below(result.size());
    while (result[at].ends_with(" others") || result[at].starts_with("let")) {
      at = (at + 1) % result.size();
    }
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (result.empty()) result.push_back("isb");
  return result;
}

ProgramGenerator::Ops ProgramGenerator::locked(Ops ops) {
  const std::string lock = chance(70) ? "l" : "m";
  ops.insert(ops.begin(), "lock " + lock);
  ops.push_back("unlock " + lock);
  return ops;
}

// A thread that reads twice and says what it must not see, or does anything.
std::string ProgramGenerator::reader() {
  if (chance(40)) {
    Ops ops;
    while (ops.size() < settings_.most_reader_ops - 1) {
      for (const std::string& op : random_op()) {
        if (!op.ends_with(" others")) ops.push_back(op);
      }
    }
    if (chance(30)) ops = locked(ops);
    return "agent v on cpu 1\n" + indented(ops);
  }
  const std::string first = fresh_register();
  const std::string second = fresh_register();
  Ops ops{"load " + any(pages_) + " as " + first + " may fault"};
  if (chance(60)) ops.push_back(barrier());
  ops.push_back("load " + any(pages_) + " as " + second + " may fault");
  ops.push_back("forbid " + first + " = " + any(frames_) + " and " + second + " = " + any(frames_) +
                " as device-order-violation");
  return "agent v on cpu 1\n" + indented(ops);
}

std::string ProgramGenerator::observer(std::uint32_t cpu) {
  static const std::array<std::string, 6> kAccesses{"load",        "store",         "add",
                                                    "load or add", "load or store", "add"};
  static const std::array<std::string, 5> kContracts{"", " may fault", " may be lost",
                                                     " may fault or be lost", " may fault"};
  std::string text = "observer o on cpu ";
  text += std::to_string(cpu) + '\n';
  text += "    " + any(kAccesses) + ' ' + (chance(70) && pages_.size() == 1 ? "x" : "x[any]") +
          any(kContracts) + '\n';
  return text;
}

std::string ProgramGenerator::next() {
  static const std::array<std::string, 4> kEts{"none", "none", "2", "3"};
  registers_ = 0;
  choose_memory();
  const bool with_reader = chance(50);
  const bool with_observer = !with_reader || chance(35);
  const unsigned cpus = 1 + (with_reader ? 1 : 0) + (with_observer ? 1 : 0);
  Ops ops = spoiled(sequence(), settings_.most_ops);
  if (with_reader && chance(15)) ops = locked(ops);
  std::string text = "case \"seed ";
  text += std::to_string(settings_.seed) + "\"\nmachine arm64, granule 4K, va 48, bbm ";
  text += std::to_string(below(4)) + ", ets " + any(kEts) + ", cpus ";
  text += std::to_string(cpus) + '\n';
  text += memory_ + "agent u on cpu 0\n" + indented(ops);
  if (with_reader) text += reader();
  if (with_observer) text += observer(cpus - 1);
  return text;
}

}  // namespace amalgam::test
