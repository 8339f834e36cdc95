#include "lang/herd/init.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lang/herd/constants.hpp"
#include "lang/herd/tokens.hpp"

namespace amalgam::lang::herd {

namespace {

constexpr std::uint64_t kMaxElements = 256;  // an array lies in one page

// A register holds 64 bits, whatever its type is for printing.
constexpr Type kRegisterType{.bytes = 8};

class InitReader {
 public:
  explicit InitReader(Context& context) : context_(&context) {}

  void read_item(Cursor& cursor);

 private:
  Type read_type(Cursor& cursor);
  void read_array(Cursor& cursor, const Place& place, Type type);
  void store(const Place& place, Value value, Cursor& cursor);

  Context* context_;
  std::set<std::string> seen_;  // places that have a value
};

// A name before a place: "int x", "pteval_t 0:X1", "int [x]".
bool sees_type(const Cursor& cursor) {
  if (!cursor.sees(TokenKind::kName)) return false;
  return cursor.sees(TokenKind::kName, 1) || cursor.sees(TokenKind::kThread, 1) ||
         cursor.sees(TokenKind::kNumber, 1) || cursor.sees("*", 1) ||
         (cursor.sees("[", 1) && cursor.sees(TokenKind::kName, 2));
}

Type InitReader::read_type(Cursor& cursor) {
  cursor.accept("_Atomic");
  Type type;
  if (sees_type(cursor)) {
    const Location place = cursor.here();
    const std::string_view name = cursor.name("a type");
    const auto found = find_type(name);
    if (!found) cursor.fail(place, ticked(name) + " is not a type that is supported");
    type = found.value_or(Type{});
  }
  if (cursor.accept("*")) type = {.bytes = 8, .is_pointer = true};
  return type;
}

void InitReader::store(const Place& place, Value value, Cursor& cursor) {
  Test& test = context_->test();
  if (!seen_.insert(place.key()).second) {
    return cursor.fail(place.place, place.key() + " has an initial value already");
  }
  switch (place.kind) {
    case Place::Kind::kRegister:
      test.threads[place.thread].registers[place.reg] = value;
      return;
    case Place::Kind::kSystem:
      test.threads[place.thread].system[static_cast<std::size_t>(place.system)] = value;
      return;
    case Place::Kind::kMemory:
      test.memory[address_of(place, *context_, cursor)] = value;
  }
}

void InitReader::read_array(Cursor& cursor, const Place& place, Type type) {
  type.elements = *place.element;
  if (type.elements == 0 || type.elements > kMaxElements) {
    return cursor.fail(place.place,
                       "expected an array of 1 to " + std::to_string(kMaxElements) + " elements");
  }
  context_->declare(place.key(), type);
  Address address = place.data.symbol.pa;
  seen_.insert(place.key());
  if (!cursor.accept("=")) return;
  cursor.expect("{");
  std::uint64_t count = 0;
  do {
    context_->test().memory[address] = read_constant(cursor, *context_, nullptr, type).value;
    address += type.bytes;
  } while (++count < type.elements && cursor.accept(","));
  if (!cursor.failed() && count != type.elements) {
    return cursor.fail(cursor.here(), "expected " + std::to_string(type.elements) + " values");
  }
  cursor.expect("}");
}

void InitReader::read_item(Cursor& cursor) {
  const Type type = read_type(cursor);
  if (!cursor.failed() && !sees_place(cursor)) return cursor.fail_expected("a register or a name");
  const Place place = read_place(cursor, *context_);
  if (cursor.failed()) return;
  if (place.element) {
    read_array(cursor, place, type);
  } else {
    context_->declare(place.key(), type);
    Constant constant;
    if (cursor.accept("=")) {
      cursor.accept("&");
      const bool is_memory = place.kind == Place::Kind::kMemory;
      const bool is_descriptor = is_memory && place.data.space == Space::kDescriptor;
      constant = read_constant(cursor, *context_, is_descriptor ? &place.data.symbol : nullptr,
                               is_memory ? type : kRegisterType);
    }
    // A descriptor that is only named keeps its default value.
    const bool is_mentioned = place.kind == Place::Kind::kMemory &&
                              place.data.space == Space::kDescriptor &&
                              constant.print_as != PrintAs::kDescriptor;
    if (!cursor.failed() && !is_mentioned) store(place, constant.value, cursor);
  }
  if (!cursor.failed() && !cursor.at_end()) cursor.fail_expected("`;`");
}

}  // namespace

void read_init(std::string_view init, Context& context) {
  const auto tokens = read_tokens(context.source(), init, context.diagnostics());
  if (!tokens) return;
  InitReader reader(context);
  std::span<const Token> rest = *tokens;
  while (!rest.empty()) {
    const auto end = std::ranges::find(rest, std::string_view(";"), &Token::text);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    const std::string_view stop = end == rest.end() ? init.substr(init.size()) : end->text;
    if (length > 0) {
      Cursor cursor(rest.first(length), stop, context.source(), context.diagnostics());
      reader.read_item(cursor);
    }
    rest = rest.subspan(std::min(length + 1, rest.size()));
  }
}

}  // namespace amalgam::lang::herd
