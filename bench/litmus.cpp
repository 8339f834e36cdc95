// How fast litmus tests are judged, on one core. Prints figures; judges nothing.
//
//   build/release/bench/litmus [DIRECTORY...]
//
// By default the published corpora in $AMALGAM_CORPORA. For each family of tests and each engine:
// tests a second, reading included, and the slowest ten.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lang/litmus.hpp"
#include "model/litmus/judge.hpp"

namespace {

namespace fs = std::filesystem;
namespace litmus = amalgam::model::litmus;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kShown = 10;

struct Timed {
  double seconds = 0;
  std::string name;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".litmus") || name.ends_with(".litmus.toml")) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Herd's KVM tests were published without "fatal", and the others name their own variants.
amalgam::lang::LitmusOptions options_for(const fs::path& file) {
  const std::string folder = file.parent_path().filename().string();
  amalgam::lang::LitmusOptions options;
  options.herd.variants = {folder == "KVM" ? "kvm" : "vmsa,fatal"};
  return options;
}

struct Figures {
  std::vector<Timed> times;
  double total = 0;
  std::size_t undecided = 0;
  std::size_t unread = 0;
};

void judge_file(const fs::path& file, litmus::Engine engine, Figures& figures) {
  const std::string text = read_file(file);
  const Clock::time_point start = Clock::now();
  const auto read = amalgam::lang::parse_litmus(file.string(), text, options_for(file));
  if (!read.test) {
    ++figures.unread;
    return;
  }
  litmus::JudgeOptions options;
  options.engine = engine;
  options.beyond = false;
  if (!judge(*read.test, options).decided()) ++figures.undecided;
  const double seconds = seconds_since(start);
  figures.total += seconds;
  figures.times.push_back({seconds, file.filename().string()});
}

void print(const std::string& family, litmus::Engine engine, Figures figures) {
  if (figures.times.empty()) return;
  std::ranges::sort(figures.times, std::ranges::greater{}, &Timed::seconds);
  fmt::print("{}, {}: {} tests in {:.2f} s, {:.0f} a second, median {:.2f} ms", family,
             name(engine), figures.times.size(), figures.total,
             static_cast<double>(figures.times.size()) / figures.total,
             figures.times[figures.times.size() / 2].seconds * 1e3);
  if (figures.undecided != 0) fmt::print(", {} undecided", figures.undecided);
  if (figures.unread != 0) fmt::print(", {} not read", figures.unread);
  fmt::print("\n");
  for (std::size_t i = 0; i < std::min(kShown, figures.times.size()); ++i) {
    fmt::print("  {:9.2f} ms  {}\n", figures.times[i].seconds * 1e3, figures.times[i].name);
  }
}

double measure(const fs::path& directory, litmus::Engine engine) {
  std::vector<Figures> by_family(2);
  for (const fs::path& file : files_below(directory)) {
    judge_file(file, engine, by_family[file.extension() == ".toml" ? 1 : 0]);
  }
  print("herd's tests", engine, by_family[0]);
  print("isla's tests", engine, by_family[1]);
  return by_family[0].total + by_family[1].total;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> directories(argv + 1, argv + argc);
  if (directories.empty()) {
    const char* const chosen = std::getenv("AMALGAM_CORPORA");
    const fs::path place = chosen != nullptr ? chosen : AMALGAM_DEFAULT_CORPORA;
    directories = {place / "herd" / "tests", place / "rems" / "tests"};
  }
  for (const litmus::Engine engine : {litmus::Engine::kReference, litmus::Engine::kMachine}) {
    double total = 0;
    for (const fs::path& directory : directories) {
      if (fs::is_directory(directory)) {
        total += measure(directory, engine);
      } else {
        fmt::print("{}: no directory\n", directory.string());
      }
    }
    fmt::print("{}: {:.2f} s together\n\n", name(engine), total);
  }
}
