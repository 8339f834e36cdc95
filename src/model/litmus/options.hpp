// Which of the published models a litmus test is judged by, and the named points where they differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/features.hpp"

namespace amalgam::model::litmus {

// The two families of published semantics.
enum class ModelFamily : std::uint8_t { kCambridge, kHerd };

struct ModelOptions {
  ModelFamily family = ModelFamily::kHerd;
  // Cambridge knows none and kEts (its retired ETS); herd knows none, ETS2 and ETS3.
  bool cambridge_ets = true;
  arch::Ets ets = arch::Ets::kNone;
  // A walk may use TTBR or VTTBR as it was before a write that no context synchronisation followed.
  bool stale_roots = false;
};

struct Limits {
  unsigned unroll = 2;              // times a backward branch is taken
  std::size_t max_runs = 1U << 20;  // of one thread
  std::size_t max_candidates = 1ULL << 40;
  std::size_t max_states = 1U << 26;  // of the machine
  std::size_t max_memory_bytes = std::size_t{4} << 30;
};

}  // namespace amalgam::model::litmus
