// What sharing or restoring takes.
#pragma once

#include <cstdint>

namespace amalgam::hvo {

struct Counts {
  std::uint64_t live_stores = 0;     // descriptors stored to tables that hardware walks
  std::uint64_t private_stores = 0;  // descriptors stored to tables before they were linked
  std::uint64_t tables = 0;          // table pages taken to split blocks
  std::uint64_t compares = 0;        // pages compared with the shared one
  std::uint64_t copies = 0;          // pages copied
  std::uint64_t flushes = 0;         // groups of TLBIs that one DSB waits for
  std::uint64_t tlbis = 0;
  std::uint64_t barriers = 0;  // DMB, DSB and ISB
  std::uint64_t stops = 0;     // times that the other CPUs were stopped

  // Calls f(member) for each count.
  template <typename F>
  static constexpr void for_each(const F& f) {
    for (std::uint64_t Counts::* member :
         {&Counts::live_stores, &Counts::private_stores, &Counts::tables, &Counts::compares,
          &Counts::copies, &Counts::flushes, &Counts::tlbis, &Counts::barriers, &Counts::stops}) {
      f(member);
    }
  }
  constexpr Counts& operator+=(const Counts& other) {
    for_each([&](auto member) { this->*member += other.*member; });
    return *this;
  }
  friend constexpr Counts operator+(Counts a, const Counts& b) { return a += b; }
  friend constexpr Counts operator-(Counts a, const Counts& b) {
    for_each([&](auto member) { a.*member -= b.*member; });
    return a;
  }
  friend constexpr Counts operator*(Counts a, std::uint64_t factor) {
    for_each([&](auto member) { a.*member *= factor; });
    return a;
  }
  friend constexpr bool operator==(const Counts&, const Counts&) = default;
};

}  // namespace amalgam::hvo
