#include "machine.hpp"

extern "C" void start_second();

namespace bare_metal {

namespace {

constexpr std::uint64_t kPsciCpuOn = 0xc400'0003;
constexpr std::uint64_t kSysGetCommandLine = 0x15;
constexpr std::uint64_t kSysExit = 0x18;
constexpr std::uint64_t kApplicationExit = 0x2'0026;

std::uint64_t semihosting(std::uint64_t operation, const void* block) {
  register std::uint64_t x0 asm("x0") = operation;
  register const void* x1 asm("x1") = block;
  asm volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  return x0;
}

std::uint64_t psci(std::uint64_t function, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  // Asked before the registers are set: a call in between would lose them.
  const bool by_smc = exception_level() == 2;
  register std::uint64_t x0 asm("x0") = function;
  register std::uint64_t x1 asm("x1") = a;
  register std::uint64_t x2 asm("x2") = b;
  register std::uint64_t x3 asm("x3") = c;
  if (by_smc) {
    asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
  } else {
    asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
  }
  return x0;
}

}  // namespace

unsigned exception_level() {
  std::uint64_t value = 0;
  asm("mrs %0, CurrentEL" : "=r"(value));
  return static_cast<unsigned>(value >> 2 & 3);
}

unsigned this_cpu() {
  std::uint64_t value = 0;
  asm("mrs %0, MPIDR_EL1" : "=r"(value));
  return static_cast<unsigned>(value & 1);
}

bool start_other_cpu() {
  return psci(kPsciCpuOn, 1, reinterpret_cast<std::uintptr_t>(&start_second), 0) == 0;
}

void exit_machine(std::uint64_t status) {
  const std::uint64_t block[2] = {kApplicationExit, status};
  semihosting(kSysExit, block);
  for (;;) asm volatile("wfi");
}

bool read_argument(char* text, std::size_t capacity) {
  struct {
    char* text;
    std::uint64_t bytes;
  } block{text, capacity};
  text[0] = '\0';
  return semihosting(kSysGetCommandLine, &block) == 0;
}

void clean_to_memory(std::uint64_t start, std::uint64_t end) {
  constexpr std::uint64_t line = 16;  // the smallest that there is
  asm volatile("dsb sy" : : : "memory");
  for (std::uint64_t at = start; at < end; at += line) {
    asm volatile("dc civac, %0" : : "r"(at) : "memory");
  }
  asm volatile("dsb sy" : : : "memory");
}

}  // namespace bare_metal
