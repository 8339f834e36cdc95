// One AArch64 instruction of a litmus test, decoded by a front end.
//
// Both front ends (herd's and isla's) produce these; nothing behind them looks at text again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "model/program.hpp"

namespace amalgam::model::litmus {

using Value = std::uint64_t;
using Address = std::uint64_t;

// A general register: 0 to 30, or the zero register.
using RegisterIndex = std::uint8_t;
inline constexpr RegisterIndex kZeroRegister = 31;
inline constexpr unsigned kRegisters = 32;

enum class Opcode : std::uint8_t {
  kNop,
  kMove,  // rd = operand
  kAdd,   // rd = rn OP operand
  kSubtract,
  kAnd,
  kOrr,
  kEor,
  kBic,
  kShiftLeft,
  kShiftRight,
  kExtractBits,   // UBFX: rd = rn[lsb + width_bits - 1 : lsb]
  kLabelAddress,  // ADR: rd = address of target or, with no target, operand.immediate
  kSelect,        // CSEL: rd = condition ? rn : rm
  kSet,           // CSET: rd = condition ? 1 : 0
  kBranch,        // B target
  kBranchIf,      // B.condition target
  kBranchZero,    // CBZ rt, target
  kBranchNotZero,
  kLoad,            // rt = [address]
  kStore,           // [address] = rt
  kLoadExclusive,   // LDXR
  kStoreExclusive,  // STXR: rs = status
  kSwap,            // rt = [address], [address] = rs
  kFetchAdd,  // rt = [address], [address] += rs; rt the zero register: ST form, a no-return read
  kFetchSet,
  kFetchClear,
  kCompareSwap,  // CAS: rs = expected and result, rt = desired
  kBarrier,      // DMB, DSB, ISB
  kTlbi,
  kDataCache,         // DC: rt = address; matters as a completed access to a barrier only
  kAddressTranslate,  // AT S1E0R/W: PAR_EL1 = translation of rt
  kReadSystem,        // MRS
  kWriteSystem,       // MSR
  kSupervisorCall,
  kHypervisorCall,
  kExceptionReturn,
  kUndefined,  // UDF
};

enum class Condition : std::uint8_t { kEq, kNe, kGe, kLt, kGt, kLe, kAlways };
enum class Extend : std::uint8_t { kNone, kSignedWord, kUnsignedWord, kShiftLeft, kShiftRight };

enum class SystemRegister : std::uint8_t {
  kElrEl1,
  kElrEl2,
  kSpsrEl1,
  kSpsrEl2,
  kEsrEl1,
  kEsrEl2,
  kFarEl1,
  kHpfarEl2,
  kParEl1,
  kVbarEl1,
  kVbarEl2,
  kTtbr0El1,
  kTtbr1El1,
  kTtbr0El2,
  kVttbrEl2,
  kCurrentEl,
  kCount,
};

// The last source of a data-processing instruction, or the offset of an address.
struct Operand {
  bool is_register = false;
  RegisterIndex reg = kZeroRegister;
  Extend extend = Extend::kNone;
  std::uint8_t amount = 0;  // shift, applied after the extension
  Value immediate = 0;
};

inline constexpr std::uint32_t kNoTarget = ~0U;

struct Instruction {
  Opcode opcode = Opcode::kNop;
  bool is_64 = true;        // false: W registers, results are zero-extended
  bool set_flags = false;   // ADDS, SUBS, CMP (rd the zero register), ANDS
  bool acquire = false;     // LDAR, CASA..., SWPA...
  bool acquire_pc = false;  // LDAPR
  bool release = false;     // STLR, CASL..., SWPL...
  bool for_write = false;   // AT ..W
  RegisterIndex rd = kZeroRegister;
  RegisterIndex rn = kZeroRegister;  // of a memory access: the base
  RegisterIndex rm = kZeroRegister;  // CSEL's second source
  RegisterIndex rt = kZeroRegister;
  RegisterIndex rs = kZeroRegister;
  Operand operand;  // of a memory access: the offset (zero immediate for none)
  std::uint8_t lsb = 0;
  std::uint8_t width_bits = 0;
  Condition condition = Condition::kAlways;
  SystemRegister system = SystemRegister::kCount;
  arch::Barrier barrier;
  arch::TlbiMnemonic tlbi;
  std::uint32_t target = kNoTarget;  // index into the same Code, its size for a label at the end
  std::string target_thread_label;   // of kLabelAddress: kept for diagnostics
  std::vector<std::string> labels;   // that name this instruction
  std::string text;
  Location location;
};

// A run of instructions at consecutive addresses, four bytes each.
struct Code {
  Address base = 0;
  std::vector<Instruction> instructions;
  std::vector<std::string> end_labels;  // that name the place after the last instruction

  [[nodiscard]] Address address_of(std::size_t index) const { return base + 4 * index; }
  [[nodiscard]] Address end() const { return address_of(instructions.size()); }
};

}  // namespace amalgam::model::litmus
