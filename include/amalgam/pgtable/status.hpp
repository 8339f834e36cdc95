#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/arch/change_table.hpp"

namespace amalgam::pgtable {

// Why an operation was refused. Nothing was changed, unless an operation says otherwise.
enum class Error : std::uint8_t {
  kNone,
  kMisaligned,     // an address or a size is not a multiple of the page
  kOutOfRange,     // an address that the geometry cannot translate or hold
  kEmptyRange,     // a range of no bytes
  kAlreadyMapped,  // something is mapped where nothing may be
  kNotMapped,      // nothing is mapped where something must be
  kNoMemory,       // the port has no table pages left
  kNotPermitted,   // legal only by a strategy that the caller does not permit; `row` says why
  kPartialBlock,   // part of a block or group, and the caller does not permit to split it
  kForeignEntry,   // an invalid entry that is not zero: the caller may mean something by it
  kCannotCopy,     // contents are to be carried, and the Port copies no pages
  kNotShared,      // tails to be restored are not mapped by pages to one shared page, read-only
  kOverlap,        // what is to be read and what is to be written share pages
  kShared,         // tails share a page already
};

// How an operation ended. `va` is where it stopped; `row` the rule of the change table that stands
// in the way, RowId::kNone where it is no rule.
struct [[nodiscard]] Status {
  Error error = Error::kNone;
  std::uint64_t va = 0;
  arch::RowId row = arch::RowId::kNone;

  constexpr bool ok() const { return error == Error::kNone; }
  friend constexpr bool operator==(const Status&, const Status&) = default;
};

constexpr std::string_view name(Error error) {
  using namespace std::string_view_literals;
  switch (error) {
    case Error::kNone:
      return "none"sv;
    case Error::kMisaligned:
      return "misaligned"sv;
    case Error::kOutOfRange:
      return "out of range"sv;
    case Error::kEmptyRange:
      return "empty range"sv;
    case Error::kAlreadyMapped:
      return "already mapped"sv;
    case Error::kNotMapped:
      return "not mapped"sv;
    case Error::kNoMemory:
      return "no memory for tables"sv;
    case Error::kNotPermitted:
      return "not permitted by the caller"sv;
    case Error::kPartialBlock:
      return "part of a block"sv;
    case Error::kForeignEntry:
      return "foreign entry"sv;
    case Error::kOverlap:
      return "overlap"sv;
    case Error::kShared:
      return "shared already"sv;
    case Error::kNotShared:
      return "not shared"sv;
    case Error::kCannotCopy:
      return "the port copies no pages"sv;
  }
  return "unknown"sv;
}

}  // namespace amalgam::pgtable
