#include "explore/fibre.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

namespace amalgam::explorer {

namespace {

namespace context = boost::context;

constexpr std::size_t kStackBytes = std::size_t{1} << 20;

// Destroying a suspended fibre would unwind it.
void keep_forever(context::fiber fibre) {
  static auto* const kKept = new std::vector<context::fiber>;
  kKept->push_back(std::move(fibre));
}

}  // namespace

struct Fibre::State {
  context::fiber caller;
  std::string error;
};

Fibre::Fibre() : state_(std::make_unique<State>()) {}
Fibre::~Fibre() = default;

std::string Fibre::run(const std::function<void()>& body) {
  state_->error.clear();
  context::fiber fibre(std::allocator_arg, context::protected_fixedsize_stack(kStackBytes),
                       [this, &body](context::fiber&& caller) {
                         state_->caller = std::move(caller);
                         try {
                           body();
                         } catch (const std::exception& e) {
                           state_->error = std::string("threw: ") + e.what();
                         } catch (...) {
                           state_->error = "threw what is no std::exception";
                         }
                         return std::move(state_->caller);
                       });
  fibre = std::move(fibre).resume();
  if (fibre) keep_forever(std::move(fibre));
  return state_->error;
}

void Fibre::abandon() {
  state_->caller = std::move(state_->caller).resume();
  std::abort();  // nobody resumes a fibre that is kept
}

}  // namespace amalgam::explorer
