// Compares the two litmus engines on generated tests, for as long as one likes.
//
//   build/release/bench/litmus_differential [COUNT [FIRST [THREADS]]]
//
// Judges tests FIRST to FIRST + COUNT - 1 (default: a million from 0) by herd's model at the level
// of ETS that each names, and every fourth, which has no hardware updates, by the strong model too.
// Prints each test on which the engines differ, as a file for `amalgam litmus --engine both`, and
// exits with 1 if there is one. Tests of more than 200,000 states of the machine are given up and
// counted.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lang/herd.hpp"
#include "lang/litmus_generator.hpp"
#include "model/litmus/judge.hpp"

namespace {

namespace litmus = amalgam::model::litmus;

// One test in some thousands has far more; its time is better spent on thousands of others.
constexpr std::size_t kMaxStates = 200'000;

struct Totals {
  std::atomic<std::uint64_t> next = 0;
  std::atomic<std::uint64_t> compared = 0;
  std::atomic<std::uint64_t> undecided = 0;
  std::atomic<std::uint64_t> differ = 0;
  std::mutex printing;
};

void print_difference(Totals& totals, const std::string& text, const litmus::Judgement& judgement) {
  const std::lock_guard lock(totals.printing);
  fmt::print("(* {} *)\n{}", name_of(judgement.model), text);
  for (const std::string& line : judgement.disagreements) fmt::print("(* {} *)\n", line);
  fmt::print("\n");
}

void compare(Totals& totals, const std::string& text, const litmus::Test& test,
             const litmus::ModelOptions& model) {
  litmus::JudgeOptions options;
  options.engine = litmus::Engine::kBoth;
  options.model = model;
  options.limits.max_states = kMaxStates;
  options.beyond = false;
  const litmus::Judgement judgement = judge(test, options);
  ++(judgement.decided() ? totals.compared : totals.undecided);
  if (judgement.disagreements.empty()) return;
  ++totals.differ;
  print_difference(totals, text, judgement);
}

// The test of this number; nothing, and a complaint, where the reader does not take it.
std::optional<litmus::Test> read(Totals& totals, const std::string& text) {
  auto parsed = amalgam::lang::parse_herd(text);
  if (parsed.test) return std::move(parsed.test);
  ++totals.differ;
  fmt::print("{}", amalgam::lang::render(parsed.diagnostics.at(0), "generated", text));
  return std::nullopt;
}

void work(Totals& totals, std::uint64_t end) {
  for (std::uint64_t number = totals.next++; number < end; number = totals.next++) {
    const bool strong = number % 4 == 0;
    const std::string text = amalgam::lang::generate_litmus(number, {.hardware_updates = !strong});
    const std::optional<litmus::Test> test = read(totals, text);
    if (!test) continue;
    compare(totals, text, *test, litmus::default_model(*test));
    if (!strong) continue;
    compare(totals, text, *test, *litmus::model_named(number % 8 == 0 ? "ets" : "no-ets"));
  }
}

std::uint64_t argument(int argc, char** argv, int index, std::uint64_t otherwise) {
  return index < argc ? std::strtoull(argv[index], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t count = argument(argc, argv, 1, 1'000'000);
  const std::uint64_t first = argument(argc, argv, 2, 0);
  const std::uint64_t jobs =
      argument(argc, argv, 3, std::max(1U, std::thread::hardware_concurrency()));
  Totals totals;
  totals.next = first;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < jobs; ++i) {
    threads.emplace_back([&] { work(totals, first + count); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} tests, {} comparisons: {} differ, {} undecided; {:.1f} s, {:.0f} comparisons/s\n",
             count, totals.compared + totals.undecided, totals.differ.load(),
             totals.undecided.load(), seconds,
             static_cast<double>(totals.compared + totals.undecided) / seconds);
  return totals.differ == 0 ? 0 : 1;
}
