// What HVO saves and costs, as text and as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hvo/cost.hpp"
#include "report/ink.hpp"
#include "report/json.hpp"

namespace amalgam::report {

// One size of huge page. Nothing is asked where nothing can be shared.
struct HvoSize {
  hvo::Saving saving;
  std::uint64_t huge_pages = 0;  // that the memory is
  std::optional<hvo::Answer> answer;
};

struct HvoReport {
  std::uint64_t memory_bytes = 0;
  hvo::Question question;  // what is the same for all sizes
  std::vector<HvoSize> sizes;
};

// A table of savings, a line a size; then for each size the route and what it costs, or the rule
// that is in the way and what would make it legal, beside what Linux 7.3 does.
std::string hvo_text(const HvoReport& report, const Painter& paint);

// The same as one document.
Json hvo_json(const HvoReport& report);

// The options of `amalgam hvo` that the remedy is.
std::string_view name(hvo::Remedy remedy);

// 2M, 15.996M, 1G: powers of 1024.
std::string size_text(std::uint64_t bytes);

}  // namespace amalgam::report
