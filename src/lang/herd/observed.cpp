#include "lang/herd/observed.hpp"

#include <ranges>
#include <utility>

namespace amalgam::lang::herd {

namespace {

using model::litmus::Observable;

Observable::Kind kind_of(const Place& place) {
  switch (place.kind) {
    case Place::Kind::kRegister:
      return Observable::Kind::kRegister;
    case Place::Kind::kSystem:
      return Observable::Kind::kSystem;
    case Place::Kind::kMemory:
      break;
  }
  return Observable::Kind::kMemory;
}

// Cells of arrays stand without brackets around them.
std::string text_of(const Place& place) {
  if (place.kind != Place::Kind::kMemory) return place.key();
  if (place.element) return place.key() + '[' + std::to_string(*place.element) + ']';
  return '[' + place.key() + ']';
}

std::uint64_t number_of(const Place& place) {
  if (place.kind == Place::Kind::kRegister) return place.reg;
  if (place.kind == Place::Kind::kSystem) return static_cast<std::uint64_t>(place.system);
  return static_cast<std::uint64_t>(place.data.space);
}

}  // namespace

void Observed::add(const Place& place, Address address, PrintAs print_as) {
  const Type type = context_->type_of(place.key());
  const PlaceKey key{static_cast<int>(place.kind), place.thread, number_of(place),
                     place.data.symbol.name, place.element.value_or(0)};
  Observable& observable = places_[key];
  if (observable.text.empty()) {
    observable.kind = kind_of(place);
    observable.thread = place.thread;
    observable.reg = place.reg;
    observable.system = place.system;
    observable.address = address;
    observable.print_as = type.print_as;
    observable.is_64 = type.bytes == 8;
    observable.is_unsigned = type.is_unsigned;
    observable.text = text_of(place);
    const bool is_descriptor =
        place.kind == Place::Kind::kMemory && place.data.space == Space::kDescriptor;
    if (is_descriptor) print_as = PrintAs::kDescriptor;
  }
  if (print_as != PrintAs::kNatural) observable.print_as = print_as;
}

void Observed::add(const model::litmus::FaultPattern& fault, const std::string& type_name,
                   const std::string& text) {
  const FaultKey key{fault.thread, fault.label, fault.of_descriptor, fault.symbol, type_name};
  Observable& observable = faults_[key];
  observable.kind = Observable::Kind::kFault;
  observable.thread = fault.thread;
  observable.fault = fault;
  observable.text = text;
}

std::vector<Observable> Observed::in_order() const {
  std::vector<Observable> result;
  result.reserve(places_.size() + faults_.size());
  for (const auto& [key, observable] : places_) result.push_back(observable);
  for (const auto& [key, observable] : std::views::reverse(faults_)) result.push_back(observable);
  return result;
}

}  // namespace amalgam::lang::herd
