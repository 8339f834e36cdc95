// Gathers what a herd test's final states show, in the order in which herd prints it.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "lang/herd/constants.hpp"

namespace amalgam::lang::herd {

class Observed {
 public:
  explicit Observed(Context& context) : context_(&context) {}

  void add(const Place& place, Address address, PrintAs print_as);
  // `text` is the fault as herd prints one, for example "Fault(P0:L0,x,MMU:Translation)".
  void add(const model::litmus::FaultPattern& fault, const std::string& type_name,
           const std::string& text);

  // Registers by thread and number, memory by space and name, then faults: herd prints those that
  // did not happen from the last to the first.
  [[nodiscard]] std::vector<model::litmus::Observable> in_order() const;

 private:
  using PlaceKey = std::tuple<int, std::uint32_t, std::uint64_t, std::string, std::uint64_t>;
  using FaultKey = std::tuple<std::uint32_t, std::string, bool, std::string, std::string>;

  Context* context_;
  std::map<PlaceKey, model::litmus::Observable> places_;
  std::map<FaultKey, model::litmus::Observable> faults_;
};

}  // namespace amalgam::lang::herd
