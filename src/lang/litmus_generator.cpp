#include "lang/litmus_generator.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace amalgam::lang {

namespace {

// Steele, Lea and Flood's SplitMix64: a good mix of consecutive seeds, the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  unsigned below(unsigned n) { return static_cast<unsigned>(next() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <typename Range>
  auto pick(const Range& from) {
    return from[below(static_cast<unsigned>(from.size()))];
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 3> kPages{"x", "y", "z"};

// Registers of a thread: pages in X0 to X2, their descriptors in X3 to X5, a page number for TLBIs
// in X6, temporaries in X7 and X8, values to store in X10 on, loaded values in X20 on.
constexpr unsigned kPageRegister = 0;
constexpr unsigned kDescriptorRegister = 3;
constexpr unsigned kTlbiRegister = 6;
constexpr unsigned kTemporary = 7;
constexpr unsigned kValueRegister = 10;
constexpr unsigned kLoadRegister = 20;

struct Access {
  unsigned page = 0;
  bool of_descriptor = false;
  bool is_write = false;
};

struct Thread {
  std::vector<Access> accesses;
  std::vector<std::string> rows;
  std::string init;
  unsigned loads = 0;
  unsigned values = 0;
  unsigned labels = 0;
  std::vector<std::string> observed;
};

class Generator {
 public:
  Generator(std::uint64_t number, const GeneratorBounds& bounds)
      : random_(number), bounds_(bounds), number_(number) {}

  std::string generate() {
    shape();
    for (unsigned t = 0; t < threads_.size(); ++t) write_thread(t);
    return header() + initial_state() + program() + observation();
  }

 private:
  // How two accesses of a thread are connected.
  enum class Link : std::uint8_t {
    kNothing,
    kDmb,
    kDsb,
    kDsbIsb,
    kIsb,
    kAddress,
    kData,
    kControl,
    kControlIsb,
    kTlbi,
  };

  std::string reg(char size, unsigned index) const { return size + std::to_string(index); }

  // --- The cycle: which thread accesses what.

  Access page_or_descriptor(unsigned page) {
    return {.page = page, .of_descriptor = random_.one_in(3), .is_write = random_.one_in(2)};
  }

  // The other end of a communication: the same page, and one of the two writes. A descriptor talks
  // to the walk of an access to its page as well as to accesses of itself.
  Access partner_of(const Access& from) {
    Access to{.page = from.page, .of_descriptor = from.of_descriptor, .is_write = !from.is_write};
    if (from.is_write) to.is_write = random_.one_in(3);
    if (from.of_descriptor && from.is_write) to.of_descriptor = random_.one_in(3);
    return to;
  }

  void shape() {
    const unsigned pages = 1 + random_.below(2);
    threads_.resize(1 + random_.below(std::max(bounds_.max_threads, 1U)));
    std::vector<Access> firsts(threads_.size());
    for (std::size_t t = 0; t < threads_.size(); ++t) {
      const Access last = page_or_descriptor(random_.below(pages));
      threads_[t].accesses.push_back(last);
      firsts[(t + 1) % threads_.size()] = partner_of(last);
    }
    unsigned total = 0;
    for (std::size_t t = 0; t < threads_.size(); ++t) {
      std::vector<Access>& accesses = threads_[t].accesses;
      accesses.insert(accesses.begin(), firsts[t]);
      total += 2;
    }
    while (total < bounds_.max_accesses && random_.one_in(2)) {
      std::vector<Access>& accesses =
          threads_[random_.below(static_cast<unsigned>(threads_.size()))].accesses;
      const std::size_t at = random_.below(static_cast<unsigned>(accesses.size()) + 1);
      accesses.insert(accesses.begin() + static_cast<std::ptrdiff_t>(at),
                      page_or_descriptor(random_.below(pages)));
      ++total;
    }
  }

  // --- The code of a thread.

  void row(Thread& thread, std::string text) { thread.rows.push_back(std::move(text)); }

  void write_thread(unsigned t) {
    Thread& thread = threads_[t];
    for (std::size_t i = 0; i < thread.accesses.size(); ++i) {
      const bool follows_load = i > 0 && !thread.accesses[i - 1].is_write;
      const Link link = i == 0 ? Link::kNothing : choose_link(follows_load, thread.accesses[i]);
      write_link(thread, link, i);
      write_access(t, thread.accesses[i], link);
    }
  }

  Link choose_link(bool follows_load, const Access& access) {
    static constexpr std::array<Link, 9> kAlways{Link::kNothing, Link::kNothing, Link::kDmb,
                                                 Link::kDsb,     Link::kDsbIsb,  Link::kIsb,
                                                 Link::kTlbi,    Link::kTlbi,    Link::kTlbi};
    static constexpr std::array<Link, 4> kDependencies{Link::kAddress, Link::kControl,
                                                       Link::kControlIsb, Link::kData};
    if (!follows_load || random_.one_in(2)) return random_.pick(kAlways);
    const Link link = random_.pick(kDependencies);
    return link == Link::kData && !access.is_write ? Link::kAddress : link;
  }

  void write_link(Thread& thread, Link link, std::size_t access) {
    switch (link) {
      case Link::kNothing:
        return;
      case Link::kDmb:
        return row(thread, std::string(random_.pick(std::array<std::string_view, 4>{
                               "DMB SY", "DMB SY", "DMB LD", "DMB ST"})));
      case Link::kDsb:
        return row(thread, dsb());
      case Link::kDsbIsb:
        row(thread, dsb());
        return row(thread, "ISB");
      case Link::kIsb:
        return row(thread, "ISB");
      case Link::kAddress:
      case Link::kData:
        return row(thread, "EOR " + reg('X', kTemporary) + ',' + last_load(thread, 'X') + ',' +
                               last_load(thread, 'X'));
      case Link::kControl:
      case Link::kControlIsb:
        row(thread, "CBNZ " + last_load(thread, 'X') + ",C" + std::to_string(access));
        row(thread, 'C' + std::to_string(access) + ':');
        if (link == Link::kControlIsb) row(thread, "ISB");
        return;
      case Link::kTlbi:
        return write_tlbi(thread, access);
    }
  }

  std::string dsb() {
    return std::string(random_.pick(std::array<std::string_view, 6>{
        "DSB SY", "DSB SY", "DSB ISH", "DSB ISH", "DSB LD", "DSB ST"}));
  }

  static std::string last_load(const Thread& thread, char size) {
    return size + std::to_string(kLoadRegister + thread.loads - 1);
  }

  // An invalidation with each of its barriers there or, one time in five, not.
  void write_tlbi(Thread& thread, std::size_t access) {
    const unsigned page = thread.accesses[random_.one_in(4) ? access : access - 1].page;
    if (!random_.one_in(5)) row(thread, dsb());
    if (random_.one_in(4)) {
      row(thread, "TLBI VMALLE1IS");
    } else {
      row(thread, "LSR " + reg('X', kTlbiRegister) + ',' + reg('X', kPageRegister + page) + ",#12");
      row(thread, std::string("TLBI ") + (random_.one_in(5) ? "VAAE1," : "VAAE1IS,") +
                      reg('X', kTlbiRegister));
    }
    if (!random_.one_in(5)) row(thread, dsb());
    if (random_.one_in(3)) row(thread, "ISB");
  }

  void write_access(unsigned t, const Access& access, Link link) {
    Thread& thread = threads_[t];
    const std::string label = 'L' + std::to_string(thread.labels++);
    const char size = access.of_descriptor ? 'X' : 'W';
    const unsigned base =
        (access.of_descriptor ? kDescriptorRegister : kPageRegister) + access.page;
    const bool depends = link == Link::kAddress;
    const std::string address =
        '[' + reg('X', base) + (depends ? ',' + reg('W', kTemporary) + ",SXTW" : "") + ']';
    std::string mnemonic;
    std::string data;
    if (access.is_write) {
      mnemonic = !depends && random_.one_in(5) ? "STLR" : "STR";
      data = stored_value(t, access, size, link);
    } else {
      mnemonic = !depends && random_.one_in(5) ? "LDAR" : "LDR";
      data = reg(size, kLoadRegister + thread.loads++);
      thread.observed.push_back(std::to_string(t) + ':' + data.replace(0, 1, "X"));
      data[0] = size;
    }
    row(thread, label + ": " + mnemonic + ' ' + data + ',' + address);
    if (!access.of_descriptor) {
      thread.observed.push_back("Fault(P" + std::to_string(t) + ':' + label + ',' +
                                std::string(kPages[access.page]) + ')');
    }
  }

  // The register that a store stores; the value is new for a page, any state for a descriptor.
  std::string stored_value(unsigned t, const Access& access, char size, Link link) {
    Thread& thread = threads_[t];
    const unsigned value = kValueRegister + thread.values++;
    const std::string home = std::to_string(t) + ":X" + std::to_string(value) + '=';
    thread.init += ' ' + home +
                   (access.of_descriptor ? descriptor(access.page) : std::to_string(++stored_)) +
                   ';';
    if (link != Link::kData) return reg(size, value);
    row(thread, "ADD " + reg('X', kTemporary + 1) + ',' + reg('X', value) + ',' +
                    reg('W', kTemporary) + ",SXTW");
    return reg(size, kTemporary + 1);
  }

  std::string descriptor(unsigned page) {
    static constexpr std::array<std::string_view, 10> kFields{
        "valid:0", "valid:0", "valid:0", "", "", "", "af:0", "db:0", "db:0", "dbm:1, db:0"};
    const unsigned target = random_.one_in(3) ? random_.below(2) : page;
    const std::string_view fields = random_.pick(kFields);
    return "(oa:PA(" + std::string(kPages[target]) + ')' + (fields.empty() ? "" : ", ") +
           std::string(fields) + ')';
  }

  // --- The parts of the text.

  std::string header() {
    static constexpr std::array<std::string_view, 8> kVariants{
        "fatal", "fatal", "fatal", "fatal", "handled", "skip", "fatal,ets2", "fatal,ets3"};
    static constexpr std::array<std::string_view, 8> kHardware{
        "", "", "", "", "", "TTHM=HA\n", "TTHM=HA HD\n", "TTHM=P0:HA\n"};
    // Hardware updates that any walk may make multiply executions: in small tests only.
    const bool may_update = bounds_.hardware_updates && (threads_.size() < 3 || random_.one_in(8));
    return "AArch64 generated-" + std::to_string(number_) + "\nVariant=vmsa," +
           std::string(random_.pick(kVariants)) + '\n' +
           std::string(may_update ? random_.pick(kHardware) : std::string_view());
  }

  std::string initial_state() {
    std::string text = "{\n";
    for (unsigned page = 0; page < kPages.size(); ++page) {
      if (!is_used(page)) continue;
      text += " [" + std::string(kPages[page]) + "]=" + std::to_string(50 * page) + ';';
      if (random_.one_in(3)) {
        text += " [PTE(" + std::string(kPages[page]) + ")]=" + descriptor(page) + ';';
      }
    }
    for (unsigned t = 0; t < threads_.size(); ++t) {
      text += '\n' + addresses(t) + threads_[t].init;
    }
    return text + "\n}\n";
  }

  [[nodiscard]] bool is_used(unsigned page) const {
    const auto uses = [page](const Access& access) { return access.page == page; };
    return std::ranges::any_of(
        threads_, [&](const Thread& thread) { return std::ranges::any_of(thread.accesses, uses); });
  }

  [[nodiscard]] std::string addresses(unsigned t) const {
    std::string text;
    const std::string head = ' ' + std::to_string(t) + ":X";
    for (unsigned page = 0; page < kPages.size(); ++page) {
      if (!is_used(page)) continue;
      text += head + std::to_string(kPageRegister + page) + '=' + std::string(kPages[page]) + ';';
      text += head + std::to_string(kDescriptorRegister + page) + "=PTE(" +
              std::string(kPages[page]) + ");";
    }
    return text;
  }

  [[nodiscard]] std::string program() const {
    std::size_t rows = 0;
    std::string text;
    for (std::size_t t = 0; t < threads_.size(); ++t) {
      text += (t == 0 ? " P" : " | P") + std::to_string(t);
      rows = std::max(rows, threads_[t].rows.size());
    }
    text += " ;\n";
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t t = 0; t < threads_.size(); ++t) {
        text += (t == 0 ? " " : " | ");
        if (i < threads_[t].rows.size()) text += threads_[t].rows[i];
      }
      text += " ;\n";
    }
    return text;
  }

  [[nodiscard]] std::string observation() const {
    std::string text = "locations [";
    for (const Thread& thread : threads_) {
      for (const std::string& what : thread.observed) text += what + ';';
    }
    for (unsigned page = 0; page < kPages.size(); ++page) {
      if (!is_used(page)) continue;
      text += '[' + std::string(kPages[page]) + "];[PTE(" + std::string(kPages[page]) + ")];";
    }
    return text + "]\nexists (0:X30=0)\n";
  }

  Random random_;
  GeneratorBounds bounds_;
  std::uint64_t number_;
  std::vector<Thread> threads_;
  unsigned stored_ = 0;
};

}  // namespace

std::string generate_litmus(std::uint64_t number, const GeneratorBounds& bounds) {
  return Generator(number, bounds).generate();
}

}  // namespace amalgam::lang
