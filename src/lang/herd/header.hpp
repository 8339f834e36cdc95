// The lines between a herd test's name and its initial state.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "lang/herd.hpp"
#include "lang/herd/context.hpp"

namespace amalgam::lang::herd {

// What the header says of threads, which are known only after it.
struct ThreadKey {
  enum class Says : std::uint8_t { kHardwareAf, kHardwareDirty, kEl0 };
  Says says = Says::kHardwareAf;
  bool every_thread = false;
  std::uint64_t thread = 0;
  Location place;
};

// Applies `options` and reads `Variant=` into the test: ets, fault_mode, vmsa. Notes what is not
// supported. Keys that are not about what a test means are passed over.
std::vector<ThreadKey> read_header(std::string_view header, const HerdOptions& options,
                                   Context& context);

// Sets what the keys say on the test's threads; notes a thread that does not exist.
void apply_thread_keys(const std::vector<ThreadKey>& keys, Context& context);

}  // namespace amalgam::lang::herd
