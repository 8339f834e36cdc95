// CPU 1: reads and writes through mappings while they change, and judges what it meets.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cpus.hpp"

namespace bare_metal {

// What a mapping leads to. `value` is the word at its start, which nobody changes.
struct Mapping {
  bool readable = false;
  bool writable = false;
  std::uint64_t pa = 0;
  std::uint64_t value = 0;
};

// Where in a watched page what stands, in bytes from the watched address.
inline constexpr std::uint64_t kValueAt = 0;
inline constexpr std::uint64_t kStoreAt = 8;  // CPU 1 stores 1, 2, 3...
inline constexpr std::uint64_t kAddAt = 16;   // CPU 1 adds 1 each time

// A place that CPU 1 accesses, and what it has met there.
struct Watched {
  std::uint64_t va = 0;
  Mapping before;
  Mapping after;
  bool stores = true;           // besides reads, where a mapping is writable
  Phase from = Phase::kBefore;  // not accessed before this phase
  // Numbers of stores that succeeded: of the last that certainly went through the old mapping, of
  // the first that certainly went through the new one, of the last of all.
  std::uint64_t last_before = 0;
  std::uint64_t first_after = 0;
  std::uint64_t last = 0;
  std::uint64_t attempted = 0;
  std::uint64_t adds = 0;
};

// Something that may not happen: what, where, and between which phases.
struct Violation {
  std::string_view what;
  std::uint64_t va = 0;
  std::uint64_t got = 0;
  std::uint64_t wanted = 0;
  Phase first = Phase::kBefore;
  Phase last = Phase::kBefore;
};

class Observer {
 public:
  static constexpr std::size_t kMaxWatched = 192;

  // CPU 0, while CPU 1 is parked.
  void clear();
  void add(const Watched& watched);
  // Whether loads and stores may fault while the change is under way.
  void permit_faults(bool loads, bool stores) {
    loads_may_fault_ = loads;
    stores_may_fault_ = stores;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const Watched& operator[](std::size_t i) const { return watched_[i]; }
  void report(const Violation& violation);

  // Counted since the last reset.
  void reset_counts();
  [[nodiscard]] std::uint64_t accesses() const { return accesses_; }
  [[nodiscard]] std::uint64_t faults() const { return faults_; }
  [[nodiscard]] std::uint64_t violations() const { return violations_; }
  [[nodiscard]] const Violation& first_violation() const { return first_; }

  // CPU 1: accesses everything that is watched once.
  void sweep();

 private:
  struct Access {
    Phase first;
    Phase last;
    bool skipped;          // it faulted, and did not happen
    std::uint32_t faults;  // on the way
    std::uint64_t value;
  };
  template <typename F>
  Access access(bool retry, const F& f);
  // What the old and the new mapping, and the change between them, let an access do.
  struct Permitted {
    bool by_old;
    bool by_new;
    bool has_window;
  };
  void judge_faults(const Watched& w, const Access& a, const Permitted& permitted);
  void read(const Watched& w);
  void store(Watched& w);
  void increment(Watched& w);

  std::array<Watched, kMaxWatched> watched_{};
  std::size_t size_ = 0;
  bool loads_may_fault_ = false;
  bool stores_may_fault_ = false;
  std::uint64_t accesses_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t violations_ = 0;
  Violation first_{};
};

extern Observer observer;

// What CPU 1 does for ever.
void observe();

}  // namespace bare_metal
