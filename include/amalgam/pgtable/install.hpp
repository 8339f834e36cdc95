// Maps one leaf by compare-exchange, beside other CPUs that do the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// Two CPUs that fault on one page both come here. Each fills a table page of its own where one is
// missing, and links it only where the entry is still empty: the second one's page goes back, for
// nobody has seen it, and it goes on through the first one's.
template <arch::Geometry kGeometry, Port P>
class Installer {
 public:
  // A leaf at `level` with descriptor `leaf`, for `input`.
  Installer(const Site<kGeometry, P>& site, std::uint64_t input, int level, std::uint64_t leaf)
      : site_(site), input_(input), level_(level), leaf_(leaf) {}

  // Tables that it may have to make below the root.
  [[nodiscard]] std::size_t most_tables() const {
    return static_cast<std::size_t>(level_ - arch::start_level(kGeometry));
  }

  // With most_tables() pages reserved, of which those that are left are released.
  Status install() {
    Status status;
    const Range one{input_, input_ + 1};
    for_each_root_page(kGeometry, site_.root, one, [&](PhysicalAddress page, const Range&) {
      status = descend<arch::start_level(kGeometry)>(page);
      return true;
    });
    site_.port.release(most_tables() - taken_);
    return status;
  }

 private:
  template <int kLevel>
  Status descend(PhysicalAddress table) {
    const OpenTable<P> view(site_.port, table);
    const std::size_t index = index_in_page(kGeometry, input_, kLevel);
    std::uint64_t seen = view.load(index);
    if (kLevel == level_) {
      if (seen == 0 && view.compare_exchange(index, seen, leaf_)) return {};
      return {Error::kAlreadyMapped, input_};
    }
    if constexpr (kLevel < arch::kPageLevel) {
      if (seen == 0) seen = link_table(view, index);
      if (!arch::is_table(kGeometry, {seen}, kLevel)) return {Error::kAlreadyMapped, input_};
      return descend<kLevel + 1>(arch::output_address(kGeometry, {seen}, kLevel));
    }
    return {Error::kAlreadyMapped, input_};
  }

  // Links an empty table unless somebody else was first; says what the entry is.
  std::uint64_t link_table(const OpenTable<P>& view, std::size_t index) {
    const PhysicalAddress page = site_.port.take();
    ++taken_;
    {
      const OpenTable<P> empty(site_.port, page);
      for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) empty.store(i, 0);
    }
    site_.order_before_link();
    std::uint64_t seen = 0;
    const std::uint64_t table = table_descriptor<kGeometry>(page);
    if (view.compare_exchange(index, seen, table)) return table;
    site_.port.give_back(page);
    return seen;
  }

  const Site<kGeometry, P>& site_;
  std::uint64_t input_;
  int level_;
  std::uint64_t leaf_;
  std::size_t taken_ = 0;
};

}  // namespace amalgam::pgtable
