// Where the tables of a combination of paths stand: their levels, the addresses that they
// translate, and which input pages are to be looked at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "explore/session.hpp"

namespace amalgam::explorer {

// A descriptor of a table; a root of several pages is one table.
struct Slot {
  std::uint32_t table = 0;
  std::uint32_t index = 0;
  friend auto operator<=>(const Slot&, const Slot&) = default;
};

struct TableInfo {
  PhysicalAddress address = 0;
  bool taken = false;  // by a task: holds what nobody knows until then
  std::optional<int> level;
  std::uint64_t base = 0;  // the first input address that it translates
};

class Layout {
 public:
  Layout(const Session& session, const std::vector<const Path*>& paths);

  [[nodiscard]] const std::vector<TableInfo>& tables() const { return tables_; }
  // Nothing where no table is.
  [[nodiscard]] std::optional<Slot> slot(PhysicalAddress page, std::size_t index) const;
  // Every value that set-up or a task gives the descriptor.
  [[nodiscard]] const std::set<std::uint64_t>& values(const Slot& slot) const;
  [[nodiscard]] const std::map<Slot, std::set<std::uint64_t>>& all_values() const {
    return values_;
  }
  // What set-up code left in the descriptor.
  [[nodiscard]] std::uint64_t initial(const Slot& slot) const;
  // The page of memory that set-up code maps the address to.
  [[nodiscard]] std::optional<PhysicalAddress> initial_output(std::uint64_t va) const;
  // Input pages to be looked at, ascending: those that are accessed, and one for each descriptor
  // that a task changes where none of these uses it.
  [[nodiscard]] const std::set<std::uint64_t>& watched() const { return watched_; }
  [[nodiscard]] const std::vector<std::string>& bounds() const { return bounds_; }
  [[nodiscard]] std::uint64_t input(const Slot& slot) const;
  [[nodiscard]] int level(std::uint32_t table) const;

 private:
  void add_tables(const std::vector<const Path*>& paths);
  void add_root(PhysicalAddress address);
  void place_roots(const std::vector<const Path*>& paths);
  void add_values(const std::vector<const Path*>& paths);
  void place_tables();
  void watch_accesses(const std::vector<const Path*>& paths);
  void watch_changes(const std::vector<const Path*>& paths);
  void watch_entry(const Slot& slot);
  [[nodiscard]] std::optional<std::uint64_t> first_leaf(const Slot& slot) const;
  void add_range(std::uint64_t va, std::uint64_t bytes);

  const Session& session_;
  const arch::Geometry& geometry_;
  std::vector<TableInfo> tables_;
  std::map<PhysicalAddress, std::uint32_t> ids_;
  std::map<Slot, std::set<std::uint64_t>> values_;
  std::set<std::uint64_t> watched_;
  std::vector<std::string> bounds_;
};

}  // namespace amalgam::explorer
