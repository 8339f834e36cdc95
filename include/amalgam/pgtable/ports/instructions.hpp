// The instructions of the hardware Port.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/ports/barrier_encoding.hpp"
#include "amalgam/pgtable/ports/root_register.hpp"
#include "amalgam/pgtable/ports/tlbi_encoding.hpp"

namespace amalgam::pgtable {

// What the hardware Port and WindowSlots issue. Aarch64 is the real thing; a test may bring its
// own.
template <typename I>
concept Instructions =
    requires(std::uint64_t* at, std::uint64_t& expected, std::uint64_t raw, const arch::Barrier& b,
             const arch::TlbiMnemonic& mnemonic, RootRegister root) {
      { I::compare_exchange(at, expected, raw) } -> std::same_as<bool>;
      { I::barrier(b) } -> std::same_as<void>;
      { I::tlbi(mnemonic, raw) } -> std::same_as<void>;
      { I::write_root(root, raw) } -> std::same_as<void>;
    };

class Aarch64;

#if defined(__aarch64__)

namespace instructions_detail {

// Calls Issue::template word<kSorted[i]>(arguments...) for the element that equals `word`, found by
// halving: a few compares at run time, none where `word` is a constant. No jump through memory, so
// that it runs before a kernel has relocated itself. Traps if there is none.
template <typename Issue, const auto& kSorted, std::size_t kFirst, std::size_t kEnd, typename... T>
[[gnu::always_inline]] inline void select(std::uint32_t word, T... arguments) {
  if constexpr (kEnd - kFirst == 1) {
    if (word != kSorted[kFirst]) __builtin_trap();
    Issue::template word<kSorted[kFirst]>(arguments...);
  } else {
    constexpr std::size_t middle = kFirst + (kEnd - kFirst) / 2;
    if (word < kSorted[middle]) {
      select<Issue, kSorted, kFirst, middle>(word, arguments...);
    } else {
      select<Issue, kSorted, middle, kEnd>(word, arguments...);
    }
  }
}

struct IssueBarrier {
  template <std::uint32_t kWord>
  [[gnu::always_inline]] static inline void word() {
    asm volatile(".inst %c0" : : "i"(kWord) : "memory");
  }
};

struct IssueTlbi {
  template <std::uint32_t kWord>
  [[gnu::always_inline]] static inline void word(std::uint64_t operand) {
    constexpr SystemOperation op = system_operation(kWord);
    asm volatile("sys #%c0, c%c1, c%c2, #%c3, %4"
                 :
                 : "i"(op.op1), "i"(op.crn), "i"(op.crm), "i"(op.op2), "r"(operand)
                 : "memory");
  }
};

}  // namespace instructions_detail

// AArch64, by encodings: any assembler will do, whatever -march says. Needs the exception level
// that the instruction needs. Memory accesses of the program are not moved across any of these by
// the compiler.
class Aarch64 {
 public:
  // Single-copy atomic against everybody, walkers that update AF and dirty state included; acquire
  // and release. Memory must be cacheable and the MMU on. With exclusives, or with LSE where the
  // compiler may assume it.
  static bool compare_exchange(std::uint64_t* at, std::uint64_t& expected, std::uint64_t raw) {
    const std::uint64_t wanted = expected;
    std::uint64_t found = wanted;
#if defined(__ARM_FEATURE_ATOMICS)
    asm volatile("casal %[found], %[raw], %[at]"
                 : [found] "+r"(found), [at] "+Q"(*at)
                 : [raw] "r"(raw)
                 : "memory");
#else
    std::uint32_t failed = 0;
    asm volatile(
        "1: ldaxr %[found], %[at]\n"
        "   cmp %[found], %[wanted]\n"
        "   b.ne 2f\n"
        "   stlxr %w[failed], %[raw], %[at]\n"
        "   cbnz %w[failed], 1b\n"
        "   b 3f\n"
        "2: clrex\n"
        "3:"
        : [found] "=&r"(found), [failed] "=&r"(failed), [at] "+Q"(*at)
        : [wanted] "r"(wanted), [raw] "r"(raw)
        : "cc", "memory");
#endif
    expected = found;
    return found == wanted;
  }

  // A barrier that has no name is a mistake of the caller, and traps.
  [[gnu::always_inline]] static inline void barrier(const arch::Barrier& b) {
    using instructions_detail::IssueBarrier;
    const std::uint32_t word = instruction_word(b).value_or(0);
    instructions_detail::select<IssueBarrier, kBarrierWords, 0, kBarrierWords.size()>(word);
  }

  // The instruction alone. One that the CPU does not implement is undefined there; one that has no
  // name traps.
  [[gnu::always_inline]] static inline void tlbi(const arch::TlbiMnemonic& mnemonic,
                                                 std::uint64_t operand) {
    using instructions_detail::IssueTlbi;
    const SystemOperation op = encoding_of(mnemonic).value_or(SystemOperation{});
    const std::uint32_t word = instruction_word(op, kNoRegister);
    instructions_detail::select<IssueTlbi, kTlbiWords, 0, kTlbiWords.size()>(word, operand);
  }

  static void write_root(RootRegister root, std::uint64_t value) {
    switch (root) {
      case RootRegister::kTtbr0El1:
        asm volatile("msr s3_0_c2_c0_0, %0" : : "r"(value) : "memory");
        return;
      case RootRegister::kTtbr1El1:
        asm volatile("msr s3_0_c2_c0_1, %0" : : "r"(value) : "memory");
        return;
      case RootRegister::kTtbr0El2:
        asm volatile("msr s3_4_c2_c0_0, %0" : : "r"(value) : "memory");
        return;
      case RootRegister::kTtbr1El2:
        asm volatile("msr s3_4_c2_c0_1, %0" : : "r"(value) : "memory");
        return;
      case RootRegister::kVttbrEl2:
        asm volatile("msr s3_4_c2_c1_0, %0" : : "r"(value) : "memory");
        return;
    }
  }
};

static_assert(Instructions<Aarch64>);

#endif

}  // namespace amalgam::pgtable
