// Values as herd prints them.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "model/litmus/final_state.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr unsigned kPageBits = 12;
constexpr Value kOffset = (Value{1} << kPageBits) - 1;
constexpr Value kOutputAddress = 0x0000'ffff'ffff'f000;
constexpr Value kTableBit = 1U << 1;    // set in every descriptor of a page, clear in PAR_EL1
constexpr Value kParMarker = 1U << 11;  // reads as one in PAR_EL1
constexpr Value kParFault = 1;

struct Field {
  std::string_view name;
  unsigned bit;
  bool inverted;
  unsigned usual;  // the value that is not printed
};

constexpr std::array<Field, 6> kFields{{
    {"af", 10, false, 1},
    {"db", 7, true, 1},
    {"dbm", 51, false, 0},
    {"valid", 0, false, 1},
    {"el0", 6, false, 1},
    {"x", 54, true, 1},
}};

// By bits 3:2 of a MAIR byte whose high half is 0.
constexpr std::array<std::string_view, 4> kDevices{"Device-nGnRnE", "Device-nGnRE", "Device-nGRE",
                                                   "Device-GRE"};

std::string with_offset(const std::string& name, Value offset) {
  return offset == 0 ? name : name + "+" + std::to_string(offset);
}

const Symbol* find_page(const Test& test, Address page, Address Symbol::* member) {
  const auto found = std::ranges::find_if(test.symbols, [&](const Symbol& s) {
    return s.*member != 0 && s.*member >> kPageBits == page >> kPageBits;
  });
  return found == test.symbols.end() ? nullptr : &*found;
}

std::string_view cacheability(unsigned nibble) {
  if (nibble == 0x4) return "NC";
  return (nibble & 0x4) != 0 ? "WB" : "WT";
}

std::string attributes(const Test& test, Value descriptor) {
  const unsigned index = descriptor >> 2 & 7;
  const unsigned byte = test.translation.mair >> (8 * index) & 0xff;
  const unsigned shareability = descriptor >> 8 & 3;
  if (byte >> 4 == 0) {
    std::string device = "(";
    device += kDevices[byte >> 2 & 3];
    return device + ")";
  }
  std::string text = "(Normal";
  if (shareability == 3) text += ", ISH";
  if (shareability == 2) text += ", OSH";
  text += ", i";
  text += cacheability(byte & 0xf);
  text += ", o";
  text += cacheability(byte >> 4);
  return text + ")";
}

std::optional<std::string> descriptor_text(const Test& test, Value value) {
  if ((value & kTableBit) == 0) return std::nullopt;
  const Symbol* page = find_page(test, value & kOutputAddress, &Symbol::pa);
  if (page == nullptr) return std::nullopt;
  std::string text = "(oa:PA(" + page->name + ")";
  for (const Field& field : kFields) {
    const unsigned bit = (value >> field.bit & 1) ^ (field.inverted ? 1 : 0);
    if (bit != field.usual) text += ", " + std::string(field.name) + ":" + std::to_string(bit);
  }
  const std::string attrs = attributes(test, value);
  if (attrs != "(Normal, ISH, iWB, oWB)") text += ", attrs:" + attrs;
  return text + ")";
}

std::optional<std::string> par_text(const Test& test, Value value) {
  if ((value & kTableBit) != 0 || (value & kParMarker) == 0) return std::nullopt;
  if ((value & kParFault) != 0) return "(parel1_t:(f:1))";
  const Symbol* page = find_page(test, value & kOutputAddress, &Symbol::pa);
  if (page == nullptr) return std::nullopt;
  return "(parel1_t:(oa:PA(" + page->name + ")))";
}

std::optional<std::string> address_text(const Test& test, Value value) {
  for (const Symbol& s : test.symbols) {
    if (s.descriptor != 0 && s.descriptor == value) return "PTE(" + s.name + ")";
    if (s.va != 0 && s.va >> kPageBits == value) return "TLB(" + s.name + ")";
  }
  if (const Symbol* s = find_page(test, value, &Symbol::va)) {
    return with_offset(s->name, value & kOffset);
  }
  if (const Symbol* s = find_page(test, value, &Symbol::pa)) {
    return "PA(" + with_offset(s->name, value & kOffset) + ")";
  }
  return std::nullopt;
}

std::optional<std::string> label_in(const Code& code, Value value) {
  if (value < code.base || value > code.end()) return std::nullopt;
  const std::size_t index = (value - code.base) / 4;
  const std::vector<std::string>& labels =
      index == code.instructions.size() ? code.end_labels : code.instructions[index].labels;
  if (labels.empty()) return std::nullopt;
  return *std::ranges::min_element(labels);
}

std::optional<std::string> label_text(const Test& test, Value value) {
  for (const Thread& thread : test.threads) {
    std::optional<std::string> label = label_in(thread.code, value);
    for (const Handler& handler : thread.handlers) {
      if (!label) label = label_in(handler.code, value);
    }
    if (label) return "label:\"" + thread.name + ":" + *label + "\"";
  }
  return std::nullopt;
}

std::string number_text(Value value, IntegerType type) {
  if (type.is_64) {
    return type.is_unsigned ? std::to_string(value)
                            : std::to_string(static_cast<std::int64_t>(value));
  }
  const auto low = static_cast<std::uint32_t>(value);
  return type.is_unsigned ? std::to_string(low) : std::to_string(static_cast<std::int32_t>(low));
}

}  // namespace

std::string print_value(const Test& test, Value value, PrintAs as, IntegerType type) {
  if (as == PrintAs::kPar) {
    if (auto text = par_text(test, value)) return *text;
  }
  if (auto text = descriptor_text(test, value)) return *text;
  if (auto text = address_text(test, value)) return *text;
  if (auto text = par_text(test, value)) return *text;
  if (auto text = label_text(test, value)) return *text;
  return number_text(value, type);
}

}  // namespace amalgam::model::litmus
