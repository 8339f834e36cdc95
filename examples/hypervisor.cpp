// A hypervisor: the memory of a guest in stage 2 tables, write-protected in part while it runs. On
// plain memory, so that it runs anywhere; on a CPU the Port is a HardwarePort, see docs/ports.md.
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "amalgam/pgtable.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"

namespace {

using namespace amalgam;  // an example: short names matter more

constexpr arch::Geometry kGuest{.va_bits = 40, .stage = arch::Stage::kStage2};
constexpr std::uint64_t kPage = arch::page_bytes(kGuest.granule);
constexpr std::uint64_t kBlock = arch::level_size_bytes(kGuest, 2);  // 2 MB
constexpr std::size_t kRootPages = pgtable::root_pages(kGuest);

// Memory for tables. A physical address is an offset into it.
struct alignas(kRootPages* kPage) Memory {
  std::array<std::array<std::uint64_t, kPage / 8>, 32> pages;
};
Memory memory;

using Window = pgtable::LinearMap;
using Platform = pgtable::PlatformOf<Window, pgtable::PagePool<Window>>;
using Port = pgtable::PlainMemoryPort<kGuest, Platform>;
using Table = pgtable::PageTable<kGuest, Port>;

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void show(const Table& table, std::uint64_t ipa, std::uint64_t bytes) {
  (void)table.dump(ipa, bytes, print);
}

bool done(std::string_view what, const pgtable::Status& status) {
  print(what);
  print(": ");
  print(status.ok() ? "done" : name(status.error));
  print("\n");
  return status.ok();
}

// Asks first with nothing permitted, then lets the guest's accesses fault for the time of a TLBI:
// the hypervisor's handler waits for the lock and lets the guest try again.
pgtable::Permits permits_for(const Table& table, std::uint64_t ipa, std::uint64_t bytes,
                             const pgtable::Attributes& attributes) {
  pgtable::Permits permits;
  const pgtable::Plan strict = table.plan_protect(ipa, bytes, attributes, permits);
  print("without a fault window: ");
  describe(strict, print);
  print("\n");
  permits.fault_window = true;
  const pgtable::Plan plan = table.plan_protect(ipa, bytes, attributes, permits);
  print("with one: ");
  describe(plan, print);
  print("\n");
  return permits;
}

}  // namespace

int main() {
  Window window(reinterpret_cast<std::uintptr_t>(&memory));
  pgtable::PagePool<Window> pool(window);
  pool.add(kRootPages * kPage, memory.pages.size() - kRootPages, kPage);
  Platform platform(window, pool);
  Port port(platform);
  Table::Config config;  // of a CPU without FEAT_BBM; features_of() reads what it really has
  Table table(port, 0, config);
  table.clear_root();
  auto batch = table.batch();

  const pgtable::Attributes ram{.writable = true, .executable = true, .memory = 15};
  const std::uint64_t ipa = 0x8000'0000;
  const std::uint64_t bytes = 2 * kBlock;
  if (!done("map", table.map(ipa, bytes, 0x4000'0000, ram, batch))) return 1;
  table.activate();  // VTTBR_EL2 may name the root from here on
  show(table, ipa, bytes);

  pgtable::Attributes read_only = ram;
  read_only.writable = false;
  const std::uint64_t firmware = ipa + 4 * kPage;
  const pgtable::Permits permits = permits_for(table, firmware, 2 * kPage, read_only);
  if (!done("protect", table.protect(firmware, 2 * kPage, read_only, permits, batch))) return 1;
  batch.flush();  // no store of the guest gets through any more
  show(table, ipa, bytes);

  if (!done("unmap", table.unmap(ipa, bytes, batch, permits))) return 1;
  batch.flush();
  std::printf("%zu tables freed, %" PRIu64 " TLBIs in all\n",
              static_cast<std::size_t>(batch.cost().tables_freed), batch.cost().tlbis);
  return table.query(ipa) ? 1 : 0;
}
