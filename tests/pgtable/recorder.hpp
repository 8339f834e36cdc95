// A Port on plain memory that writes down what reaches the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/descriptor.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable::test {

// For tables of the 4 KB granule. Can act as hardware before each exchange. Words: "fill" a table
// page that nothing names yet, "link" it, "break" and "make" a descriptor, "nt" a block in a size
// change, "copy" a page, "free" a table page, barriers and TLBIs. Equal neighbours stand once.
class Recorder : public MemoryPort {
 public:
  Recorder() : MemoryPort(512, 64) {}

  void store(View view, std::size_t i, std::uint64_t raw) {
    note(view, raw);
    MemoryPort::store(view, i, raw);
  }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    if (hardware) hardware(view.page->at(i));
    const bool stored = MemoryPort::compare_exchange(view, i, expected, raw);
    if (stored) note(view, raw);
    return stored;
  }
  void barrier(const arch::Barrier& b) { note(std::string(arch::name(b))); }
  void tlbi(const arch::TlbiMnemonic& m, std::uint64_t) {
    note(m.shareability == arch::Shareability::kInner ? "tlbi is" : "tlbi local");
  }
  PhysicalAddress take() {
    const PhysicalAddress page = MemoryPort::take();
    fresh_.insert(&MemoryPort::contents().at(page));
    return page;
  }
  void give_back(PhysicalAddress page) {
    note("free");
    MemoryPort::give_back(page);
  }
  void stop_others() { note("stop"); }
  void resume_others() { note("resume"); }
  void copy_page(PhysicalAddress, PhysicalAddress) { note("copy"); }
  bool same_contents(PhysicalAddress, PhysicalAddress) { return false; }
  void note(std::string what) {
    if (log.empty() || log.back() != what) log.push_back(std::move(what));
  }

  // From here on everything that is taken already counts as linked.
  void start_log() {
    log.clear();
    fresh_.clear();
  }

  std::vector<std::string> log;
  std::function<void(std::uint64_t&)> hardware;

 private:
  using Page = const std::vector<std::uint64_t>*;

  void note(View view, std::uint64_t raw) {
    if (fresh_.count(view.page) != 0) return note("fill");
    const auto named = MemoryPort::contents().find(raw & arch::bit_mask(47, 12));
    const bool is_table = (raw & 3) == 3 && named != MemoryPort::contents().end();
    if (is_table && fresh_.count(&named->second) != 0) {
      fresh_.clear();
      return note("link");
    }
    if ((raw & 3) == 1 && (raw & arch::bits::kNt) != 0) return note("nt");
    note((raw & 1) != 0 ? "make" : "break");
  }

  std::set<Page> fresh_;
};

}  // namespace amalgam::pgtable::test
