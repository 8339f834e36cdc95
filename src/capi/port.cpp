#include "capi/port.hpp"

#include <optional>

#include "amalgam/pgtable/ports/instructions.hpp"  // IWYU pragma: keep

namespace amalgam::capi {
namespace {

void close_nothing(void*, void*) {}

std::uint64_t load_memory(void*, void* view, std::size_t index) {
  return __atomic_load_n(static_cast<std::uint64_t*>(view) + index, __ATOMIC_RELAXED);
}

void store_memory(void*, void* view, std::size_t index, std::uint64_t raw) {
  __atomic_store_n(static_cast<std::uint64_t*>(view) + index, raw, __ATOMIC_RELAXED);
}

// On AArch64 compilers may make a call to a library out of the builtin.
bool exchange_memory(void*, void* view, std::size_t index, std::uint64_t* expected,
                     std::uint64_t raw) {
  std::uint64_t* const at = static_cast<std::uint64_t*>(view) + index;
#if defined(__aarch64__)
  return pgtable::Aarch64::compare_exchange(at, *expected, raw);
#else
  return __atomic_compare_exchange_n(at, expected, raw, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
#endif
}

void notify_nobody(void*, std::uint32_t, std::uint64_t, std::uint64_t) {}

void fence(void*, const amalgam_barrier*) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

void invalidate_nothing(void*, const amalgam_tlbi*) {}

// Of so many callbacks all or none.
template <typename... Callbacks>
bool all_or_none(Callbacks... callbacks) {
  const std::size_t present = (std::size_t{callbacks != nullptr} + ...);
  return present == 0 || present == sizeof...(callbacks);
}

template <typename Callback>
void default_to(Callback& callback, Callback fallback) {
  if (callback == nullptr) callback = fallback;
}

}  // namespace

CallbackPort::CallbackPort(const amalgam_port& callbacks) : c_(callbacks) {
  default_to(c_.close, &close_nothing);
  default_to(c_.load, &load_memory);
  default_to(c_.store, &store_memory);
  default_to(c_.compare_exchange, &exchange_memory);
  default_to(c_.notify, &notify_nobody);
}

bool is_complete(const amalgam_port& c) {
  const bool required = c.open != nullptr && c.barrier != nullptr && c.tlbi != nullptr &&
                        c.reserve != nullptr && c.take != nullptr && c.release != nullptr &&
                        c.give_back != nullptr;
  return required && all_or_none(c.load, c.store, c.compare_exchange) &&
         all_or_none(c.stop_others, c.resume_others) && all_or_none(c.copy_page, c.same_contents);
}

}  // namespace amalgam::capi

void amalgam_port_on_memory(amalgam_port* port) {
  port->barrier = &amalgam::capi::fence;
  port->tlbi = &amalgam::capi::invalidate_nothing;
}

#if defined(__aarch64__)
namespace amalgam::capi {
namespace {

void barrier_instruction(void*, const amalgam_barrier* barrier) {
  pgtable::Aarch64::barrier(from_c(*barrier));
}

void tlbi_instruction(void*, const amalgam_tlbi* tlbi) {
  pgtable::Aarch64::tlbi(from_c(*tlbi), tlbi->operand);
}

}  // namespace
}  // namespace amalgam::capi

void amalgam_port_on_hardware(amalgam_port* port) {
  port->barrier = &amalgam::capi::barrier_instruction;
  port->tlbi = &amalgam::capi::tlbi_instruction;
}
#endif
