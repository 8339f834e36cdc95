// Uses the headers as they are installed: succeeds when a mapping leads where it should.
#include <amalgam/pgtable.hpp>
#include <amalgam/pgtable/ports/plain_memory.hpp>
#include <array>
#include <cstdint>
#include <cstdio>

namespace {

using namespace amalgam;

constexpr arch::Geometry kGeometry{};
using Pages = std::array<std::array<std::uint64_t, 512>, 8>;
alignas(4096) Pages pages;
using Window = pgtable::LinearMap;
using Platform = pgtable::PlatformOf<Window, pgtable::PagePool<Window>>;
using Port = pgtable::PlainMemoryPort<kGeometry, Platform>;

}  // namespace

int main() {
  Window window(reinterpret_cast<std::uintptr_t>(&pages));
  pgtable::PagePool<Window> pool(window);
  pool.add(4096, pages.size() - 1, 4096);
  Platform platform(window, pool);
  Port port(platform);
  pgtable::PageTable<kGeometry, Port> table(port, 0, {});
  table.clear_root();
  auto batch = table.batch();
  if (!table.map(0x1000, 0x1000, 0x5000, {}, batch).ok()) return 1;
  const auto found = table.query(0x1234);
  if (!found) return 1;
  std::printf("%#llx\n", static_cast<unsigned long long>(found->output));
}
