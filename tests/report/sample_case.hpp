// A hand-made case for the reporters: the vmemmap remap of one tail page in one store.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/case.hpp"

namespace amalgam::report::test {

inline const std::string kScenario =
    "case  \"Remap in one store\"\n"
    "machine arm64, bbm 0..3, cpus 2\n"
    "agent remap on cpu 0\n"
    "    set   pte vmemmap[1] = head ro\n"
    "    free  tail[0]\n";

inline model::Witness amalgamation_witness() {
  return {
      .columns = {"cpu 0  remap", "cpu 1  pfn_walker", "cpu 2  idle"},
      .steps = {
          {.column = 1,
           .text = "translate vmemmap[1]",
           .notes = {"-> tail[0] RW (kept in TLB)"},
           .location = {}},
          {.column = 0, .text = "set pte vmemmap[1] = head ro", .notes = {}, .location = {4, 5, 3}},
          {.column = 1,
           .text = "add vmemmap[1]",
           .notes = {"two entries may match: address of the new (head), permission of the "
                     "old (RW)",
                     "head changes"},
           .location = {}}}};
}

inline model::Finding remap_rule() {
  return {.rule = model::Rule::kBreakBeforeMake,
          .effect = {},
          .location = {4, 5, 3},
          .subject = "PAGE tail[0] RW  ->  PAGE head RO",
          .why = "the output address changes and the old entry is writable",
          .label = "R_WHZWS (2)",
          .change_row = 13,
          .address = 0xffff800000001000,
          .page = "vmemmap[1]",
          .pages = 7,
          .witness = {.columns = {"cpu 0  remap"},
                      .steps = {{.text = "set", .notes = {}, .location = {}}}}};
}

inline model::Finding effect(model::Effect which, std::string why) {
  return {.rule = {},
          .effect = which,
          .location = {4, 5, 3},
          .subject = "PAGE tail[0] RW  ->  PAGE head RO",
          .why = std::move(why),
          .label = {},
          .address = 0xffff800000001000,
          .page = "vmemmap[1]",
          .witness = {}};
}

inline model::Finding amalgamation() {
  model::Finding finding =
      effect(model::Effect::kAmalgamation, "cpu 1 adds through tail[0]'s permission to head");
  finding.witness = amalgamation_witness();
  return finding;
}

inline model::Finding conflict_abort() {
  model::Finding finding = effect(model::Effect::kConflictAbort, "cpu 1 takes an abort");
  finding.witness = {.columns = {"cpu 1"},
                     .steps = {{.text = "add vmemmap[1]", .notes = {}, .location = {}}}};
  return finding;
}

inline model::LevelResult broken_level(std::uint8_t bbm) {
  return {.bbm = bbm,
          .rules = {remap_rule()},
          .effects = {conflict_abort(), amalgamation()},
          .depends_on = {},
          .coverage = {.slices = 7,
                       .explored = 1,
                       .states = 1204,
                       .transitions = 3000,
                       .peak_bytes = 65536},
          .bounds = {}};
}

inline model::LevelResult clean_level(std::uint8_t bbm) {
  return {.bbm = bbm,
          .rules = {},
          .effects = {},
          .depends_on = {},
          .coverage = {.slices = 7, .explored = 1, .states = 100, .transitions = 200},
          .bounds = {}};
}

inline Case case_of(std::vector<model::LevelResult> levels) {
  Case made;
  made.file = "scenarios/remap.scn";
  made.text = kScenario;
  made.program.title = "Remap in one store";
  made.result.levels = std::move(levels);
  return made;
}

// The same, with an expectation that the result meets.
inline Case expected_case_of(std::vector<model::LevelResult> levels) {
  Case made = case_of(std::move(levels));
  model::Expectation expectation;
  expectation.rules = {"break-before-make"};
  expectation.location = {6, 1, 6};
  made.program.expectations.push_back(expectation);
  return made;
}

}  // namespace amalgam::report::test
