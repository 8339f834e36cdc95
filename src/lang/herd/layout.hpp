// Where the names of a herd test lie, so that each value tells by its range what it is.
//
// Addresses of data, descriptors and code fit 31 bits: what a W register holds, herd keeps whole.
// Name number i (from 1) has index i in the one level 3 table that herd's tests have.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/litmus/instruction.hpp"

namespace amalgam::lang::herd {

using model::litmus::Address;

inline constexpr std::size_t kMaxNames = 500;    // of the 511 entries that a table has for them
inline constexpr std::size_t kMaxThreads = 64;   // so that code does not run into the table
inline constexpr std::size_t kMaxCode = 10'000;  // instructions of a thread or a handler

inline constexpr Address kCode = 0x1000'0000;
inline constexpr Address kCodeOfThread = 0x2'0000;  // bytes from one thread's code to the next's
inline constexpr Address kHandler = 0x1'0000;       // of a thread, from the start of its code
inline constexpr Address kTable = 0x3000'0000;
inline constexpr Address kTableLast = kTable + 0xfff;
inline constexpr Address kPages = 0x4000'0000;  // virtual
inline constexpr Address kPhysicalPages = 0x8'0000'0000;

constexpr Address code_base(std::size_t thread) { return kCode + thread * kCodeOfThread; }
// The index bits alone would keep pages apart for a walk; the bits above tell them from numbers.
constexpr Address page_address(std::size_t number) {
  return kPages | number << 21U | number << 12U;
}
constexpr Address physical_page_address(std::size_t number) {
  return kPhysicalPages | number << 12U;
}
constexpr Address descriptor_address(std::size_t number) { return kTable + 8 * number; }

static_assert(code_base(kMaxThreads) < kTable && 4 * kMaxCode < kHandler);
static_assert(page_address(kMaxNames) < 0x8000'0000);

}  // namespace amalgam::lang::herd
