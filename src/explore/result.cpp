#include <algorithm>

#include "explore/explore.hpp"
#include "explore/search.hpp"

namespace amalgam::explorer {

namespace {

void print_finding(std::ostream& out, const Finding& f) {
  out << (f.is_rule ? "rule    " : "effect  ") << f.name;
  if (!f.where.empty()) out << "  at " << f.where;
  out << '\n';
  if (!f.subject.empty()) out << "        " << f.subject << '\n';
  out << "        " << f.why << '\n';
  out << "        found at " << f.address << "; replay: " << f.token << '\n';
}

}  // namespace

bool Result::found(const std::string& name) const {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& f) { return f.name == name; });
}

// The timeline is that of the first finding: the others' begin alike.
std::ostream& operator<<(std::ostream& out, const Result& result) {
  for (const std::string& error : result.errors) out << "cannot be used: " << error << '\n';
  for (const Finding& f : result.findings) print_finding(out, f);
  if (!result.findings.empty()) {
    out << "run     shortest that shows " << result.findings.front().name << '\n';
    for (const std::string& line : result.findings.front().timeline) out << line << '\n';
  }
  for (const std::string& bound : result.bounds) out << "not decided: " << bound << '\n';
  const Coverage& c = result.coverage;
  out << (result.decided() ? "exhaustive: " : "so far: ") << c.tasks << " tasks, " << c.paths
      << " paths, " << c.combinations << " combinations, " << c.slices << " slices, " << c.states
      << " states, " << c.transitions << " transitions, " << c.runs << " runs of the code\n";
  return out;
}

}  // namespace amalgam::explorer

namespace amalgam {

explorer::Result explore(const explorer::Options& options,
                         const std::function<void(explorer::Machine&)>& describe) {
  return explorer::Search(options, describe).run();
}

}  // namespace amalgam
