// Hands out ASIDs and VMIDs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "amalgam/arch/tlbi.hpp"
#include "amalgam/pgtable/port.hpp"

namespace amalgam::pgtable {

// A tag of some generation. Generation 0 is never current: a Tag begins as no tag.
struct Tag {
  std::uint64_t generation = 0;
  std::uint16_t value = 0;

  friend constexpr bool operator==(const Tag&, const Tag&) = default;
};

// Gives tables an ASID (or VMID) of their own for as long as there are some, and starts a new
// generation when there are no more: then every tag but those that CPUs run with is free again,
// after a TLBI that no entry of an old one survives (rows 28 and 29 of the change table). The race
// that this rules out: new tables get a tag under which some TLB still holds entries of other
// tables.
//
// Calls are serialised by a lock of the caller's, which a CPU also holds from asking for its tag to
// having switched to it. Tag 0 is never handed out: roots that hold no tables run with it.
template <Port P>
class TagAllocator {
 public:
  // `words` holds a bit for each of 2^bits tags, 8 or 16 bits. `vmids`: for stage 2.
  TagAllocator(P& port, unsigned bits, std::span<std::uint64_t> words, bool vmids)
      : port_(port), count_(std::size_t{1} << bits), words_(words), vmids_(vmids) {
    clear();
  }

  // The tag for tables that had `last`: the same while its generation lasts, else another.
  // `running` has the tag that each CPU runs with now. On return no TLB holds entries of other
  // tables under it. Cost: a bit, but at a new generation a scan, two DSBs and a broadcast TLBI.
  Tag assign(const Tag& last, std::span<const Tag> running);

  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  void clear() {
    for (std::uint64_t& word : words_) word = 0;
    take(0);
  }
  [[nodiscard]] bool is_taken(std::size_t tag) const {
    return (words_[tag / 64] >> (tag % 64) & 1) != 0;
  }
  void take(std::size_t tag) { words_[tag / 64] |= std::uint64_t{1} << (tag % 64); }
  [[nodiscard]] std::size_t find() const;
  void start_generation(std::span<const Tag> running);

  P& port_;
  std::size_t count_;
  std::span<std::uint64_t> words_;
  bool vmids_;
  std::uint64_t generation_ = 1;
  std::size_t next_ = 1;
};

// A free tag, or count_ if there is none. Starts behind the last one, so that a tag that has just
// been given up is not the next to be used.
template <Port P>
std::size_t TagAllocator<P>::find() const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::size_t tag = (next_ + i) % count_;
    if (!is_taken(tag)) return tag;
  }
  return count_;
}

// A CPU goes on with its tag into the new generation: its tables keep it when they ask next.
template <Port P>
void TagAllocator<P>::start_generation(std::span<const Tag> running) {
  ++generation_;
  clear();
  for (const Tag& tag : running) {
    if (tag.generation != 0) take(tag.value);
  }
  arch::TlbiMnemonic m;
  m.kind = vmids_ ? arch::TlbiKind::kAll : arch::TlbiKind::kVmall;
  m.regime = arch::Regime::kEl10;
  m.shareability = arch::Shareability::kInner;
  port_.barrier({arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kStore});
  port_.tlbi(m, 0);
  port_.barrier({arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kAll});
  port_.barrier({arch::BarrierKind::kIsb, arch::Domain::kSy, arch::Access::kAll});
}

template <Port P>
Tag TagAllocator<P>::assign(const Tag& last, std::span<const Tag> running) {
  if (last.generation == generation_) return last;
  for (const Tag& tag : running) {
    // Kept through every change of generation since by a CPU that has run with it all the time. It
    // may know the tag by an older generation than the tables do.
    const bool is_kept = tag.generation != 0 && tag.generation <= last.generation;
    if (is_kept && tag.value == last.value && is_taken(last.value)) {
      return {generation_, last.value};
    }
  }
  std::size_t tag = find();
  if (tag == count_) {
    start_generation(running);
    tag = find();
  }
  if (tag == count_) return {};  // as many CPUs as tags
  take(tag);
  next_ = tag + 1;
  return {generation_, static_cast<std::uint16_t>(tag)};
}

}  // namespace amalgam::pgtable
