// Page tables under construction, and the descriptors that go into them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "amalgam/arch/geometry.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::lang::isla {

using model::litmus::Address;
using model::litmus::Value;

inline constexpr int kLastLevel = 3;
inline constexpr Address kPageBytes = 0x1000;

// Where the entry that translates `address` lies in a table at `table`. 4 KB granule, 48 bits.
Address entry_address(Address table, Address address, int level);

// The output address bits of a leaf at `level`.
Value output_mask(int level);

// Where a table descriptor leads.
Address next_table(Value descriptor);
bool is_table(Value descriptor);

// Attribute bits of a leaf. isla's names, widths and defaults.
Value default_attributes(arch::Stage stage);
Value code_attributes(arch::Stage stage);  // read-only for every level; at stage 2, no data access

// Puts a value into the field of that name. What is wrong with it otherwise; empty if nothing.
std::string set_attribute(arch::Stage stage, std::string_view name, Value value, Value& attributes);

// A page at level 3, a block above.
Value leaf_descriptor(Address output, Value attributes, int level);

// The entry of `address` at `level` in the tables below `root` that `memory` holds; nothing if the
// walk ends before, and at which level.
std::optional<Address> find_entry(const std::map<Address, Value>& memory, Address root,
                                  Address address, int level, int& ended_at);

// Where the tables below `root` translate `address` to; nothing if it is not mapped.
std::optional<Address> translate_by(const std::map<Address, Value>& memory, Address root,
                                    Address address);

// The entries that a translation of one address meets, up to a level.
struct Walk {
  std::array<Address, kLastLevel + 1> tables{};
  std::array<Address, kLastLevel + 1> entries{};
  int level = 0;
};

// A set of tables of one stage: the root at its base, the others behind it in the order in which
// they came to be needed.
class Tables {
 public:
  Tables(arch::Stage stage, Address base) : stage_(stage), base_(base) {}

  [[nodiscard]] arch::Stage stage() const { return stage_; }
  [[nodiscard]] Address base() const { return base_; }
  [[nodiscard]] Address end() const { return base_ + pages_ * kPageBytes; }
  [[nodiscard]] bool contains(Address address) const { return base_ <= address && address < end(); }

  // The way to the entry of `address` at `level` (1 to 3), through tables that are made where there
  // are none. Nothing if the way is blocked, and why.
  std::optional<Walk> reach(Address address, int level, std::string& why);

  // What the entry holds at the start.
  [[nodiscard]] Value initial(Address entry) const;
  void set(Address entry, Value descriptor) { initial_[entry] = descriptor; }
  // The entry may come to hold something else: where it starts invalid, nothing can be mapped below
  // it any more.
  void mark_changing(Address entry) { changing_.insert(entry); }

  // By address, what every entry holds that was written.
  [[nodiscard]] const std::map<Address, Value>& entries() const { return initial_; }

 private:
  arch::Stage stage_;
  Address base_;
  Address pages_ = 1;
  std::map<Address, Value> initial_;
  std::set<Address> changing_;
};

}  // namespace amalgam::lang::isla
