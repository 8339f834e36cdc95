#include "lang/scenario/lower.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/memory.hpp"
#include "lang/scenario/names.hpp"
#include "lang/scenario/regions.hpp"
#include "lang/scenario/steps.hpp"
#include "lang/scenario/suggest.hpp"
#include "lang/scenario/tables.hpp"
#include "model/assumptions.hpp"
#include "model/effect.hpp"
#include "model/rule.hpp"

namespace amalgam::lang::scenario {

namespace {

// Rounds of collecting links: one for each level that a step's link may hang below another's.
constexpr int kLinkRounds = 5;

class Lowering {
 public:
  Lowering(const ast::Scenario& scenario, Diagnostics& diagnostics)
      : scenario_(scenario),
        diagnostics_(diagnostics),
        machine_(scenario.machine.value_or(ast::Machine{})),
        names_(program_, diagnostics),
        links_(machine_.geometry, program_),
        values_(program_),
        memory_(machine_, program_, names_, links_, values_, diagnostics) {}

  model::Program lower() {
    check_numbers();
    // What stands on names that are missing would only repeat what is wrong.
    lower_head();
    if (!diagnostics_.any() && lower_memory()) {
      for (const ast::Device& device : scenario_.devices) add_device(device);
      lower_cpu_roots();
      lower_agents();
      for (const ast::Observer& observer : scenario_.observers) add_observer(observer);
    }
    for (const ast::Assume& assume : scenario_.assumptions) add_assumption(assume);
    for (const ast::Expectation& expectation : scenario_.expectations) add_expectation(expectation);
    check_coverage();
    return std::move(program_);
  }

 private:
  void lower_head() {
    const auto text = [](const std::optional<ast::Text>& from) {
      return from ? from->text : std::string();
    };
    program_.title = text(scenario_.title);
    program_.question = text(scenario_.question);
    program_.source = text(scenario_.source);
    program_.reason = text(scenario_.reason);
    program_.machine = {machine_.geometry, machine_.features, machine_.bbm_levels,
                        machine_.ets_levels, machine_.cpus};
  }

  void add_assumption(const ast::Assume& assume) {
    const auto assumption = model::assumption_named(assume.name.text);
    if (!assumption) {
      unknown(assume.name, "assumption", model::kAssumptions, &model::AssumptionInfo::name);
      return;
    }
    if (!model::assumption_value(*assumption, assume.value.text)) {
      std::string values;
      for (const std::string_view value : model::info(*assumption).values) {
        if (!value.empty()) values += (values.empty() ? "" : ", ") + quoted(value);
      }
      diagnostics_.error(assume.value.location,
                         "expected one of " + values + ", found " + quoted(assume.value.text));
      return;
    }
    const auto same = [&](const model::AssumptionSetting& set) {
      return set.name == assume.name.text;
    };
    if (std::ranges::any_of(program_.assumptions, same)) {
      diagnostics_.error(assume.name.location, "the assumption is set twice");
    }
    program_.assumptions.push_back(
        {std::string(assume.name.text), std::string(assume.value.text), assume.name.location});
  }

  // The parts that a search looks through are few, so that no input makes it slow.
  void check_numbers() {
    check_number(scenario_.roots, kMaxRoots, "roots");
    check_number(scenario_.devices, kMaxDevices, "devices");
    check_number(scenario_.agents, kMaxAgents, "agents");
    check_number(scenario_.observers, kMaxObservers, "observers");
  }

  template <typename List>
  void check_number(const List& list, std::size_t max, std::string_view what) {
    if (list.size() <= max) return;
    diagnostics_.error(place_of(list[max]), "a scenario has " + std::to_string(max) + ' ' +
                                                std::string(what) + " at most");
  }

  static const Location& place_of(const ast::Device& device) { return device.device.location; }
  template <typename Declared>
  static const Location& place_of(const Declared& declared) {
    return declared.name.location;
  }

  bool lower_memory() {
    memory_.add_frames(scenario_.frames);
    memory_.add_roots(scenario_.roots);
    memory_.add_tables(scenario_.tables);
    if (diagnostics_.any()) return false;
    RegionBuilder(machine_, program_, names_, links_, memory_, diagnostics_).add(scenario_.maps);
    if (diagnostics_.any()) return false;
    memory_.copy_roots(scenario_.roots);
    if (diagnostics_.any()) return false;
    collect_all_links();
    memory_.add_cells();
    return !diagnostics_.any();
  }

  void collect_all_links() {
    bool found = true;
    for (int round = 0; found && round < kLinkRounds; ++round) {
      found = false;
      for (const ast::Agent& agent : scenario_.agents) {
        found = collect_links(agent.steps, program_, names_, links_) || found;
      }
    }
  }

  bool check_cpu(std::uint32_t cpu, const Location& location) {
    if (cpu < machine_.cpus) return true;
    diagnostics_.error(location,
                       "the machine has the CPUs 0 to " + std::to_string(machine_.cpus - 1));
    return false;
  }

  void lower_cpu_roots() {
    program_.cpu_roots.assign(machine_.cpus, 0);
    std::vector<bool> said(machine_.cpus);
    for (const ast::CpuRoot& use : scenario_.cpu_roots) {
      const auto root = names_.root(use.root);
      if (!root || !check_cpu(use.cpu, use.location)) continue;
      if (said[use.cpu]) diagnostics_.error(use.location, "the CPU's root is said twice");
      said[use.cpu] = true;
      program_.cpu_roots[use.cpu] = *root;
    }
  }

  void add_device(const ast::Device& device) {
    const auto same = [&](const model::Device& other) { return other.name == device.device.name; };
    if (std::ranges::any_of(program_.devices, same)) {
      diagnostics_.error(device.device.location, "the name is taken by a device");
    }
    program_.devices.push_back(device.device);
  }

  void lower_agents() {
    std::unordered_map<std::string, model::LockId> locks;
    std::uint32_t steps_left = kMaxSteps;
    StepContext context{machine_, program_,     names_, links_,
                        values_,  diagnostics_, locks,  steps_left};
    for (const ast::Agent& agent : scenario_.agents) {
      model::Agent result;
      if (!start_agent(agent, result)) continue;
      StepLowering steps(context, result);
      steps.lower(agent.steps);
      for (const ast::Forbid& forbid : agent.forbids) {
        if (check_effect(forbid.effect)) steps.lower(forbid);
      }
      program_.agents.push_back(std::move(result));
    }
    if (!diagnostics_.any()) memory_.mirror_cells();
  }

  bool start_agent(const ast::Agent& agent, model::Agent& result) {
    result.name = agent.name.text;
    result.location = agent.name.location;
    for (const model::Agent& other : program_.agents) {
      if (other.name == result.name)
        diagnostics_.error(agent.name.location, "the name is taken by an agent");
    }
    if (agent.place.device) {
      const auto device = names_.device(*agent.place.device);
      result.device = device.value_or(model::kNone);
      return device.has_value();
    }
    result.cpu = agent.place.cpus.front();
    if (!check_cpu(result.cpu, agent.place.location)) return false;
    for (const model::Agent& other : program_.agents) {
      if (other.device != model::kNone || other.cpu != result.cpu) continue;
      diagnostics_.error(agent.place.location,
                         "the CPU runs the agent " + quoted(other.name) + " already");
    }
    return true;
  }

  // --- observers -----------------------------------------------------------------------------

  void add_observer(const ast::Observer& observer) {
    model::Observer result;
    result.name = observer.name.text;
    result.location = observer.name.location;
    for (const model::Observer& other : program_.observers) {
      if (other.name == result.name)
        diagnostics_.error(observer.name.location, "the name is taken by an observer");
    }
    if (observer.place.device) {
      const auto device = names_.device(*observer.place.device);
      if (!device) return;
      result.device = *device;
    } else {
      result.cpus = observer.place.any_other ? other_cpus(observer) : said_cpus(observer);
    }
    for (const ast::ObserverAccess& access : observer.accesses) add_accesses(access, result);
    program_.observers.push_back(std::move(result));
  }

  std::vector<std::uint32_t> said_cpus(const ast::Observer& observer) {
    std::vector<std::uint32_t> cpus;
    for (const std::uint32_t cpu : observer.place.cpus) {
      if (!check_cpu(cpu, observer.place.location)) break;
      if (std::ranges::count(cpus, cpu) != 0)
        diagnostics_.error(observer.place.location, "a CPU is named twice");
      cpus.push_back(cpu);
    }
    return cpus;
  }

  std::vector<std::uint32_t> other_cpus(const ast::Observer& observer) {
    std::vector<bool> busy(machine_.cpus);
    for (const ast::Agent& agent : scenario_.agents) {
      for (const std::uint32_t cpu : agent.place.cpus) {
        if (cpu < machine_.cpus) busy[cpu] = true;
      }
    }
    std::vector<std::uint32_t> cpus;
    for (std::uint32_t cpu = 0; cpu < machine_.cpus; ++cpu) {
      if (!busy[cpu]) cpus.push_back(cpu);
    }
    if (cpus.empty()) {
      diagnostics_.error(observer.place.location,
                         "every CPU of the machine runs an agent: none is left");
    }
    return cpus;
  }

  void add_accesses(const ast::ObserverAccess& access, model::Observer& result) {
    const auto pages = names_.pages({std::nullopt, access.page}, {});
    if (!pages) return;
    for (const model::AccessKind kind : access.kinds) {
      result.accesses.push_back({.kind = kind,
                                 .region = pages->region,
                                 .first = pages->first,
                                 .last = pages->last,
                                 .may_fault = access.may_fault,
                                 .may_be_lost = access.may_be_lost,
                                 .location = access.location});
    }
  }

  // --- expectations --------------------------------------------------------------------------

  template <typename Table, typename NameOf>
  void unknown(const ast::Name& name, std::string_view what, const Table& table,
               const NameOf& name_of) {
    const auto known = names_in(table, name_of);
    diagnostics_.error(name.location, "no " + std::string(what) + " is named " + quoted(name.text) +
                                          suggestion(name.text, known));
  }

  bool check_effect(const ast::Name& name) {
    if (model::effect_named(name.text)) return true;
    unknown(name, "effect", model::kEffects, &model::EffectInfo::name);
    return false;
  }

  bool check_rule(const ast::Name& name) {
    if (model::rule_named(name.text)) return true;
    unknown(name, "rule", model::kRules, &model::RuleInfo::name);
    return false;
  }

  void add_name(const ast::Name& name, std::vector<std::string>& names) {
    if (std::ranges::count(names, name.text) != 0) {
      diagnostics_.error(name.location, quoted(name.text) + " is said twice");
    }
    names.emplace_back(name.text);
  }

  void add_expectation(const ast::Expectation& expectation) {
    model::Expectation result{.bbm_levels = expectation.bbm_levels,
                              .ets_levels = expectation.ets_levels,
                              .clean = expectation.clean,
                              .rules = {},
                              .effects = {},
                              .location = expectation.location};
    for (const ast::Name& rule : expectation.rules) {
      if (check_rule(rule)) add_name(rule, result.rules);
    }
    for (const ast::Name& effect : expectation.effects) {
      if (check_effect(effect)) add_name(effect, result.effects);
    }
    for (const std::uint8_t level : result.bbm_levels) {
      if (std::ranges::count(machine_.bbm_levels, level) != 0) continue;
      diagnostics_.error(result.location,
                         "the machine is not checked at bbm " + std::to_string(level));
    }
    for (const arch::Ets level : result.ets_levels) {
      if (std::ranges::count(machine_.ets_levels, level) != 0) continue;
      diagnostics_.error(result.location, "the machine is not checked at ets " + ets_name(level));
    }
    program_.expectations.push_back(std::move(result));
  }

  static std::string ets_name(arch::Ets level) {
    return level == arch::Ets::kNone ? "none" : std::to_string(static_cast<int>(level) + 1);
  }

  [[nodiscard]] std::string levels_name(std::uint8_t bbm, arch::Ets ets) const {
    const std::string name = "bbm " + std::to_string(bbm);
    return machine_.ets_levels.size() == 1 ? name : name + ", ets " + ets_name(ets);
  }

  // Each level that is checked has one expectation.
  void check_coverage() {
    if (!scenario_.expect) return;
    for (const std::uint8_t bbm : machine_.bbm_levels) {
      for (const arch::Ets ets : machine_.ets_levels) check_covered_once(bbm, ets);
    }
  }

  void check_covered_once(std::uint8_t bbm, arch::Ets ets) {
    const auto covers = [](const auto& levels, auto level) {
      return levels.empty() || std::ranges::count(levels, level) != 0;
    };
    bool covered = false;
    for (const model::Expectation& expectation : program_.expectations) {
      if (!covers(expectation.bbm_levels, bbm) || !covers(expectation.ets_levels, ets)) continue;
      if (covered) {
        diagnostics_.error(expectation.location,
                           "a line above covers " + levels_name(bbm, ets) + " already");
      }
      covered = true;
    }
    if (!covered) diagnostics_.error(*scenario_.expect, "no line covers " + levels_name(bbm, ets));
  }

  const ast::Scenario& scenario_;
  Diagnostics& diagnostics_;
  ast::Machine machine_;
  model::Program program_;
  Names names_;
  TableLinks links_;
  ValueNames values_;
  MemoryBuilder memory_;
};

}  // namespace

std::optional<model::Program> lower(const ast::Scenario& scenario, Diagnostics& diagnostics) {
  model::Program program = Lowering(scenario, diagnostics).lower();
  if (diagnostics.any()) return std::nullopt;
  return program;
}

}  // namespace amalgam::lang::scenario
