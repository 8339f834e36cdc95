#include "explore/fibre.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define AMALGAM_TELLS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AMALGAM_TELLS_SANITIZER 1
#endif
#endif

#ifdef AMALGAM_TELLS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace amalgam::explorer {

namespace {

namespace context = boost::context;

constexpr std::size_t kStackBytes = std::size_t{1} << 20;

struct Stack {
  const void* bottom = nullptr;
  std::size_t bytes = 0;
};

// AddressSanitizer has to know which stack is in use.
#ifdef AMALGAM_TELLS_SANITIZER
void leave_stack(void** kept, const Stack& to) {
  __sanitizer_start_switch_fiber(kept, to.bottom, to.bytes);
}
void enter_stack(void* kept, Stack* from) {
  __sanitizer_finish_switch_fiber(kept, from == nullptr ? nullptr : &from->bottom,
                                  from == nullptr ? nullptr : &from->bytes);
}
void keep_reachable(const Stack& stack) { __lsan_register_root_region(stack.bottom, stack.bytes); }
#else
void leave_stack(void** /*kept*/, const Stack& /*to*/) {}
void enter_stack(void* /*kept*/, Stack* /*from*/) {}
void keep_reachable(const Stack& /*stack*/) {}
#endif

// Destroying a suspended fibre would unwind it.
void keep_forever(context::fiber fibre, const Stack& stack) {
  static auto* const kKept = new std::vector<context::fiber>;
  kKept->push_back(std::move(fibre));
  keep_reachable(stack);
}

}  // namespace

struct Fibre::State {
  context::fiber caller;
  Stack callers_stack;
  std::string error;
};

Fibre::Fibre() : state_(std::make_unique<State>()) {}
Fibre::~Fibre() = default;

std::string Fibre::run(const std::function<void()>& body) {
  state_->error.clear();
  context::protected_fixedsize_stack allocator(kStackBytes);
  const context::stack_context memory = allocator.allocate();
  const Stack own{static_cast<char*>(memory.sp) - memory.size, memory.size};
  const auto entry = [this, &body](context::fiber&& caller) {
    enter_stack(nullptr, &state_->callers_stack);
    state_->caller = std::move(caller);
    try {
      body();
    } catch (const std::exception& e) {
      state_->error = std::string("threw: ") + e.what();
    } catch (...) {
      state_->error = "threw what is no std::exception";
    }
    leave_stack(nullptr, state_->callers_stack);
    return std::move(state_->caller);
  };
  context::fiber fibre(std::allocator_arg, context::preallocated(memory.sp, memory.size, memory),
                       allocator, entry);
  void* kept = nullptr;
  leave_stack(&kept, own);
  fibre = std::move(fibre).resume();
  enter_stack(kept, nullptr);
  if (fibre) keep_forever(std::move(fibre), own);
  return state_->error;
}

void Fibre::abandon() {
  void* kept = nullptr;
  leave_stack(&kept, state_->callers_stack);
  state_->caller = std::move(state_->caller).resume();
  std::abort();  // nobody resumes a fibre that is kept
}

}  // namespace amalgam::explorer
