#include "explore/search.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include "explore/text.hpp"

namespace amalgam::explorer {

namespace {

class Digest {
 public:
  void add(std::uint64_t value) { state_ = (state_ ^ value) * 0x100'0000'01b3; }
  void add(const std::string& text) {
    add(text.size());
    for (const char c : text) add(static_cast<unsigned char>(c));
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf2'9ce4'8422'2325;
};

// Of what a program's agents do, in which order, and what follows from what.
std::uint64_t digest_of(const model::Program& program) {
  Digest digest;
  for (const model::Agent& agent : program.agents) {
    digest.add(agent.name);
    digest.add(agent.ops.size());
    for (const model::Op& op : agent.ops) {
      digest.add(op.text);
      digest.add(op.after.size());
      for (const std::uint32_t source : op.after) digest.add(source);
      const auto* write = std::get_if<model::op::WriteDescriptor>(&op.operation);
      digest.add(write != nullptr && write->computed_from ? *write->computed_from + 1 : 0);
    }
  }
  return digest.value();
}

}  // namespace

// --- paths ---------------------------------------------------------------------------------------

bool Search::is_known(std::size_t task, const std::vector<std::uint64_t>& history) const {
  return std::any_of(paths_[task].begin(), paths_[task].end(), [&](const Path& path) {
    if (path.reads.size() < history.size()) return false;
    for (std::size_t r = 0; r < history.size(); ++r) {
      if (path.actions[path.reads[r]].read != history[r]) return false;
    }
    return true;
  });
}

// Whether two runs do the same while they read the same; all the way through if `whole`.
bool Search::agrees(std::size_t task, const Path& a, const Path& b, bool whole) {
  const std::size_t shared = std::min(a.actions.size(), b.actions.size());
  std::size_t i = 0;
  for (; i < shared; ++i) {
    const Action& x = a.actions[i];
    const Action& y = b.actions[i];
    if (!same_target(x, y) || !same_values(x, y)) break;
    if (x.read != y.read && !whole) return true;
    if (x.read != y.read) break;
  }
  if (i == a.actions.size() && i == b.actions.size()) return true;
  if (i == shared && (!a.bound.empty() || !b.bound.empty())) return true;
  const auto text = [&](const Path& path) {
    if (i == path.actions.size()) return std::string("nothing more");
    return describe(path.actions[i]) + " (" + session_.place(path.actions[i].place) + ')';
  };
  session_.add_error("task " + session_.setting().tasks[task].name +
                     " is not deterministic: having read the same, its operation " +
                     std::to_string(i + 1) + " is once " + text(a) + " and once " + text(b) +
                     "; it depends on something that is not read through the machine");
  return false;
}

void Search::add_path(std::size_t task, const std::vector<std::uint64_t>& history) {
  if (paths_[task].size() >= session_.options().max_paths) {
    bounds_.insert(session_.setting().tasks[task].name + ": more than " +
                   std::to_string(session_.options().max_paths) + " paths");
    return;
  }
  const auto id = static_cast<std::uint32_t>(task);
  Path path = session_.record(id, history);
  if (!session_.errors().empty()) return;
  if (!agrees(task, path, session_.record(id, path.history()), true)) return;
  for (const Path& known : paths_[task]) {
    if (!agrees(task, known, path, false)) return;
  }
  if (!path.bound.empty()) bounds_.insert(path.bound);
  paths_[task].push_back(std::move(path));
  add_combinations(task, paths_[task].size() - 1);
}

// Those of the new path with every path of the others.
void Search::add_combinations(std::size_t task, std::size_t path) {
  std::vector<Combination> all{{}};
  for (std::size_t t = 0; t < paths_.size(); ++t) {
    std::vector<Combination> longer;
    for (const Combination& c : all) {
      const std::size_t first = t == task ? path : 0;
      const std::size_t end = t == task ? path + 1 : paths_[t].size();
      for (std::size_t p = first; p < end; ++p) {
        longer.push_back(c);
        longer.back().push_back(p);
      }
    }
    all = std::move(longer);
  }
  open_.insert(open_.end(), all.begin(), all.end());
}

// --- combinations --------------------------------------------------------------------------------

std::vector<Branch> Search::branches(const Combination& combination) const {
  std::vector<Branch> all;
  for (std::size_t t = 0; t < combination.size(); ++t) {
    Branch b;
    b.path = &paths_[t][combination[t]];
    b.dependences = find_dependences(paths_[t], combination[t], session_.options().geometry);
    all.push_back(std::move(b));
  }
  return all;
}

void Search::explore(const Combination& combination) {
  for (std::size_t t = 0; t < combination.size(); ++t) {
    if (!paths_[t][combination[t]].bound.empty()) return;
  }
  const Compiled compiled = compile(session_, branches(combination));
  Explored explored;
  if (compiled.feasible) {
    explored.digest = digest_of(compiled.program);
    if (const auto known = explored_.find(combination);
        known != explored_.end() && known->second.digest == explored.digest) {
      return;
    }
    model::CheckOptions options;
    options.max_states = session_.options().max_states;
    options.memory_bytes = session_.options().memory_bytes;
    options.sensitivity = false;
    model::CheckResult checked = model::check(compiled.program, options);
    model::LevelResult& level = checked.levels.front();
    explored.findings = std::move(level.rules);
    explored.findings.insert(explored.findings.end(), level.effects.begin(), level.effects.end());
    explored.bounds = std::move(level.bounds);
    explored.bounds.insert(explored.bounds.end(), compiled.bounds.begin(), compiled.bounds.end());
    explored.slices = level.coverage.explored;
    explored.states = level.coverage.states;
    explored.transitions = level.coverage.transitions;
    explored_[combination] = std::move(explored);
    open_edges(combination, compiled, level.refuted);
    return;
  }
  explored_[combination] = std::move(explored);
}

// What a read was seen to yield instead leads to paths that are not known yet.
void Search::open_edges(const Combination& combination, const Compiled& compiled,
                        const std::vector<model::RefutedRead>& refuted) {
  for (const model::RefutedRead& read : refuted) {
    const std::size_t task = read.agent;
    const Path& path = paths_[task][combination[task]];
    const std::size_t action = compiled.actions[task][read.op];
    std::vector<std::uint64_t> history;
    for (const std::size_t r : path.reads) {
      if (r == action) break;
      history.push_back(path.actions[r].read);
    }
    history.push_back(read.raw);
    if (!is_known(task, history)) add_path(task, history);
    if (!session_.errors().empty()) return;
  }
}

void Search::explore_all() {
  for (std::size_t next = 0; next < open_.size() && session_.errors().empty(); ++next) {
    if (explored_.size() >= session_.options().max_combinations) {
      bounds_.insert("more than " + std::to_string(session_.options().max_combinations) +
                     " combinations of paths");
      break;
    }
    const Combination combination = open_[next];
    explore(combination);
  }
  open_.clear();
}

// A later path may show that operations of an earlier one follow from what it read. Explores what
// has changed by that; says whether there is more to do.
bool Search::renew() {
  std::vector<Combination> all;
  all.reserve(explored_.size());
  for (const auto& [combination, explored] : explored_) all.push_back(combination);
  for (const Combination& combination : all) {
    if (!session_.errors().empty()) return false;
    explore(combination);
  }
  return !open_.empty();
}

// --- the answer ----------------------------------------------------------------------------------

std::string Search::place(const model::Location& location) const {
  return session_.place(location.line);
}

std::string Search::token(const std::string& name, const Combination& combination) const {
  std::string text = std::to_string(session_.options().bbm) + ':' + name;
  for (const std::size_t path : combination) text += ':' + std::to_string(path);
  return text + ':' + hex(explored_.at(combination).digest).substr(2);
}

Finding Search::told(const model::Finding& finding, const Combination& combination) const {
  Finding told;
  told.is_rule = finding.rule.has_value();
  told.name = told.is_rule ? model::name(*finding.rule) : model::name(*finding.effect);
  told.where = place(finding.location);
  told.subject = finding.subject;
  told.why = finding.why;
  if (!finding.label.empty()) told.why += " [" + finding.label + ']';
  told.address = finding.page;
  std::size_t width = 0;
  for (const std::string& column : finding.witness.columns) width = std::max(width, column.size());
  for (const Task& task : session_.setting().tasks) {
    told.timeline.push_back("task " + task.name + " on cpu " + std::to_string(task.cpu) + "   (" +
                            session_.place(task.place) + ')');
  }
  std::size_t number = 0;
  for (const model::Step& step : finding.witness.steps) {
    std::string line = std::to_string(++number);
    line.insert(0, line.size() < 4 ? 4 - line.size() : 0, ' ');
    const std::string& actor = finding.witness.columns[step.column];
    line += "  " + actor + std::string(width - actor.size() + 2, ' ') + step.text;
    const std::string at = place(step.location);
    if (!at.empty()) line += "   (" + at + ')';
    told.timeline.push_back(std::move(line));
    for (const std::string& note : step.notes) {
      told.timeline.push_back(std::string(width + 10, ' ') + note);
    }
  }
  told.token = token(told.name, combination);
  return told;
}

// Of each rule and effect the shortest run. What is left at the end is told where nothing else is.
void Search::add_findings(Result& result) {
  std::map<std::pair<bool, std::string>, std::pair<const model::Finding*, const Combination*>> best;
  for (const auto& [combination, explored] : explored_) {
    for (const model::Finding& f : explored.findings) {
      const bool effect = !f.rule.has_value();
      const std::string name(effect ? model::name(*f.effect) : model::name(*f.rule));
      auto& slot = best[{effect, name}];
      const bool shorter =
          slot.first == nullptr || f.witness.steps.size() < slot.first->witness.steps.size();
      if (shorter) slot = {&f, &combination};
    }
  }
  const auto rules =
      std::count_if(best.begin(), best.end(), [](const auto& b) { return !b.first.first; });
  for (const auto& [key, found] : best) {
    const bool end = !key.first && *found.first->rule == model::Rule::kInvalidateBeforeEnd;
    if (end && rules > 1) continue;
    result.findings.push_back(told(*found.first, *found.second));
  }
}

// Reduces the answer to the one finding that Options::replay names.
void Search::keep_replayed(Result& result) const {
  const std::string& wanted = session_.options().replay;
  if (wanted.empty()) return;
  std::vector<Finding> kept;
  for (const auto& [combination, explored] : explored_) {
    for (const model::Finding& f : explored.findings) {
      const std::string name(f.rule ? model::name(*f.rule) : model::name(*f.effect));
      if (token(name, combination) == wanted) kept.push_back(told(f, combination));
    }
  }
  if (kept.empty()) {
    result.errors.push_back("nothing to replay: the code no longer has the run of " + wanted);
  }
  result.findings = std::move(kept);
}

Result Search::answer() {
  Result result;
  result.errors = session_.errors();
  for (const auto& [combination, explored] : explored_) {
    bounds_.insert(explored.bounds.begin(), explored.bounds.end());
    result.coverage.slices += explored.slices;
    result.coverage.states += explored.states;
    result.coverage.transitions += explored.transitions;
    result.coverage.combinations += explored.slices != 0 ? 1 : 0;
  }
  result.bounds.assign(bounds_.begin(), bounds_.end());
  result.coverage.tasks = paths_.size();
  result.coverage.runs = session_.runs();
  for (const auto& paths : paths_) result.coverage.paths += paths.size();
  if (!result.errors.empty()) return result;
  add_findings(result);
  keep_replayed(result);
  const bool nothing = result.coverage.slices == 0 && result.bounds.empty();
  if (nothing) result.bounds.emplace_back("nothing to look at: no access and no change of a table");
  return result;
}

Result Search::run() {
  session_.look();
  paths_.resize(session_.setting().tasks.size());
  if (paths_.empty()) session_.add_error("the set-up spawns no task");
  for (std::size_t t = 0; t < paths_.size() && session_.errors().empty(); ++t) add_path(t, {});
  if (session_.errors().empty()) {
    do {
      explore_all();
    } while (renew());
  }
  return answer();
}

}  // namespace amalgam::explorer
