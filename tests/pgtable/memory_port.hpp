// A Port on plain memory that watches how it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "amalgam/pgtable/port.hpp"

namespace amalgam::pgtable::test {

// Table pages come filled with what nobody may rely on. Misuse is counted in `misuses`: a page that
// is not there, a page taken that was not reserved, views closed twice or left open.
class MemoryPort {
 public:
  using Pages = std::map<PhysicalAddress, std::vector<std::uint64_t>>;
  struct View {
    std::vector<std::uint64_t>* page = nullptr;
  };

  MemoryPort(std::size_t entries, std::size_t max_pages)
      : entries_(entries), max_pages_(max_pages) {}

  View open(PhysicalAddress pa) {
    ++open_;
    max_open = open_ > max_open ? open_ : max_open;
    ++opened;
    const auto found = pages_.find(pa);
    if (found == pages_.end()) {
      ++misuses;
      return {&nowhere_};
    }
    return {&found->second};
  }
  void close(View) { --open_; }
  std::uint64_t load(View view, std::size_t i) const { return view.page->at(i); }
  void store(View view, std::size_t i, std::uint64_t raw) {
    ++stores;
    view.page->at(i) = raw;
  }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    std::uint64_t& entry = view.page->at(i);
    if (entry == expected) {
      ++stores;
      entry = raw;
      return true;
    }
    expected = entry;
    return false;
  }
  void barrier(const arch::Barrier&) { ++barriers; }
  void tlbi(const arch::TlbiMnemonic&, std::uint64_t) { ++tlbis; }
  bool reserve(std::size_t count) {
    if (pages_.size() + reserved_ + count > max_pages_) return false;
    reserved_ += count;
    return true;
  }
  PhysicalAddress take() {
    if (reserved_ == 0) ++misuses;
    reserved_ -= reserved_ == 0 ? 0 : 1;
    const PhysicalAddress pa = next_;
    next_ += entries_ * sizeof(std::uint64_t);
    pages_[pa].assign(entries_, kRubbish);
    return pa;
  }
  void release(std::size_t count) {
    if (count > reserved_) ++misuses;
    reserved_ -= count > reserved_ ? reserved_ : count;
  }
  void give_back(PhysicalAddress pa) { misuses += pages_.erase(pa) == 1 ? 0 : 1; }
  void notify(NotifyPhase, std::uint64_t, std::uint64_t) {}

  // Allows `count` table pages in all; what is there stays.
  void limit_pages(std::size_t count) { max_pages_ = count; }
  [[nodiscard]] std::size_t pages() const { return pages_.size(); }
  [[nodiscard]] std::size_t reserved() const { return reserved_; }
  [[nodiscard]] std::size_t views_open() const { return open_; }
  [[nodiscard]] const Pages& contents() const { return pages_; }

  std::uint64_t misuses = 0;
  std::uint64_t stores = 0;
  std::uint64_t barriers = 0;
  std::uint64_t tlbis = 0;
  std::uint64_t opened = 0;
  std::size_t max_open = 0;

 private:
  static constexpr std::uint64_t kRubbish = 0xdead'0000'0000'0fff;  // would be a valid descriptor

  std::size_t entries_;
  std::size_t max_pages_;
  std::size_t reserved_ = 0;
  std::size_t open_ = 0;
  PhysicalAddress next_ = 0x100'0000;
  Pages pages_;
  std::vector<std::uint64_t> nowhere_ = std::vector<std::uint64_t>(8192);
};

static_assert(Port<MemoryPort>);

}  // namespace amalgam::pgtable::test
