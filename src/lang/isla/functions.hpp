// The functions that expressions may call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lang/isla/evaluator.hpp"

namespace amalgam::lang::isla {

// One call with its arguments' values. A function gives nothing exactly if it has set `problem`.
class FunctionCall {
 public:
  FunctionCall(const Expression& expression, std::vector<Datum> values,
               const std::map<Address, Value>& memory);

  // Of the function, where rows share an implementation: a level, for example.
  int parameter = 0;
  std::string problem;

  [[nodiscard]] const std::map<Address, Value>& memory() const { return memory_; }
  [[nodiscard]] std::size_t positional() const { return positional_.size(); }
  // Asks for exactly `count` arguments without a keyword, and none that no one has asked for.
  bool expect(std::size_t count);
  [[nodiscard]] const Datum& argument(std::size_t index) const { return *positional_[index]; }
  // The value of argument `index`, which must be a number or an address.
  Value number(std::size_t index);
  // The argument of a keyword, which counts as asked for; nullptr if there is none.
  const Datum* keyword(const std::string& name);
  // The keyword arguments that no one has asked for yet.
  [[nodiscard]] const std::map<std::string, const Datum*>& other_keywords() const {
    return keywords_;
  }

 private:
  std::vector<Datum> values_;
  std::vector<const Datum*> positional_;
  std::map<std::string, const Datum*> keywords_;
  const std::map<Address, Value>& memory_;
};

// Calls the function of that name; std::nullopt with an empty problem if there is none.
std::optional<Datum> call_function(const std::string& name, FunctionCall& call, bool& known);

// The value of a number or address; nothing for a truth value or a walk.
std::optional<Value> number_of(const Datum& datum);

}  // namespace amalgam::lang::isla
