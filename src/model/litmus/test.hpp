// A litmus test of page tables, in a form that both published families fit into.
//
// Every value is a real 64-bit number and every address a real address: a front end gives each name
// of a test its own page, physical page and descriptor, so that descriptors, masks, shifts and TLBI
// operands are computed and never special-cased. Names come back only where a value is printed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "amalgam/arch/features.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::model::litmus {

enum class Family : std::uint8_t { kHerd, kIsla };

// What a name of the test stands for. Absent parts are 0.
struct Symbol {
  std::string name;
  Address va = 0;
  Address pa = 0;
  Address descriptor = 0;  // physical address of the last-level descriptor that translates va
};

// An exception handler: where a thread goes on at that Exception level.
struct Handler {
  unsigned el = 1;
  // From VBAR_ELx, 0x000 from the same level with SP0, 0x200 with SPx, 0x400 from a lower level.
  // The only handler of a level serves all of them: published tests are lax here.
  std::uint32_t offset = 0;
  Code code;
};

// What happens after a fault where there is no handler.
enum class FaultMode : std::uint8_t {
  kFatal,    // the thread ends
  kHandled,  // the instruction runs once more; a second fault discards the execution
  kSkip,     // the next instruction
};

struct Thread {
  std::string name;             // "P0" or "0"
  unsigned el = 1;              // Exception level at the start: 0, 1 or 2
  bool has_sp_el = true;        // PSTATE.SP, kept for SPSR
  bool hardware_af = false;     // TTHM HA
  bool hardware_dirty = false;  // TTHM HD, implies HA
  Code code;
  std::vector<Handler> handlers;
  std::array<Value, kRegisters> registers{};
  std::uint32_t registers_set = 0;  // bit n: register n has an initial value (isla: else undefined)
  std::array<Value, static_cast<std::size_t>(SystemRegister::kCount)> system{};

  // Where an exception goes that is taken to `target_el` at `offset`; nullptr if nowhere.
  [[nodiscard]] const Handler* find_handler(unsigned target_el, std::uint32_t offset) const {
    const Handler* found = nullptr;
    for (const Handler& h : handlers) {
      if (h.el != target_el) continue;
      if (h.offset == offset) return &h;
      if (found == nullptr) found = &h;
    }
    return found;
  }
};

// How addresses are translated.
struct Translation {
  // The level a stage 1 walk starts at: 0 for isla's four-level tables, 3 for herd's, where one
  // descriptor per page is all there is.
  int start_level = 0;
  bool two_stages = false;  // false: stage 2 is off (an identity map that nobody changes)
  // Addresses in [untranslated_first, untranslated_last] are used as they are: herd's descriptors.
  Address untranslated_first = 1;
  Address untranslated_last = 0;
  // MAIR_EL1: what AttrIndx of a stage 1 descriptor means. Index 0 is Normal, write-back.
  std::uint64_t mair = 0xff;

  [[nodiscard]] bool is_untranslated(Address a) const {
    return untranslated_first <= a && a <= untranslated_last;
  }
};

enum class FaultType : std::uint8_t {
  kTranslation,
  kAccessFlag,
  kPermission,
  kExclusive,
  kUndefinedInstruction,
  kSupervisorCall,
  kTagCheck,
  kConflict,  // a TLB conflict abort: two entries match
};

// "A fault happened": every part that is given must match.
struct FaultPattern {
  std::uint32_t thread = 0;
  std::string label;   // empty: any instruction
  std::string symbol;  // empty: any address; else the name whose page (or descriptor) faulted
  bool of_descriptor = false;  // pte_x rather than x
  std::optional<FaultType> type;
  bool data_only = false;  // D-MMU:
};

// A final condition over one execution.
struct Formula {
  enum class Kind : std::uint8_t {
    kTrue,
    kAnd,
    kOr,
    kNot,
    kRegisterIs,  // thread, reg, value
    kMemoryIs,    // address, value
    kFault,       // fault
    kSystemIs,    // thread, system, value under mask (herd's parel1_t)
  };
  Kind kind = Kind::kTrue;
  std::vector<Formula> parts;  // kAnd, kOr, kNot
  std::uint32_t thread = 0;
  RegisterIndex reg = 0;
  SystemRegister system = SystemRegister::kCount;
  Address address = 0;  // physical
  Value value = 0;
  Value mask = ~Value{0};
  FaultPattern fault;
};

enum class Quantifier : std::uint8_t { kExists, kNotExists, kForall };

// How herd prints a value: by the declared or inferred type of where it lies.
enum class PrintAs : std::uint8_t { kNatural, kDescriptor, kPar };

// One thing that a final state shows, in the order in which it is printed.
struct Observable {
  enum class Kind : std::uint8_t { kRegister, kMemory, kFault, kSystem };
  Kind kind = Kind::kRegister;
  std::uint32_t thread = 0;
  RegisterIndex reg = 0;
  SystemRegister system = SystemRegister::kCount;
  Address address = 0;  // physical
  FaultPattern fault;
  PrintAs print_as = PrintAs::kNatural;
  // The integer type declared where it lies; herd takes `int` where nothing is declared.
  bool is_64 = false;
  bool is_unsigned = false;
  std::string text;  // left of the '=': "0:X1", "[x]", "[PTE(x)]"
};

struct Test {
  std::string name;
  std::string description;
  Family family = Family::kHerd;
  arch::Ets ets = arch::Ets::kNone;  // asked for by the test itself (Variant=vmsa,ets2)
  FaultMode fault_mode = FaultMode::kFatal;
  bool vmsa = true;  // false: no translation at all
  Translation translation;
  std::vector<Symbol> symbols;
  std::vector<Thread> threads;
  // Physical memory; an address that is missing holds 0. Tables are in here too.
  std::map<Address, Value> memory;
  // Locations that are descriptors, so that a spurious hardware update may happen to them.
  std::vector<Address> descriptors;
  // The deprecated spellings that herd flags (section 4.4 of its rules), by its flag names.
  std::vector<std::string> spelling_flags;
  std::optional<Quantifier> quantifier;  // nothing: no condition (an isla condition is kExists)
  Formula condition;
  std::optional<Formula> filter;  // executions that do not satisfy it do not count at all
  std::vector<Observable> observed;
  Location condition_location;

  [[nodiscard]] const Symbol* find_symbol(const std::string& wanted) const {
    for (const Symbol& s : symbols) {
      if (s.name == wanted) return &s;
    }
    return nullptr;
  }
};

}  // namespace amalgam::model::litmus
