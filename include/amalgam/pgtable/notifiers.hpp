// Who is told of changes: secondary MMUs, and device TLBs among them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "amalgam/pgtable/port.hpp"

namespace amalgam::pgtable {

// One listener of a chain: a function, and what it is called with. It hears
//   kStart   before the first store to a descriptor of [start, end): no new entry may be made from
//   it
//            until kEnd. May sleep if the caller of the operation may.
//   kNow     when no CPU has a stale entry of [start, end) any more; on return no device has. For
//            listeners that walk the CPUs' tables themselves (ATS, shared virtual addresses) this
//            is the call that counts, and it must not sleep.
//   kEnd     when the operation is over; what was unmapped may be free by now.
// Listeners that mirror the tables do their work at kStart and kEnd.
class Notifier {
 public:
  using Hear = void (*)(void* self, NotifyPhase phase, std::uint64_t start, std::uint64_t end);

  constexpr Notifier(Hear hear, void* self) : hear_(hear), self_(self) {}
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

 private:
  friend class NotifierChain;
  Hear hear_;
  void* self_;
  Notifier* next_ = nullptr;
};

// The listeners of one set of tables. Adding and removing is for the holder of the tables' lock.
class NotifierChain {
 public:
  void add(Notifier& notifier) {
    notifier.next_ = first_;
    first_ = &notifier;
  }
  void remove(Notifier& notifier) {
    for (Notifier** at = &first_; *at != nullptr; at = &(*at)->next_) {
      if (*at != &notifier) continue;
      *at = notifier.next_;
      notifier.next_ = nullptr;
      return;
    }
  }

  // What a Port's notify() passes on. `end` is exclusive; 0 is the end of the address space.
  void notify(NotifyPhase phase, std::uint64_t start, std::uint64_t end) const {
    for (Notifier* n = first_; n != nullptr; n = n->next_) n->hear_(n->self_, phase, start, end);
  }

 private:
  Notifier* first_ = nullptr;
};

// The addresses of one invalidation of a device TLB: 2^size_lg2 bytes from a multiple of that on.
struct AtcSpan {
  std::uint64_t start = 0;
  unsigned size_lg2 = 12;

  friend constexpr bool operator==(const AtcSpan&, const AtcSpan&) = default;
};

inline constexpr unsigned kAtcPageLg2 = 12;  // what ATS counts in, whatever the granule
inline constexpr unsigned kAtcEverything = 64;

// The smallest span that covers [start, end), `end` 0 for the end of the address space. ATS takes
// aligned powers of two alone, so that [7, 11) pages become [0, 16).
constexpr AtcSpan atc_cover(std::uint64_t start, std::uint64_t end) {
  const std::uint64_t first = start >> kAtcPageLg2;
  const std::uint64_t last = (end - 1) >> kAtcPageLg2;
  const unsigned pages_lg2 = static_cast<unsigned>(std::bit_width(first ^ last));
  const unsigned size_lg2 = kAtcPageLg2 + pages_lg2;
  if (size_lg2 >= kAtcEverything) return {0, kAtcEverything};
  return {start & ~((std::uint64_t{1} << size_lg2) - 1), size_lg2};
}

// A run of spans that covers [start, end) and nothing else, largest first where alignment allows.
class AtcSpans {
 public:
  constexpr AtcSpans(std::uint64_t start, std::uint64_t end)
      : at_(start & ~std::uint64_t{(1U << kAtcPageLg2) - 1}), last_(end - 1) {}

  constexpr bool done() const { return done_; }
  constexpr AtcSpan next() {
    unsigned size_lg2 = kAtcPageLg2;
    while (fits(size_lg2 + 1)) ++size_lg2;
    const AtcSpan span{at_, size_lg2};
    const std::uint64_t span_last = last_of(size_lg2);
    done_ = span_last >= last_;
    at_ = span_last + 1;
    return span;
  }

 private:
  constexpr std::uint64_t last_of(unsigned size_lg2) const {
    return size_lg2 >= kAtcEverything ? ~std::uint64_t{0}
                                      : at_ + ((std::uint64_t{1} << size_lg2) - 1);
  }
  constexpr bool fits(unsigned size_lg2) const {
    if (size_lg2 >= kAtcEverything) return at_ == 0 && last_ == ~std::uint64_t{0};
    const std::uint64_t mask = (std::uint64_t{1} << size_lg2) - 1;
    return (at_ & mask) == 0 && at_ + mask <= last_;
  }

  std::uint64_t at_;
  std::uint64_t last_;
  bool done_ = false;
};

// What sends invalidations to devices: an SMMU's command queue.
//   atc_invalidate(span)   queues ATC_INV for the devices that use the tables
//   sync()                 waits until what is queued is complete
template <typename Q>
concept AtcQueue = requires(Q& queue, const AtcSpan& span) {
  { queue.atc_invalidate(span) };
  { queue.sync() };
};

// How ranges become spans: one that may cover more, or as many as it takes, up to a number.
struct AtcPolicy {
  unsigned most_spans = 1;
};

// Tells device TLBs. The SMMU's own entries have gone with the CPUs' TLBI, where it listens to
// broadcasts; where it does not, the queue's owner puts an SMMU TLBI and a sync in front of each
// ATC_INV, for a device that asks again too early gets the old entry from the SMMU.
template <AtcQueue Q>
class AtcNotifier {
 public:
  explicit AtcNotifier(Q& queue, const AtcPolicy& policy = {})
      : queue_(queue), policy_(policy), notifier_(&hear, this) {}

  // What to add to a chain.
  Notifier& notifier() { return notifier_; }

  // On return no device TLB has an entry of [start, end).
  void invalidate(std::uint64_t start, std::uint64_t end) {
    if (count(start, end) > policy_.most_spans) {
      queue_.atc_invalidate(atc_cover(start, end));
    } else {
      for (AtcSpans spans(start, end); !spans.done();) queue_.atc_invalidate(spans.next());
    }
    queue_.sync();
  }

 private:
  static void hear(void* self, NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    if (phase == NotifyPhase::kNow) static_cast<AtcNotifier*>(self)->invalidate(start, end);
  }
  unsigned count(std::uint64_t start, std::uint64_t end) const {
    unsigned spans = 0;
    for (AtcSpans s(start, end); !s.done() && spans <= policy_.most_spans; (void)s.next()) ++spans;
    return spans;
  }

  Q& queue_;
  AtcPolicy policy_;
  Notifier notifier_;
};

}  // namespace amalgam::pgtable
