// Random scenarios about one theme each: table pages, devices, hardware management of descriptors,
// stage 2, several roots, contiguous groups, blocks.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace amalgam::test {

// What the scenarios of a theme are made of. A step may be several lines.
struct Theme {
  std::string name;
  std::string machine;  // items after the CPUs
  std::string memory;
  std::vector<std::string> steps;
  std::vector<std::vector<std::string>> sequences;  // meant to be right, or nearly
  std::vector<std::string> watchers;                // observers, and agents on devices
  bool few_pages = true;                            // all pages fit into one exploration
};

const std::vector<Theme>& themes();

class ThemedGenerator {
 public:
  ThemedGenerator(const Theme& theme, std::uint32_t seed) : theme_(theme), random_(seed) {}

  // The text of one scenario with three CPUs. Every call gives another.
  std::string next();

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <typename List>
  const auto& any(const List& list) {
    return list[below(list.size())];
  }
  const std::string& step();
  std::string agent(const std::string& head, const std::vector<std::string>& steps);

  const Theme& theme_;
  std::mt19937 random_;
};

}  // namespace amalgam::test
