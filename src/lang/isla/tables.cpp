#include "lang/isla/tables.hpp"

#include <span>

namespace amalgam::lang::isla {

namespace {

constexpr Address kMaxPages = 512;
constexpr Value kAddressBits = 0x0000fffffffff000;
constexpr Value kVaMask = 0x0000ffffffffffff;
constexpr Value kValid = 1;
constexpr Value kTableOrPage = 2;

struct AttributeLayout {
  std::string_view name;
  unsigned hi;
  unsigned lo;
  Value initial;  // where nothing else is said
  Value code;     // with "code"
};

constexpr std::array<AttributeLayout, 9> kStage1{{{"UXN", 54, 54, 0, 0},
                                                  {"PXN", 53, 53, 0, 0},
                                                  {"Contiguous", 52, 52, 0, 0},
                                                  {"nG", 11, 11, 0, 0},
                                                  {"AF", 10, 10, 1, 1},
                                                  {"SH", 9, 8, 0, 0},
                                                  {"AP", 7, 6, 0b01, 0b11},
                                                  {"NS", 5, 5, 0, 0},
                                                  {"AttrIndx", 4, 2, 0, 0}}};

constexpr std::array<AttributeLayout, 6> kStage2{{{"XN", 54, 54, 0, 0},
                                                  {"Contiguous", 52, 52, 0, 0},
                                                  {"AF", 10, 10, 1, 1},
                                                  {"SH", 9, 8, 0, 0},
                                                  {"S2AP", 7, 6, 0b11, 0b00},
                                                  {"MemAttr", 5, 2, 0b1111, 0b1111}}};

std::span<const AttributeLayout> layouts(arch::Stage stage) {
  if (stage == arch::Stage::kStage1) return kStage1;
  return kStage2;
}

Value field_mask(const AttributeLayout& field) {
  return (Value{1} << (field.hi - field.lo + 1)) - 1;
}

Value gather(arch::Stage stage, Value AttributeLayout::* column) {
  Value bits = 0;
  for (const AttributeLayout& field : layouts(stage)) bits |= field.*column << field.lo;
  return bits;
}

unsigned index_shift(int level) { return 12 + 9 * static_cast<unsigned>(kLastLevel - level); }

std::string entry_name(int level) {
  return "the level " + std::to_string(level) + " entry above it";
}

}  // namespace

Address entry_address(Address table, Address address, int level) {
  return table + 8 * (address >> index_shift(level) & 0x1ff);
}

Value output_mask(int level) { return kAddressBits & ~((Value{1} << index_shift(level)) - 1); }

Address next_table(Value descriptor) { return descriptor & kAddressBits; }

bool is_table(Value descriptor) {
  return (descriptor & (kValid | kTableOrPage)) == (kValid | kTableOrPage);
}

Value default_attributes(arch::Stage stage) { return gather(stage, &AttributeLayout::initial); }

Value code_attributes(arch::Stage stage) { return gather(stage, &AttributeLayout::code); }

std::string set_attribute(arch::Stage stage, std::string_view name, Value value,
                          Value& attributes) {
  // Published tests call the permissions of stage 2 by stage 1's name too.
  if (stage == arch::Stage::kStage2 && name == "AP") name = "S2AP";
  for (const AttributeLayout& field : layouts(stage)) {
    if (field.name != name) continue;
    const Value mask = field_mask(field);
    if (value > mask) {
      return '`' + std::string(name) + "` has " + std::to_string(field.hi - field.lo + 1) + " bits";
    }
    attributes = (attributes & ~(mask << field.lo)) | value << field.lo;
    return {};
  }
  return '`' + std::string(name) + "` is not an attribute of stage " +
         (stage == arch::Stage::kStage1 ? "1" : "2");
}

Value leaf_descriptor(Address output, Value attributes, int level) {
  return (output & output_mask(level)) | attributes | kValid |
         (level == kLastLevel ? kTableOrPage : 0);
}

std::optional<Address> find_entry(const std::map<Address, Value>& memory, Address root,
                                  Address address, int level, int& ended_at) {
  Address table = root;
  for (int l = 0; l < level; ++l) {
    const auto found = memory.find(entry_address(table, address, l));
    if (found == memory.end() || !is_table(found->second)) {
      ended_at = l;
      return std::nullopt;
    }
    table = next_table(found->second);
  }
  return entry_address(table, address, level);
}

std::optional<Address> translate_by(const std::map<Address, Value>& memory, Address root,
                                    Address address) {
  int level = kLastLevel;
  const std::optional<Address> page = find_entry(memory, root, address, kLastLevel, level);
  // A walk that ended early may have met a block.
  const std::optional<Address> entry =
      page ? page : find_entry(memory, root, address, level, level);
  const auto found = entry ? memory.find(*entry) : memory.end();
  if (found == memory.end() || (found->second & kValid) == 0) return std::nullopt;
  const bool is_page = level == kLastLevel;
  if (level == 0 || is_page != ((found->second & kTableOrPage) != 0)) return std::nullopt;
  const Value mask = output_mask(level);
  return (found->second & mask) | (address & ~mask & kVaMask);
}

std::optional<Walk> Tables::reach(Address address, int level, std::string& why) {
  Walk walk;
  walk.level = level;
  Address table = base_;
  for (int l = 0;; ++l) {
    const auto at = static_cast<std::size_t>(l);
    walk.tables[at] = table;
    walk.entries[at] = entry_address(table, address, l);
    if (l == level) return walk;
    Value& entry = initial_[walk.entries[at]];
    if (entry == 0) {
      if (changing_.contains(walk.entries[at]))
        why = entry_name(l) + " starts invalid and may change";
      if (pages_ == kMaxPages) why = "more than " + std::to_string(kMaxPages) + " tables";
      if (!why.empty()) return std::nullopt;
      entry = end() | kValid | kTableOrPage;
      ++pages_;
    }
    table = next_table(entry);
    if (!is_table(entry)) why = entry_name(l) + " is a block";
    if (why.empty() && !contains(table)) why = entry_name(l) + " leads to a table of other tables";
    if (!why.empty()) return std::nullopt;
  }
}

Value Tables::initial(Address entry) const {
  const auto found = initial_.find(entry);
  return found == initial_.end() ? 0 : found->second;
}

}  // namespace amalgam::lang::isla
