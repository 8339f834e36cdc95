#include <array>

#include "report/change_report.hpp"

namespace amalgam::report {

std::string_view name(arch::TlbiOwed owed) {
  static constexpr std::array<std::string_view, 8> kNames{"none",       "last-level",  "all-levels",
                                                          "group",      "all-asids",   "whole-asid",
                                                          "whole-vmid", "whole-regime"};
  return kNames[static_cast<std::size_t>(owed)];
}

std::string_view name(arch::TlbiWhen when) {
  static constexpr std::array<std::string_view, 6> kNames{
      "never", "for-effect", "eventually", "before-reuse", "before-reliance", "in-sequence"};
  return kNames[static_cast<std::size_t>(when)];
}

std::string_view name(arch::Confidence confidence) {
  static constexpr std::array<std::string_view, 4> kNames{"low", "single-source", "medium", "high"};
  return kNames[static_cast<std::size_t>(confidence)];
}

std::string_view name(arch::Hazard hazard) {
  static constexpr std::array<std::string_view, 4> kNames{
      "none", "whole-entry", "whole-entry-or-abort", "mixture-or-abort"};
  return kNames[static_cast<std::size_t>(hazard)];
}

std::string_view name(arch::Contents contents) {
  static constexpr std::array<std::string_view, 3> kNames{"same", "different", "unknown"};
  return kNames[static_cast<std::size_t>(contents)];
}

std::string_view name(arch::LevelAnswer answer) {
  static constexpr std::array<std::string_view, 8> kNames{
      "no",         "yes",        "break-or-nt",   "unclear", "thought-legal",
      "other-rows", "not-listed", "does-not-apply"};
  return kNames[static_cast<std::size_t>(answer)];
}

}  // namespace amalgam::report
