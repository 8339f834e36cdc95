// Every operation of the library for several geometries and Ports, as a kernel would link it. With
// ONE_GEOMETRY for one, as a kernel has it: a tenth of the time to optimise.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "amalgam/pgtable.hpp"
#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "amalgam/pgtable/ports/hardware.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "amalgam/pgtable/ports/recorder.hpp"
#include "amalgam/pgtable/ports/window_slots.hpp"

namespace amalgam::pgtable {

using arch::Geometry;
using arch::Granule;

inline constexpr Geometry kSmall{};
inline constexpr Geometry kMedium{.granule = Granule::k16K, .va_bits = 47};
inline constexpr Geometry kLarge{.granule = Granule::k64K, .va_bits = 52, .pa_bits = 52};
inline constexpr Geometry kLpa2{.va_bits = 52, .pa_bits = 52, .lpa2 = true};
inline constexpr Geometry kHypervisor{.va_bits = 39, .regime = arch::Regime::kEl2};
inline constexpr Geometry kGuest{.va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2};

struct Hooks : NoHooks {
  void stop_others() const {}
  void resume_others() const {}
};
using LinearPlatform = PlatformOf<LinearMap, PagePool<LinearMap>, Hooks>;
using Slots = WindowSlots<kSmall, 8>;
using SlotPlatform = PlatformOf<Slots, PagePool<Slots>>;

inline constexpr std::uint64_t kVa = 0x20'0000;
inline constexpr std::uint64_t kBytes = 0x40'0000;

// The members that are templates; the others are instantiated below.
template <Geometry kGeometry, typename P>
bool use(PageTable<kGeometry, P>& table) {
  const auto same = [](const Leaf& leaf) { return leaf.raw; };
  std::uint64_t seen = 0;
  const auto count = [&](std::uint64_t, std::uint64_t bytes) { seen += bytes; };
  const auto measure = [&](std::string_view text) { seen += text.size(); };
  auto batch = table.batch();
  const Plan plan = table.plan_change(kVa, kBytes, same, {});
  describe(plan, measure);
  return table.change(kVa, kBytes, same, {}, batch).ok() &&
         table.age(kVa, kBytes, batch, count).ok() &&
         table.harvest_dirty(kVa, kBytes, batch, count).ok() &&
         table.for_each_mapping(kVa, kBytes, [&](const MappedRun&) { ++seen; }).ok() &&
         table.dump(kVa, kBytes, measure).ok() && seen != 0;
}

struct Sink {
  void operator()(const Operation& op) { last = op.raw; }
  std::uint64_t last = 0;
};

template class PageTable<kSmall, HardwarePort<kSmall, LinearPlatform>>;
#ifndef ONE_GEOMETRY
template class PageTable<kMedium, HardwarePort<kMedium, LinearPlatform>>;
template class PageTable<kLarge, HardwarePort<kLarge, LinearPlatform>>;
template class PageTable<kLpa2, HardwarePort<kLpa2, LinearPlatform>>;
template class PageTable<kHypervisor, HardwarePort<kHypervisor, LinearPlatform>>;
template class PageTable<kGuest, HardwarePort<kGuest, LinearPlatform>>;
template class PageTable<kSmall, HardwarePort<kSmall, SlotPlatform>>;
template class PageTable<kSmall, PlainMemoryPort<kSmall, LinearPlatform, Sharing::kAlone>>;
template class PageTable<kSmall, PlainMemoryPort<kSmall, LinearPlatform>>;
template class PageTable<kSmall, RecorderPort<HardwarePort<kSmall, LinearPlatform>, Sink>>;
#endif

template class Hvo<kSmall, HardwarePort<kSmall, LinearPlatform>>;
template bool use(PageTable<kSmall, HardwarePort<kSmall, LinearPlatform>>&);
#ifndef ONE_GEOMETRY
template class Hvo<kMedium, HardwarePort<kMedium, LinearPlatform>>;
template class Hvo<kLarge, HardwarePort<kLarge, LinearPlatform>>;
template class Hvo<kLpa2, HardwarePort<kLpa2, LinearPlatform>>;

template bool use(PageTable<kMedium, HardwarePort<kMedium, LinearPlatform>>&);
template bool use(PageTable<kLarge, HardwarePort<kLarge, LinearPlatform>>&);
template bool use(PageTable<kLpa2, HardwarePort<kLpa2, LinearPlatform>>&);
template bool use(PageTable<kHypervisor, HardwarePort<kHypervisor, LinearPlatform>>&);
template bool use(PageTable<kGuest, HardwarePort<kGuest, LinearPlatform>>&);
template bool use(PageTable<kSmall, HardwarePort<kSmall, SlotPlatform>>&);
#endif

// Whatever a TLBI or a barrier is asked for at run time.
void issue(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand, const arch::Barrier& b) {
  Aarch64::tlbi(mnemonic, operand);
  Aarch64::barrier(b);
}

arch::Features features() {
  return features_of(read_id_registers(), Granule::k4K, arch::Stage::kStage1);
}

}  // namespace amalgam::pgtable

extern "C" void start() {}
