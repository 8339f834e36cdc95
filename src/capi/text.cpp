// Names and texts, and what needs to know a geometry but no tables.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "amalgam/arch/change_table.hpp"
#include "amalgam/pgtable.h"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/plan_text.hpp"
#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/table_page.hpp"
#include "capi/convert.hpp"
#include "capi/geometries.hpp"

namespace amalgam::capi {
namespace {

using pgtable::Error;
using pgtable::Strategy;
using namespace std::string_view_literals;

// The numbers of the library are passed through.
constexpr bool same(Error a, amalgam_error b) {
  return static_cast<unsigned>(a) == static_cast<unsigned>(b);
}
static_assert(same(Error::kNone, AMALGAM_OK) && same(Error::kMisaligned, AMALGAM_MISALIGNED) &&
              same(Error::kOutOfRange, AMALGAM_OUT_OF_RANGE) &&
              same(Error::kEmptyRange, AMALGAM_EMPTY_RANGE) &&
              same(Error::kAlreadyMapped, AMALGAM_ALREADY_MAPPED) &&
              same(Error::kNotMapped, AMALGAM_NOT_MAPPED) &&
              same(Error::kNoMemory, AMALGAM_NO_MEMORY) &&
              same(Error::kNotPermitted, AMALGAM_NOT_PERMITTED) &&
              same(Error::kPartialBlock, AMALGAM_PARTIAL_BLOCK) &&
              same(Error::kForeignEntry, AMALGAM_FOREIGN_ENTRY) &&
              same(Error::kCannotCopy, AMALGAM_CANNOT_COPY) &&
              same(Error::kNotShared, AMALGAM_NOT_SHARED) &&
              same(Error::kOverlap, AMALGAM_OVERLAP) && same(Error::kShared, AMALGAM_SHARED));

constexpr bool same(Strategy a, amalgam_strategy b) {
  return static_cast<unsigned>(a) == static_cast<unsigned>(b);
}
static_assert(same(Strategy::kPlainStores, AMALGAM_PLAIN_STORES) &&
              same(Strategy::kInPlace, AMALGAM_IN_PLACE) &&
              same(Strategy::kBreakBeforeMake, AMALGAM_BREAK_BEFORE_MAKE) &&
              same(Strategy::kNoTranslation, AMALGAM_NO_TRANSLATION) &&
              same(Strategy::kReadOnlyStaging, AMALGAM_READ_ONLY_STAGING) &&
              same(Strategy::kStopOthers, AMALGAM_STOP_OTHERS) &&
              same(Strategy::kRefused, AMALGAM_REFUSED));

static_assert(static_cast<unsigned>(arch::BarrierKind::kIsb) == AMALGAM_ISB &&
              static_cast<unsigned>(arch::Domain::kSy) == AMALGAM_SY &&
              static_cast<unsigned>(arch::Access::kAll) == AMALGAM_ALL_ACCESSES &&
              static_cast<unsigned>(arch::TlbiKind::kIpa) == AMALGAM_TLBI_IPA &&
              static_cast<unsigned>(arch::Regime::kEl20) == AMALGAM_EL20 &&
              static_cast<unsigned>(arch::Shareability::kOuter) == AMALGAM_OUTER &&
              static_cast<unsigned>(pgtable::NotifyPhase::kEnd) == AMALGAM_NOTIFY_END &&
              static_cast<unsigned>(arch::Contents::kUnknown) == AMALGAM_UNKNOWN);

// Text into an array of C, cut off where it ends.
class Line {
 public:
  Line(char* text, std::size_t size) : text_(text), size_(size) {
    if (size_ != 0) text_[0] = '\0';
  }

  void operator()(std::string_view part) {
    for (const char c : part) {
      if (length_ + 1 < size_) {
        text_[length_] = c;
        text_[length_ + 1] = '\0';
      }
      ++length_;
    }
  }
  [[nodiscard]] std::size_t length() const { return length_; }

 private:
  char* text_;
  std::size_t size_;
  std::size_t length_ = 0;
};

std::string_view error_name(std::uint32_t error) {
  switch (error) {
    case AMALGAM_NO_SUCH_GEOMETRY:
      return "no such geometry in this library"sv;
    case AMALGAM_MISSING_CALLBACK:
      return "the port lacks a callback"sv;
    case AMALGAM_BAD_CONFIG:
      return "bad configuration"sv;
    case AMALGAM_WRONG_BATCH:
      return "a batch of other tables"sv;
    default:
      return error < AMALGAM_NO_SUCH_GEOMETRY ? name(static_cast<Error>(error)) : "unknown"sv;
  }
}

// A row of the change table by its number; one whose texts are empty where there is none.
constexpr arch::Row kNoRow{};
const arch::Row& rule(std::uint32_t number) {
  const bool exists = number != 0 && number <= arch::kRowCount;
  return exists ? arch::row(static_cast<arch::RowId>(number)) : kNoRow;
}

const char* terminated(std::string_view literal) { return literal.empty() ? "" : literal.data(); }

}  // namespace
}  // namespace amalgam::capi

using namespace amalgam;  // the interface is global
using namespace amalgam::capi;

// The texts of the library are literals, and so terminated.
const char* amalgam_error_name(uint32_t error) { return error_name(error).data(); }

const char* amalgam_strategy_name(uint32_t strategy) {
  return name(static_cast<pgtable::Strategy>(std::min<uint32_t>(strategy, UINT8_MAX))).data();
}

const char* amalgam_rule_title(uint32_t number) { return terminated(rule(number).title); }

const char* amalgam_rule_label(uint32_t number) { return terminated(rule(number).label); }

const char* amalgam_rule_reason(uint32_t number) { return terminated(rule(number).reason); }

size_t amalgam_plan_text(const amalgam_plan* plan, char* text, size_t size) {
  Line line(text, size);
  pgtable::Plan p = from_c(*plan);
  // What is not the library's has a name all the same.
  const bool ours = plan->status.error >= AMALGAM_NO_SUCH_GEOMETRY;
  if (ours) p.status = {};
  if (plan->rule > arch::kRowCount) p.row = arch::RowId::kNone;
  describe(p, line);
  if (ours) {
    line("; refused: "sv);
    line(error_name(plan->status.error));
  }
  return line.length();
}

const char* amalgam_barrier_name(const amalgam_barrier* barrier) {
  return terminated(arch::name(from_c(*barrier)));
}

size_t amalgam_tlbi_name(const amalgam_tlbi* tlbi, char* text, size_t size) {
  Line line(text, size);
  line(arch::mnemonic_text(from_c(*tlbi)).view());
  return line.length();
}

bool amalgam_shape_of(uint32_t geometry, amalgam_shape* shape) {
  if (!is_built(geometry)) return false;
  const arch::Geometry& g = kGeometries[geometry];
  *shape = {arch::page_bytes(g.granule),
            static_cast<uint32_t>(pgtable::entries_in_page(g)),
            static_cast<uint32_t>(pgtable::root_pages(g)),
            g.va_bits,
            g.pa_bits,
            static_cast<int8_t>(arch::start_level(g)),
            g.stage == arch::Stage::kStage2};
  return true;
}

uint64_t amalgam_leaf_bytes(uint32_t geometry, int level) {
  if (!is_built(geometry) || level > arch::kPageLevel) return 0;
  const arch::Geometry& g = kGeometries[geometry];
  const bool possible = level >= arch::start_level(g) && arch::leaf_allowed(g, level);
  return possible ? arch::level_size_bytes(g, level) : 0;
}

amalgam_features amalgam_features_of(const amalgam_id_registers* ids, uint32_t geometry) {
  if (geometry >= kGeometries.size()) return {};
  const arch::Geometry& g = kGeometries[geometry];
  const pgtable::IdRegisters read{ids->mmfr0, ids->mmfr1, ids->mmfr2, ids->isar0, ids->isar1};
  return to_c(pgtable::features_of(read, g.granule, g.stage));
}

amalgam_features amalgam_weakest_features(const amalgam_features* a, const amalgam_features* b) {
  return to_c(pgtable::weakest(from_c(*a), from_c(*b)));
}

#if defined(__aarch64__)
amalgam_id_registers amalgam_read_id_registers(void) {
  const pgtable::IdRegisters ids = pgtable::read_id_registers();
  return {ids.mmfr0, ids.mmfr1, ids.mmfr2, ids.isar0, ids.isar1};
}
#endif
