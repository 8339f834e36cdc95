// Constants of a herd test: numbers, names, descriptors, labels, and the places that hold them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lang/herd/context.hpp"
#include "lang/herd/tokens.hpp"

namespace amalgam::lang::herd {

struct Constant {
  Value value = 0;
  Value mask = ~Value{0};  // the bits that a comparison looks at
  PrintAs print_as = PrintAs::kNatural;
};

// What a name of data is followed to. In the order in which herd prints them.
enum class Space : std::uint8_t { kVirtual, kPhysical, kDescriptor };

// "x", "PA(x)" or "phy_x", "PTE(x)", "TTD(x)" or "pte_x".
struct DataName {
  Space space = Space::kVirtual;
  Symbol symbol;
  Location place;
};

struct Place {
  enum class Kind : std::uint8_t { kRegister, kSystem, kMemory };
  Kind kind = Kind::kMemory;
  std::uint32_t thread = 0;
  model::litmus::RegisterIndex reg = 0;
  model::litmus::SystemRegister system = model::litmus::SystemRegister::kCount;
  std::string register_name;  // of kSystem, in capitals
  DataName data;
  std::optional<std::uint64_t> element;  // x[2]
  Location place;

  // By this a declaration is found: "0:X1", "x", "PTE(x)".
  [[nodiscard]] std::string key() const;
};

// Whether a place that names memory or a register starts here; a name alone may also be a type.
bool sees_place(const Cursor& cursor);

DataName read_data_name(Cursor& cursor, Context& context);
// Also in brackets. `P0` and `0` both name thread 0, X and W the same register.
Place read_place(Cursor& cursor, Context& context);
// The physical address of a place in memory, of the declared element size if it is an array's.
Address address_of(const Place& place, Context& context, Cursor& cursor);

// `own_page` is the page of a descriptor that does not say one; nullptr: it has to.
// `type` is that of the place: a negative number is cut to it.
Constant read_constant(Cursor& cursor, Context& context, const Symbol* own_page, const Type& type);

// A level 3 descriptor of this page with herd's default fields.
Value default_descriptor(Address page);

// Thread number of "P0" or "0"; notes one that the test does not have.
std::uint32_t read_thread(Cursor& cursor, Context& context);

}  // namespace amalgam::lang::herd
