#include "report/litmus_json.hpp"

namespace amalgam::report {

namespace {

namespace litmus = model::litmus;

Json states_json(const std::vector<litmus::FinalState>& states) {
  Json json = Json::array();
  for (const litmus::FinalState& state : states) json.push_back(litmus::text_of(state));
  return json;
}

Json statistics_json(const litmus::Result& result) {
  const litmus::Statistics& statistics = result.statistics;
  return {{"runs", statistics.runs},
          {"candidates", statistics.candidates},
          {"consistent", statistics.consistent}};
}

Json machine_json(const litmus::Result& machine) {
  return {{"observation", litmus::name(machine.observation())},
          {"states", states_json(machine.states)},
          {"flags", machine.flags},
          {"statistics", statistics_json(machine)}};
}

Json beyond_json(const std::vector<litmus::BeyondState>& states) {
  Json json = Json::array();
  for (const litmus::BeyondState& beyond : states) {
    json.push_back({{"state", litmus::text_of(beyond.state)}, {"takes", beyond.takes}});
  }
  return json;
}

}  // namespace

Json litmus_json(const LitmusCase& judged) {
  Json json = document();
  json["file"] = judged.file;
  json["outcome"] = report::name(outcome(judged));
  if (!judged.diagnostics.empty()) {
    json["diagnostics"] = report::to_json(judged.diagnostics, judged.text);
    return json;
  }
  const litmus::Judgement& judgement = judged.judgement;
  const litmus::Result& result = judgement.result;
  json["test"] = judged.test.name;
  json["verdict"] = verdict_of(judged);
  json["kind"] = litmus::name(litmus::kind_of(judged.test, result));
  json["observation"] = litmus::name(result.observation());
  json["states"] = states_json(result.states);
  json["flags"] = result.flags;
  json["beyond"] = beyond_json(judgement.beyond);
  json["beyond_bound"] = text_or_null(judgement.beyond_bound);
  json["engine"] = litmus::name(judgement.engine);
  json["model"] = litmus::name_of(judgement.model);
  json["micros"] = judged.micros;
  json["exhaustive"] = is_exhaustive(judged);
  json["bound"] = text_or_null(judgement.bound);
  json["loop_cut"] = result.loop_cut;
  json["statistics"] = statistics_json(result);
  json["machine"] = judgement.machine ? machine_json(*judgement.machine) : Json(nullptr);
  json["disagreements"] = judgement.disagreements;
  json["published"] = judged.has_published;
  json["mismatches"] = judged.mismatches;
  return json;
}

}  // namespace amalgam::report
