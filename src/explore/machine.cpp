// The parts of the explorer that user code touches: all of them hand on to the session.
#include "explore/explore.hpp"
#include "explore/session.hpp"

namespace amalgam::explorer {

Port::View Port::open(PhysicalAddress pa, const Here& here) {
  session_->open(pa, here);
  return {pa};
}

std::uint64_t Port::load(View view, std::size_t index, const Here& here) {
  return session_->load(view.page, index, here);
}

void Port::store(View view, std::size_t index, std::uint64_t raw, const Here& here) {
  session_->store(view.page, index, raw, here);
}

bool Port::compare_exchange(View view, std::size_t index, std::uint64_t& expected,
                            std::uint64_t raw, const Here& here) {
  return session_->exchange(view.page, index, expected, raw, here);
}

void Port::barrier(const arch::Barrier& b, const Here& here) {
  session_->act({.kind = ActionKind::kBarrier, .barrier = b}, false, here);
}

void Port::tlbi(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand, const Here& here) {
  session_->act({.kind = ActionKind::kTlbi, .value = operand, .mnemonic = mnemonic}, false, here);
}

bool Port::reserve(std::size_t count) { return session_->reserve(count); }

PhysicalAddress Port::take(const Here& here) { return session_->take(here); }

void Port::release(std::size_t count) { session_->release(count); }

void Port::give_back(PhysicalAddress pa, const Here& here) { session_->give_back(pa, here); }

void Port::notify(pgtable::NotifyPhase phase, std::uint64_t start, std::uint64_t end,
                  const Here& here) {
  session_->act({.kind = ActionKind::kNotify, .value = start, .expected = end, .phase = phase},
                false, here);
}

void Port::stop_others(const Here& here) {
  session_->act({.kind = ActionKind::kStopOthers}, false, here);
}

void Port::resume_others(const Here& here) {
  session_->act({.kind = ActionKind::kResumeOthers}, false, here);
}

void Port::copy_page(PhysicalAddress from, PhysicalAddress to, const Here& here) {
  session_->copy(from, to, here);
}

bool Port::same_contents(PhysicalAddress a, PhysicalAddress b, const Here& here) {
  return session_->same_contents(a, b, here);
}

void Port::set_root(pgtable::Half half, PhysicalAddress root, std::uint16_t tag, const Here& here) {
  session_->set_root(half, root, tag, here);
}

void Mutex::lock(const Here& here) {
  session_->act({.kind = ActionKind::kLock, .index = id_}, false, here);
}

void Mutex::unlock(const Here& here) {
  session_->act({.kind = ActionKind::kUnlock, .index = id_}, false, here);
}

Machine::Machine(Session& session) : session_(&session), port_(session) {}

PhysicalAddress Machine::root(std::size_t n, const Here& here) {
  return session_->add_root(n, here);
}

PhysicalAddress Machine::page(std::size_t n) const {
  return session_->first_data_page() + n * arch::page_bytes(session_->options().geometry.granule);
}

Mutex Machine::mutex() { return {*session_, session_->add_mutex()}; }

void Machine::observe(std::uint64_t va, std::uint64_t bytes, const Observation& what,
                      const Here& here) {
  session_->observe(va, bytes, what, here);
}

Device Machine::device(const std::string& name, const DeviceTraits& traits, const Here& here) {
  return session_->add_device(name, traits, here);
}

void Machine::expect_order(Device device, std::uint64_t data, std::uint64_t flag,
                           const Here& here) {
  session_->expect_order(device, data, flag, here);
}

void Machine::spawn(const std::string& name, const std::function<void()>& task,
                    std::optional<std::uint32_t> cpu, const Here& here) {
  session_->spawn(name, task, cpu, here);
}

void Machine::step(const Here& here) { session_->begin_step(here); }

void Machine::load(std::uint64_t va, TaskAccess how, const Here& here) {
  session_->access(va, false, how, here);
}

void Machine::store(std::uint64_t va, TaskAccess how, const Here& here) {
  session_->access(va, true, how, here);
}

void Machine::free(PhysicalAddress page, const Here& here) {
  session_->act({.kind = ActionKind::kFree, .page = page}, true, here);
}

void Machine::allocate(PhysicalAddress page, const Here& here) {
  session_->act({.kind = ActionKind::kAllocate, .page = page}, true, here);
}

void Machine::copy(PhysicalAddress from, PhysicalAddress to, const Here& here) {
  session_->copy(from, to, here);
}

void Machine::stop_others(const Here& here) {
  session_->act({.kind = ActionKind::kStopOthers}, true, here);
}

void Machine::resume_others(const Here& here) {
  session_->act({.kind = ActionKind::kResumeOthers}, true, here);
}

void Machine::interrupt_others(const std::function<void()>& handler, const Here& here) {
  session_->act({.kind = ActionKind::kInterrupt}, true, here);
  handler();
  session_->act({.kind = ActionKind::kInterrupted}, true, here);
}

}  // namespace amalgam::explorer
