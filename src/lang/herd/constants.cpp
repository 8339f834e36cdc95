#include "lang/herd/constants.hpp"

#include <algorithm>
#include <array>

#include "lang/assembly/names.hpp"
#include "lang/assembly/operands.hpp"
#include "lang/herd/descriptors.hpp"
#include "lang/herd/program.hpp"

namespace amalgam::lang::herd {

namespace {

constexpr std::string_view kOldDescriptor = "pte_";
constexpr std::string_view kOldPage = "phy_";

// What AT leaves in PAR_EL1: bit 11 is RES1, bit 0 says that the translation faulted.
constexpr Value kParReserved = Value{1} << 11U;
constexpr Value kParFault = 1;
constexpr Value kParPage = 0x0000'ffff'ffff'f000;

DataName named(Space space, std::string_view name, const Location& place, Cursor& cursor,
               Context& context) {
  if (name.starts_with(kOldDescriptor) || name.starts_with(kOldPage)) {
    cursor.fail(place, "the descriptor or the page of " + ticked(name) + " is not supported");
    return {};
  }
  return {space, context.symbol(name, place), place};
}

DataName read_old_name(Cursor& cursor, Context& context) {
  const Location place = cursor.here();
  const std::string_view name = cursor.name("a name");
  if (cursor.failed()) return {};
  const std::string_view of = name.substr(std::min(name.size(), kOldPage.size()));
  if (!of.empty() && name.starts_with(kOldDescriptor)) {
    return named(Space::kDescriptor, of, place, cursor, context);
  }
  if (!of.empty() && name.starts_with(kOldPage)) {
    return named(Space::kPhysical, of, place, cursor, context);
  }
  return named(Space::kVirtual, name, place, cursor, context);
}

bool sees_function(const Cursor& cursor) {
  return (cursor.sees("PTE") || cursor.sees("TTD") || cursor.sees("PA")) && cursor.sees("(", 1);
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

Place read_register(Cursor& cursor, Context& context) {
  Place place;
  place.place = cursor.here();
  place.thread = read_thread(cursor, context);
  cursor.expect(":");
  const Location name_place = cursor.here();
  const std::string_view name = cursor.name("a register");
  if (cursor.failed()) return place;
  if (const auto found = assembly::parse_register(name)) {
    place.kind = Place::Kind::kRegister;
    place.reg = found->index;
    return place;
  }
  const auto system = assembly::find_named(assembly::kSystemRegisters, name);
  if (!system) cursor.fail(name_place, ticked(name) + " is not a register that is supported");
  place.kind = Place::Kind::kSystem;
  place.system = system.value_or(model::litmus::SystemRegister::kCount);
  place.register_name = upper(name);
  return place;
}

// Memory tagging writes a colour behind the name.
void refuse_tag(Cursor& cursor) {
  if (cursor.sees(":") && cursor.sees(TokenKind::kName, 1)) {
    cursor.fail(cursor.here(), "memory tagging is not supported");
  }
}

Constant read_label(Cursor& cursor, Context& context, std::uint64_t thread, std::string_view label,
                    const Location& place) {
  const auto address = label_address(context.test(), thread, label);
  if (!address) cursor.fail(place, "there is no label " + ticked(label) + " in that thread");
  return {.value = address.value_or(0)};
}

// "P1:L0" in quotes.
Constant read_quoted_label(Cursor& cursor, Context& context) {
  const Token& token = cursor.take();
  std::string_view text = token.text;
  text.remove_prefix(1);
  text.remove_suffix(1);
  if (text.starts_with('P')) text.remove_prefix(1);
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view digits = text.substr(0, colon);
  std::uint64_t thread = digits.empty() ? ~std::uint64_t{0} : 0;
  for (const char c : digits) {
    if (c < '0' || c > '9' || thread > 1000) thread = ~std::uint64_t{0};
    if (thread <= 1000) thread = thread * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (thread > 10'000 || colon == text.size()) {
    cursor.fail(cursor.place_of(token), "expected a label of a thread such as \"P0:L0\"");
    return {};
  }
  return read_label(cursor, context, thread, text.substr(colon + 1), cursor.place_of(token));
}

Constant read_translation_result(Cursor& cursor, Context& context) {
  cursor.expect("parel1_t");
  cursor.expect(":");
  cursor.expect("(");
  Constant result{.value = kParReserved, .mask = kParPage | kParFault, .print_as = PrintAs::kPar};
  if (cursor.accept("f")) {
    cursor.expect(":");
    const Location place = cursor.here();
    if (cursor.number("0 or 1") != 1) cursor.fail(place, "expected f:1 or the page in `oa`");
    result.value |= kParFault;
    result.mask = kParReserved | kParFault;
  } else {
    cursor.expect("oa");
    cursor.expect(":");
    const DataName name = read_data_name(cursor, context);
    if (name.space != Space::kPhysical) cursor.fail(name.place, "expected a page such as PA(x)");
    result.value |= name.symbol.pa;
    result.mask |= kParReserved;
  }
  cursor.expect(")");
  return result;
}

Constant read_number(Cursor& cursor, const Type& type) {
  const bool negative = cursor.peek().text.starts_with('-');
  Constant result{.value = cursor.number("a number")};
  if (negative && type.bytes == 4 && !type.is_pointer) {
    result.mask = 0xffff'ffff;
    result.value &= result.mask;
  }
  return result;
}

Value value_of(const DataName& name) {
  switch (name.space) {
    case Space::kPhysical:
      return name.symbol.pa;
    case Space::kDescriptor:
      return name.symbol.descriptor;
    case Space::kVirtual:
      break;
  }
  return name.symbol.va;
}

Constant read_named(Cursor& cursor, Context& context, const Type& type) {
  const DataName name = read_data_name(cursor, context);
  refuse_tag(cursor);
  Constant result{.value = value_of(name)};
  if (name.space == Space::kVirtual && cursor.accept("[")) {
    result.value += cursor.number("an index") * type.bytes;
    cursor.expect("]");
  }
  return result;
}

bool sees_thread(const Cursor& cursor) {
  return (cursor.sees(TokenKind::kThread) || cursor.sees(TokenKind::kNumber)) &&
         cursor.sees(":", 1);
}

Constant read_thread_label(Cursor& cursor, Context& context) {
  const Location place = cursor.here();
  const std::uint32_t thread = read_thread(cursor, context);
  cursor.expect(":");
  const std::string_view label = cursor.name("a label");
  if (cursor.failed()) return {};
  if (assembly::parse_register(label)) {
    cursor.fail(place, "comparing two locations is not supported");
    return {};
  }
  return read_label(cursor, context, thread, label, place);
}

}  // namespace

std::string Place::key() const {
  if (kind == Kind::kRegister) return std::to_string(thread) + ":X" + std::to_string(reg);
  if (kind == Kind::kSystem) return std::to_string(thread) + ':' + register_name;
  if (data.space == Space::kVirtual) return data.symbol.name;
  return (data.space == Space::kPhysical ? "PA(" : "PTE(") + data.symbol.name + ')';
}

std::uint32_t read_thread(Cursor& cursor, Context& context) {
  const Location place = cursor.here();
  std::uint64_t number = ~std::uint64_t{0};
  if (cursor.sees(TokenKind::kThread)) {
    const std::string_view digits = cursor.take().text.substr(1);
    number = digits.size() > 6 ? number : std::stoull(std::string(digits));
  } else {
    number = cursor.number("a thread");
  }
  if (number >= context.test().threads.size()) {
    cursor.fail(place, "the test has no such thread");
    return 0;
  }
  return static_cast<std::uint32_t>(number);
}

DataName read_data_name(Cursor& cursor, Context& context) {
  if (!sees_function(cursor)) return read_old_name(cursor, context);
  const Location place = cursor.here();
  const Space space = cursor.sees("PA") ? Space::kPhysical : Space::kDescriptor;
  cursor.take();
  cursor.expect("(");
  if (sees_function(cursor)) {
    cursor.fail(cursor.here(), "descriptors of descriptors are not supported");
    return {};
  }
  const std::string_view name = cursor.name("a name");
  cursor.expect(")");
  if (cursor.failed()) return {};
  return named(space, name, place, cursor, context);
}

bool sees_place(const Cursor& cursor) {
  return sees_thread(cursor) || cursor.sees(TokenKind::kName) || cursor.sees("[");
}

Place read_place(Cursor& cursor, Context& context) {
  if (sees_thread(cursor)) return read_register(cursor, context);
  Place place;
  place.place = cursor.here();
  const bool bracketed = cursor.accept("[");
  place.data = read_data_name(cursor, context);
  refuse_tag(cursor);
  if (bracketed) {
    cursor.expect("]");
  } else if (place.data.space == Space::kVirtual && cursor.accept("[")) {
    place.element = cursor.number("an index");
    cursor.expect("]");
  }
  return place;
}

Address address_of(const Place& place, Context& context, Cursor& cursor) {
  if (place.data.space == Space::kDescriptor) return place.data.symbol.descriptor;
  const Type type = context.type_of(place.key());
  const std::uint64_t element = place.element.value_or(0);
  if (place.element && element >= type.elements) {
    cursor.fail(place.place, "the array has no element " + std::to_string(element));
    return 0;
  }
  return place.data.symbol.pa + element * type.bytes;
}

Constant read_constant(Cursor& cursor, Context& context, const Symbol* own_page, const Type& type) {
  if (cursor.sees("(") && cursor.sees("parel1_t", 1)) {
    cursor.take();
    const Constant result = read_translation_result(cursor, context);
    cursor.expect(")");
    return result;
  }
  if (cursor.sees("(")) {
    return {.value = read_descriptor(cursor, context, own_page), .print_as = PrintAs::kDescriptor};
  }
  if (cursor.sees("parel1_t")) return read_translation_result(cursor, context);
  if (cursor.accept("label")) {
    cursor.expect(":");
    if (cursor.sees(TokenKind::kText)) return read_quoted_label(cursor, context);
    cursor.fail_expected("a label in quotes");
    return {};
  }
  if (sees_thread(cursor)) return read_thread_label(cursor, context);
  if (cursor.sees(TokenKind::kNumber)) return read_number(cursor, type);
  if (cursor.sees(":")) {
    cursor.fail(cursor.here(), "memory tagging is not supported");
    return {};
  }
  if (!cursor.sees(TokenKind::kName)) {
    cursor.fail_expected("a value");
    return {};
  }
  return read_named(cursor, context, type);
}

}  // namespace amalgam::lang::herd
