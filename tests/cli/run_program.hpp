// Runs the program inside the test, and makes files for it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program.hpp"

namespace amalgam::cli::test {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

inline Ran run_program(std::vector<std::string> arguments, bool colour = false) {
  arguments.insert(arguments.begin(), "amalgam");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{out, err, colour};
  Ran ran;
  ran.status = run(static_cast<int>(arguments.size()), argv.data(), terminal);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

// A directory that is empty at the start of each test and gone at its end.
class InDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::path(::testing::TempDir()) /
                 ("amalgam-" + std::to_string(getpid()) + '-' + info->test_suite_name() + '-' +
                  info->name());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_ / name).string();
  }

  // Writes a file and returns its path.
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path directory_;
};

// One page moved in one store while another CPU writes it: illegal at every level.
inline constexpr const char* kBroken = R"(case      "One store"

machine   arm64, granule 4K, va 48, bbm 0..3, cpus 2

frame     a, b contents distinct
map       x = a rw

agent update on cpu 0
    set   pte x = b ro
    dsb   ishst
    tlbi  vaae1is x
    dsb   ish
    isb

observer writer on cpu 1
    add   x may fault or be lost
)";

// The same page made read-only, and nobody relies on it.
inline constexpr const char* kClean = R"(case      "Nothing changes"

machine   arm64, granule 4K, va 48, bbm 0..3, cpus 2

frame     a contents distinct
map       x = a ro

agent update on cpu 0
    dsb   ish

observer reader on cpu 1
    load  x
)";

}  // namespace amalgam::cli::test
