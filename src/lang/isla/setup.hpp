// The statements of a `page_table_setup`, as they are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amalgam/arch/geometry.hpp"
#include "lang/isla/expression.hpp"

namespace amalgam::lang::isla {

// What an address is an address of; it decides which stage a mapping is of.
enum class Space : std::uint8_t { kVirtual, kIntermediate, kPhysical };

// "AP = 0b11"
struct AttributeField {
  std::string name;
  std::uint64_t value = 0;
  Location location;
};

struct Attributes {
  bool code = false;  // "code" rather than "default"
  std::vector<AttributeField> fields;
};

// "with FIRST and SECOND" names stage 1 and stage 2. A single one is of the stage that the mapping
// is of; what is mapped along with it at stage 2 then keeps only whether it is code.
struct StageAttributes {
  Attributes first;
  Attributes second;
  bool has_second = false;
};

struct DeclaredName {
  std::string name;
  Location location;
};

struct Statement {
  enum class Kind : std::uint8_t {
    kOption,     // name = flag
    kDeclare,    // space, alignment, names
    kAssert,     // left
    kFunction,   // name(parameters) = left
    kIdentity,   // left
    kMapsTo,     // left |-> right
    kMayMapTo,   // left ?-> right
    kInitially,  // *left = right
    kTables,     // stage, name, an address in left if has_address, block
  };
  Kind kind = Kind::kOption;
  Location location;
  std::string name;  // of a mapping: what its walk is called, "" if nothing
  Location name_location;
  bool flag = false;
  Space space = Space::kPhysical;
  std::uint64_t alignment = 0;
  std::vector<DeclaredName> names;
  std::vector<std::string> parameters;
  Expression left;
  Expression right;
  StageAttributes attributes;
  int level = 3;
  arch::Stage stage = arch::Stage::kStage1;
  bool has_address = false;
  std::vector<Statement> block;
};

// Reads a whole setup. After the first error in it nothing more is read.
std::vector<Statement> read_setup(const SourceText& source, Diagnostics& diagnostics);

}  // namespace amalgam::lang::isla
