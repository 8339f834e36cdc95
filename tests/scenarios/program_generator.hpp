// Random small scenarios: update sequences that are complete, nearly complete or nonsense, with
// readers and observers.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace amalgam::test {

struct GeneratorSettings {
  std::uint32_t seed = 0;
  std::size_t most_ops = 6;         // of the first agent
  std::size_t most_reader_ops = 3;  // of the second
  bool moves = true;                // descriptors read at one address and stored at another
};

class ProgramGenerator {
 public:
  explicit ProgramGenerator(const GeneratorSettings& settings)
      : settings_(settings), random_(settings.seed) {}

  // The text of one scenario. Every call gives another.
  std::string next();

 private:
  using Ops = std::vector<std::string>;

  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <typename List>
  const std::string& any(const List& list) {
    return list[below(list.size())];
  }
  std::string fresh_register() { return std::string("r").append(std::to_string(registers_++)); }

  void choose_memory();
  std::string mapping();
  std::string attributes();
  std::string leaf() { return any(frames_) + ' ' + attributes(); }
  std::string barrier();
  std::string invalidation(const std::string& page);
  std::string access(const std::string& page, std::string& reg);
  Ops sequence();
  Ops random_op();
  Ops locked(Ops ops);
  Ops spoiled(const Ops& ops, std::size_t most);
  std::string reader();
  std::string observer(std::uint32_t cpu);

  GeneratorSettings settings_;
  std::mt19937 random_;
  std::vector<std::string> frames_;
  std::vector<std::string> pages_;
  std::string memory_;
  unsigned registers_ = 0;
};

}  // namespace amalgam::test
