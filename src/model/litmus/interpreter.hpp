// Runs one thread of a litmus test, with memory that answers whatever it may ever hold.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/litmus/choices.hpp"
#include "model/litmus/data_processing.hpp"
#include "model/litmus/memory_view.hpp"
#include "model/litmus/walk.hpp"

namespace amalgam::model::litmus {

enum class RunOutcome : std::uint8_t {
  kComplete,
  kImpossible,  // a combination of choices that no execution has
  kTooLong,     // more than kMaxRunEvents events
};

// An interpreter of AArch64 for one thread. Each run() follows one combination of choices: the
// value of each read, whether a store-exclusive succeeds, which form a failing compare-exchange
// takes.
//
// Dependencies are those of the test's family. herd's go through registers and through own stores
// to memory, and tell plain ones from "pick" ones. isla's go through registers alone, from whatever
// an instruction reads to whatever it writes.
class Interpreter : private DescriptorSource {
 public:
  // Everything given must outlive the interpreter.
  Interpreter(const Test& test, unsigned thread, const ModelOptions& options, const Limits& limits,
              DomainTable& domains);

  [[nodiscard]] RunOutcome run(Choices& choices);
  // Of the last run().
  [[nodiscard]] const ThreadRun& result() const { return builder_.run(); }

 private:
  struct Register {
    Value value = 0;
    Taint taint;
  };

  // One access to memory, before and after translation.
  struct Access {
    Address va = 0;
    Taint address;
    bool write = false;
  };
  struct Translated {
    std::optional<WalkFault> fault;
    Address pa = 0;
    WalkInfo info;  // for the access
    RunMask walks = 0;
    Taint fed;  // what the walk brings along: its address, own stores to descriptors
    Value leaf = 0;
    Address leaf_address = 0;
    RunEvent leaf_event = kNoEvent;
    bool sets_af = false;     // hardware has to, on any access
    bool sets_dirty = false;  // hardware has to, on a write
  };
  struct Reservation {
    bool active = false;
    bool is_64 = false;
    Address pa = 0;
    RunEvent read = kNoEvent;
  };
  struct ReadResult {
    Value value = 0;
    Taint taint;
    RunEvent event = kNoEvent;
  };
  // What a root register held before a write.
  struct OlderRoot {
    Value value = 0;
    RunEvent until = 0;         // the first event at which no walk can have used it any more
    bool synchronized = false;  // new walks no longer use it, entries in a TLB may
  };
  struct Exception {
    FaultType type = FaultType::kTranslation;
    unsigned target_el = 1;
    Value syndrome = 0;
    Address preferred_return = 0;
    Taint from;  // what decided that it is taken
  };

  // interpreter.cpp
  void restart();
  void step();
  void execute(const Instruction& i);
  void execute_data(const Instruction& i);
  void execute_select(const Instruction& i);
  void execute_label_address(const Instruction& i);
  void branch_on(const Instruction& i, bool taken, const Taint& taint);
  void execute_branch(const Instruction& i);
  void jump(const Code& code, std::size_t target);
  bool arrive_again(Address target);
  void finish();
  [[nodiscard]] Address pc() const { return code_->address_of(index_); }
  [[nodiscard]] const Register& reg(RegisterIndex r) const { return registers_[r]; }
  void set_reg(RegisterIndex r, Value value, const Taint& taint, bool is_64 = true);
  [[nodiscard]] bool is_herd() const { return test_.family == Family::kHerd; }
  [[nodiscard]] Value choose(std::span<const Value> values);

  // interpreter_access.cpp
  [[nodiscard]] Access access_of(const Instruction& i, bool write) const;
  Event& emit_access(EventKind kind, const Access& access, const Translated& where);
  ReadResult read(const Instruction& i, const Access& access, const Translated& where,
                  std::span<const Value> values);
  Event& write(const Instruction& i, const Access& access, const Translated& where,
               const Register& data);
  void make_atomic(const Instruction& i, RunEvent read, RunEvent written);
  void execute_memory(const Instruction& i);
  void execute_load(const Instruction& i);
  void execute_store(const Instruction& i);
  void execute_store_exclusive(const Instruction& i);
  void execute_fetch(const Instruction& i);
  void execute_compare_swap(const Instruction& i);
  void swap_succeeds(const Instruction& i, const Access& access, const Translated& where);
  void swap_fails(const Instruction& i, const Access& access, const Translated& where,
                  bool writes_back);
  void execute_data_cache(const Instruction& i);
  void execute_address_translate(const Instruction& i);

  // interpreter_translation.cpp
  [[nodiscard]] Translated translate(const Access& access);
  [[nodiscard]] Translated translate_single_level(const Access& access);
  [[nodiscard]] Translated translate_tables(const Access& access);
  [[nodiscard]] std::optional<FaultType> check_single_level(const Access& access,
                                                            Value descriptor) const;
  [[nodiscard]] WalkRequest walk_request(const Access& access, std::optional<RunEvent>& kept_since);
  [[nodiscard]] bool shows(const WalkStep& step, bool two_stages);
  void read_single_level(WalkStep& step);
  void keep_walk(const Access& access, Translated& out, const WalkStep& step);
  void update_descriptor(const Translated& where, bool dirty);
  Value read_descriptor(Address descriptor) override;
  [[nodiscard]] Value root(SystemRegister r, std::optional<RunEvent>& kept_since);
  [[nodiscard]] bool may_be_kept(const WalkRequest& request, const WalkOutcome& outcome,
                                 RunEvent since);
  [[nodiscard]] bool is_removed(const WalkStep& step, RunEvent since) const;

  // interpreter_system.cpp
  void execute_system(const Instruction& i);
  void execute_barrier(const Instruction& i);
  void execute_tlbi(const Instruction& i);
  void execute_read_system(const Instruction& i);
  void execute_write_system(const Instruction& i);
  void execute_exception_return();
  void execute_call(const Instruction& i);
  void take_mmu_fault(const Instruction& i, const Access& access, const Translated& where);
  Event& take_exception(const Exception& exception);
  void enter_handler(const Exception& exception, const Handler* handler);
  void resume_after_fault(const Handler* handler, bool is_call);
  void synchronize_context();
  void go_to(Address target);
  [[nodiscard]] Register& system(SystemRegister r) { return system_[static_cast<std::size_t>(r)]; }

  const Test& test_;
  const Thread& thread_;
  const ModelOptions& options_;
  const Limits& limits_;
  RunBuilder builder_;
  MemoryView memory_;
  Walker walker_;
  std::vector<std::pair<Address, Address>> pages_;  // of single-level tables: page, its descriptor
  std::uint32_t read_later_ = 0;                    // registers that some instruction reads

  Choices* choices_ = nullptr;
  std::array<Register, kRegisters> registers_{};
  std::array<Register, static_cast<std::size_t>(SystemRegister::kCount)> system_{};
  // By root register, if stale roots are asked for.
  std::array<std::vector<OlderRoot>, static_cast<std::size_t>(SystemRegister::kCount)> older_;
  Flags flags_;
  Taint flags_taint_;
  std::uint32_t registers_set_ = 0;
  unsigned el_ = 1;
  bool sp_el_ = true;
  Reservation reservation_;
  const Code* code_ = nullptr;
  std::size_t index_ = 0;
  std::size_t next_index_ = 0;
  RunEvent at_el2_since_ = 0;
  unsigned executed_ = 0;
  std::uint8_t translations_ = 0;
  bool in_handler_ = false;  // herd: of a fault, or running a faulting instruction once more
  bool ended_ = false;
  bool impossible_ = false;
  std::vector<std::pair<Address, unsigned>> arrivals_;  // by backward branches
};

}  // namespace amalgam::model::litmus
