// What expressions come to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/isla/expression.hpp"
#include "lang/isla/setup.hpp"
#include "lang/isla/tables.hpp"

namespace amalgam::lang::isla {

// What an expression comes to.
struct Datum {
  enum class Kind : std::uint8_t {
    kNumber,   // width_bits bits, or an integer if that is 0
    kAddress,  // in `space`
    kTable,    // the address of a table
    kRaw,      // a descriptor given as a number
    kInvalid,  // the invalid descriptor
    kTruth,    // value 0 or 1
    kWalk,     // stage1 or stage2 or both
  };
  Kind kind = Kind::kNumber;
  Space space = Space::kPhysical;
  Value value = 0;
  unsigned width_bits = 64;
  std::optional<Walk> stage1;
  std::optional<Walk> stage2;
};

Datum address_datum(Space space, Address address);

// A number that is written with its digits is a physical address; all else stays as it is.
Datum as_physical_address(Datum datum);

// "let f(x) = e;"
struct Function {
  std::vector<std::string> parameters;
  const Expression* body = nullptr;
};

// What an expression may refer to. All must outlive the evaluator.
struct Scope {
  std::map<std::string, Datum> names;
  std::map<std::string, Function> functions;
  std::map<Address, Value> memory;  // where walks read
};

class Evaluator {
 public:
  // Gives the address of a label, or nothing.
  using Labels = std::function<std::optional<Address>(const std::string&)>;

  Evaluator(const Scope& scope, Diagnostics& diagnostics, Labels labels = {});

  // Nothing, and a note, if it has no value.
  std::optional<Datum> evaluate(const Expression& expression);
  // The same for what must be a number or an address; 0 if it has no value.
  Value number(const Expression& expression);
  // The same for what must be true or false.
  std::optional<bool> truth(const Expression& expression);

 private:
  using Locals = std::map<std::string, Datum>;

  std::optional<Datum> evaluate_in(const Expression& expression, const Locals& locals);
  std::optional<Datum> name(const Expression& expression, const Locals& locals);
  std::optional<Datum> label(const Expression& expression);
  std::optional<Datum> call(const Expression& expression, const Locals& locals);
  std::optional<Datum> call_defined(const Expression& expression, const Function& function,
                                    const std::vector<Datum>& arguments);
  std::optional<Datum> fail(const Location& location, std::string message);

  const Scope& scope_;
  Diagnostics& diagnostics_;
  Labels labels_;
  unsigned depth_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace amalgam::lang::isla
