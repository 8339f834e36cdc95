#include "model/state_set.hpp"

#include <algorithm>

namespace amalgam::model {

namespace {

constexpr std::size_t kInitialSlots = 256;

}  // namespace

StateSet::StateSet(unsigned words, std::uint64_t limit_bytes)
    : words_(words), limit_bytes_(limit_bytes), slots_(kInitialSlots) {}

const std::uint64_t* StateSet::data(std::uint32_t index) const {
  const std::uint32_t offset = index & ((1U << kBlockLg2) - 1);
  return blocks_[index >> kBlockLg2].get() + std::size_t{offset} * words_;
}

bool StateSet::equals(std::uint32_t index, const std::uint64_t* words) const {
  const std::uint64_t* own = data(index);
  for (unsigned i = 0; i < words_; ++i) {
    if (own[i] != words[i]) return false;
  }
  return true;
}

State StateSet::at(std::uint32_t index) const {
  State state;
  std::copy_n(data(index), words_, state.words.begin());
  return state;
}

std::uint64_t StateSet::bytes() const {
  const std::uint64_t block = (std::uint64_t{8} * words_) << kBlockLg2;
  return blocks_.size() * block + slots_.size() * sizeof(Slot) +
         parents_.capacity() * sizeof(std::uint32_t) +
         transitions_.capacity() * sizeof(std::uint64_t);
}

void StateSet::place(Slot slot, std::uint64_t h) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = h & mask;
  while (slots_[i].index != kFull) i = (i + 1) & mask;
  slots_[i] = slot;
}

bool StateSet::grow() {
  if (bytes() + slots_.size() * sizeof(Slot) * 2 > limit_bytes_) return false;
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.index != kFull) place(slot, hash(data(slot.index)));
  }
  return true;
}

StateSet::Inserted StateSet::insert(const std::uint64_t* words, std::uint64_t h,
                                    std::uint32_t parent, std::uint64_t transition) {
  const auto fingerprint = static_cast<std::uint32_t>(h >> 32);
  std::size_t mask = slots_.size() - 1;
  std::size_t i = h & mask;
  for (; slots_[i].index != kFull; i = (i + 1) & mask) {
    if (slots_[i].fingerprint == fingerprint && equals(slots_[i].index, words)) {
      return {slots_[i].index, false};
    }
  }
  const std::uint64_t block_bytes = (std::uint64_t{8} * words_) << kBlockLg2;
  const bool new_block = size_ >> kBlockLg2 == blocks_.size();
  if (new_block && bytes() + block_bytes > limit_bytes_) return {kFull, false};
  if (size_ + size_ / 2 >= slots_.size()) {
    if (!grow()) return {kFull, false};
    mask = slots_.size() - 1;
    for (i = h & mask; slots_[i].index != kFull;) i = (i + 1) & mask;
  }
  if (new_block) blocks_.push_back(std::make_unique<std::uint64_t[]>(block_bytes / 8));
  const std::uint32_t index = size_++;
  std::copy_n(words, words_, const_cast<std::uint64_t*>(data(index)));
  slots_[i] = {index, fingerprint};
  parents_.push_back(parent);
  transitions_.push_back(transition);
  return {index, true};
}

}  // namespace amalgam::model
