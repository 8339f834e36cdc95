// What all readers of a herd test's parts share: the test, its names and its declared types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lang/diagnostic.hpp"
#include "lang/herd/source.hpp"
#include "lang/herd/tokens.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::lang::herd {

using model::Location;
using model::litmus::Address;
using model::litmus::PrintAs;
using model::litmus::Symbol;
using model::litmus::Test;
using model::litmus::Value;

// How a location was declared. Without a declaration herd takes `int`.
struct Type {
  std::uint8_t bytes = 4;
  bool is_unsigned = false;
  bool is_pointer = false;
  PrintAs print_as = PrintAs::kNatural;
  std::uint64_t elements = 0;  // of an array
};

// By its name in C; nothing for one that is not known.
std::optional<Type> find_type(std::string_view name);

class Context {
 public:
  Context(const Source& source, Diagnostics& diagnostics, Test& test)
      : source_(&source), diagnostics_(&diagnostics), test_(&test) {}

  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] Diagnostics& diagnostics() { return *diagnostics_; }
  [[nodiscard]] Test& test() { return *test_; }

  // The addresses of a name, given when it is first asked for; without translation its page is
  // where it lies. A copy: the list of symbols may grow.
  Symbol symbol(std::string_view name, const Location& place);
  // AttrIndx for a MAIR byte; nothing if the test uses more kinds of memory than there are.
  std::optional<unsigned> attribute_index(std::uint8_t mair_byte);

  // `key` is "0:X1" for a register, else a name of data.
  void declare(const std::string& key, const Type& type) { types_[key] = type; }
  [[nodiscard]] Type type_of(const std::string& key) const;

 private:
  const Source* source_;
  Diagnostics* diagnostics_;
  Test* test_;
  std::unordered_map<std::string, std::size_t> indices_;
  std::map<std::string, Type> types_;
  unsigned memory_kinds_ = 1;
};

}  // namespace amalgam::lang::herd
