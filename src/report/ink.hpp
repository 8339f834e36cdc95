// Colour on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace amalgam::report {

// What a piece of text is, which decides its colour.
enum class Ink : std::uint8_t { kPlain, kStrong, kFaint, kGood, kBad, kDoubt };

// Adds escape sequences where colour is wanted, and nothing where it is not.
class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}

  [[nodiscard]] std::string operator()(Ink ink, std::string_view text) const;

 private:
  bool colour_;
};

}  // namespace amalgam::report
