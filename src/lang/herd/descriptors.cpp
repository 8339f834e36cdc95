#include "lang/herd/descriptors.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace amalgam::lang::herd {

namespace {

// A level 3 descriptor. Bit 1 tells a page from a reserved encoding and never changes here.
constexpr Value kPageBit = 0b10;
constexpr unsigned kAttrIndexShift = 2;
constexpr unsigned kShareabilityShift = 8;
constexpr Value kInnerShareable = Value{3} << kShareabilityShift;
constexpr Value kShareabilityMask = kInnerShareable;

struct Field {
  std::string_view name;
  unsigned bit;
  bool inverted;
  bool by_default;
};

constexpr std::array kFields = std::to_array<Field>({
    {"valid", 0, false, true},
    {"el0", 6, false, true},
    {"db", 7, true, true},
    {"af", 10, false, true},
    {"dbm", 51, false, false},
    {"x", 54, true, true},
});

Value with_field(Value descriptor, const Field& field, bool set) {
  const Value bit = Value{1} << field.bit;
  return set != field.inverted ? descriptor | bit : descriptor & ~bit;
}

// What an attribute says: which of the parts of a MAIR byte, or the shareability.
struct Attribute {
  std::string_view name;
  enum class Part : std::uint8_t { kType, kInner, kOuter, kShareability } part;
  std::uint8_t value;  // of kType: the whole byte
};

using enum Attribute::Part;

constexpr std::array kAttributes = std::to_array<Attribute>({
    {"Normal", kType, 0xff},
    {"Device-nGnRnE", kType, 0x00},
    {"Device-nGnRE", kType, 0x04},
    {"Device-nGRE", kType, 0x08},
    {"Device-GRE", kType, 0x0c},
    {"iWB", kInner, 0xf},
    {"iWT", kInner, 0xb},
    {"iNC", kInner, 0x4},
    {"oWB", kOuter, 0xf},
    {"oWT", kOuter, 0xb},
    {"oNC", kOuter, 0x4},
    {"NSH", kShareability, 0},
    {"OSH", kShareability, 2},
    {"ISH", kShareability, 3},
});

// The attributes of one constant, if it says any.
struct Attributes {
  bool said = false;
  std::uint8_t byte = 0xff;
  std::uint8_t shareability = 0;
};

bool is_device(const Attributes& a) { return (a.byte & 0xf0U) == 0; }

void read_attribute(Cursor& cursor, Attributes& attributes) {
  const Location place = cursor.here();
  const std::string_view name = cursor.name("a memory attribute");
  if (cursor.failed()) return;
  const auto* row = std::ranges::find(kAttributes, name, &Attribute::name);
  if (row == kAttributes.end()) {
    return cursor.fail(place, ticked(name) + " is not a memory attribute that is supported");
  }
  attributes.said = true;
  if (row->part == kShareability) {
    attributes.shareability = row->value;
  } else if (row->part == kType) {
    attributes.byte = row->value;
  } else if (is_device(attributes)) {
    cursor.fail(place, "Device memory has no cacheability");
  } else if (row->part == kInner) {
    attributes.byte = static_cast<std::uint8_t>((attributes.byte & 0xf0U) | row->value);
  } else {
    attributes.byte = static_cast<std::uint8_t>((attributes.byte & 0x0fU) | row->value << 4U);
  }
}

void read_attributes(Cursor& cursor, Attributes& attributes) {
  cursor.expect("(");
  do {
    read_attribute(cursor, attributes);
  } while (cursor.accept(","));
  cursor.expect(")");
}

void read_flag(Cursor& cursor, Value& descriptor) {
  const Location place = cursor.here();
  const std::string_view name = cursor.name("a field of a descriptor");
  if (cursor.failed()) return;
  const auto* field = std::ranges::find(kFields, name, &Field::name);
  if (field == kFields.end()) {
    return cursor.fail(place, ticked(name) + " is not a field of a descriptor");
  }
  cursor.expect(":");
  const Location value_place = cursor.here();
  const std::uint64_t value = cursor.number("0 or 1");
  if (value > 1) return cursor.fail(value_place, "expected 0 or 1");
  descriptor = with_field(descriptor, *field, value == 1);
}

std::optional<Address> read_output_address(Cursor& cursor, Context& context) {
  cursor.expect("oa");
  cursor.expect(":");
  const DataName name = read_data_name(cursor, context);
  if (cursor.failed()) return std::nullopt;
  if (name.space != Space::kPhysical) {
    cursor.fail(name.place, "expected a page such as PA(x)");
    return std::nullopt;
  }
  return name.symbol.pa;
}

void apply_attributes(const Attributes& attributes, Value& descriptor, Cursor& cursor,
                      Context& context, const Location& place) {
  if (!attributes.said) return;
  const auto index = context.attribute_index(attributes.byte);
  if (!index) return cursor.fail(place, "a test of more than eight kinds of memory");
  descriptor |= Value{*index} << kAttrIndexShift;
  descriptor &= ~kShareabilityMask;
  descriptor |= Value{attributes.shareability} << kShareabilityShift;
}

bool sees_flag(const Cursor& cursor) { return cursor.sees(":", 1); }

}  // namespace

Value default_descriptor(Address page) {
  Value descriptor = page | kPageBit | kInnerShareable;
  for (const Field& field : kFields) descriptor = with_field(descriptor, field, field.by_default);
  return descriptor;
}

Value read_descriptor(Cursor& cursor, Context& context, const Symbol* own_page) {
  const Location place = cursor.here();
  Value descriptor = default_descriptor(0);
  std::optional<Address> page;
  Attributes attributes;
  cursor.expect("(");
  do {
    if (cursor.sees("oa")) {
      page = read_output_address(cursor, context);
    } else if (cursor.accept("attrs") || cursor.accept("Attrs")) {
      cursor.expect(":");
      read_attributes(cursor, attributes);
    } else if (sees_flag(cursor)) {
      read_flag(cursor, descriptor);
    } else {
      read_attribute(cursor, attributes);
    }
  } while (cursor.accept(","));
  cursor.expect(")");
  apply_attributes(attributes, descriptor, cursor, context, place);
  if (!page && own_page == nullptr) cursor.fail(place, "a descriptor without `oa`");
  return descriptor | page.value_or(own_page == nullptr ? 0 : own_page->pa);
}

}  // namespace amalgam::lang::herd
