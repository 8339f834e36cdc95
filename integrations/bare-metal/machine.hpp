// The machine: QEMU's virt, as far as the program uses it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bare_metal {

inline constexpr std::uint64_t kGic = 0x0800'0000;  // GICv2: distributor, and 64 KiB on the CPUs'
inline constexpr std::uint64_t kGicBytes = 0x2'0000;
inline constexpr std::uint64_t kUart = 0x0900'0000;  // PL011

// RAM as the script asks for it, and what lies where. The image is where virt.ld puts it.
inline constexpr std::uint64_t kTables = 0x4400'0000;  // table pages
inline constexpr std::uint64_t kTablesBytes = 0x0400'0000;
inline constexpr std::uint64_t kUnmapped = 0x7000'0000;  // RAM outside of the identity map
inline constexpr std::uint64_t kUnmappedBytes = 0x0100'0000;
inline constexpr std::uint64_t kFramesA = 0x8000'0000;  // data; aligned to the largest block
inline constexpr std::uint64_t kFramesB = 0xa000'0000;
inline constexpr std::uint64_t kFramesBytes = 0x4000'0000;  // both

// 1 or 2.
unsigned exception_level();

// 0 or 1.
unsigned this_cpu();

// Starts the other CPU at start_second. By HVC at EL1 and by SMC at EL2, as virt has it.
bool start_other_cpu();

// Ends QEMU with this exit status.
[[noreturn]] void exit_machine(std::uint64_t status);

// The program's argument: what -semihosting-config arg= says. At most `capacity` - 1 characters.
bool read_argument(char* text, std::size_t capacity);

// Cleans and invalidates [start, end) from data caches to memory, for CPUs with caches off.
void clean_to_memory(std::uint64_t start, std::uint64_t end);

}  // namespace bare_metal
