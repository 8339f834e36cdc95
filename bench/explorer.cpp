// How fast the explorer is. Prints figures; judges nothing.
//
//   build/release/bench/explorer [SCENARIO...]
//
// First the target of scale: the vmemmap of a 1 GiB huge page, 4,096 descriptors, at all four
// FEAT_BBM levels. Then the target of rate: a break-before-make loop over three pages, all of them
// at once and every CPU told apart, so that there are states enough to fill memory, not a cache.
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lang/scenario.hpp"
#include "model/check.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

long peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

constexpr std::string_view kManyStates = R"(case "break-before-make of three pages, five walkers"
machine   arm64, granule 4K, va 48, bbm 0, cpus 6
frame     old[3], fresh[3] contents distinct
map       x = old[0..2] rw

agent remap on cpu 0
    for i in 0..2
        clear pte x[i]
    dsb   ishst
    for i in 0..2
        tlbi  vaae1is x[i]
    dsb   ish
    for i in 0..2
        set   pte x[i] = fresh[i] rw
    dsb   ishst

observer walker on any other cpu
    load x[any] may fault
)";

void report(const char* name, std::string_view text, amalgam::model::CheckOptions options) {
  const Clock::time_point start = Clock::now();
  const auto parsed = amalgam::lang::parse_scenario(text);
  if (!parsed.program) {
    fmt::print("{}: does not parse\n", name);
    return;
  }
  const double parse_seconds = seconds_since(start);
  const Clock::time_point checking = Clock::now();
  const std::clock_t cpu_start = std::clock();
  const auto result = amalgam::model::check(*parsed.program, options);
  const double check_seconds = seconds_since(checking);
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t bytes = 0;
  bool decided = true;
  for (const auto& level : result.levels) {
    states += level.coverage.states;
    transitions += level.coverage.transitions;
    bytes = std::max(bytes, level.coverage.peak_bytes);
    decided &= level.decided();
  }
  fmt::print(
      "{}\n  parse {:.3f} s, check {:.3f} s ({:.3f} s of CPU), {} levels, {} of {} slices "
      "explored{}\n",
      name, parse_seconds, check_seconds, cpu_seconds, result.levels.size(),
      result.levels.front().coverage.explored, result.levels.front().coverage.slices,
      decided ? "" : ", NOT exhaustive");
  fmt::print("  {} states, {} transitions: {:.2f} M states, {:.1f} M transitions a second of CPU\n",
             states, transitions, static_cast<double>(states) / cpu_seconds / 1e6,
             static_cast<double>(transitions) / cpu_seconds / 1e6);
  fmt::print("  {:.1f} bytes a state, peak memory of the process {} MB\n",
             states == 0 ? 0.0 : static_cast<double>(bytes) / static_cast<double>(states),
             peak_megabytes());
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files(argv + 1, argv + argc);
  if (files.empty()) {
    files = {AMALGAM_SOURCE_DIR "/scenarios/hvo-1g-page-as-merged.scn",
             AMALGAM_SOURCE_DIR "/scenarios/hvo-1g-staged-equal-contents.scn"};
  }
  amalgam::model::CheckOptions two_cores;
  two_cores.jobs = 2;
  two_cores.sensitivity = false;
  for (const std::string& file : files) report(file.c_str(), read_file(file), two_cores);

  amalgam::model::CheckOptions many;
  many.sensitivity = false;
  many.slicing = false;
  report("many states: all pages at once, like CPUs sorted", kManyStates, many);
  many.symmetry = false;
  report("many states: all pages at once, every CPU told apart", kManyStates, many);
}
