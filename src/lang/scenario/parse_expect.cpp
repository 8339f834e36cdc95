#include <utility>

#include "lang/scenario/parse.hpp"

namespace amalgam::lang::scenario {

namespace {

void read_names(Cursor& cursor, std::string_view what, std::vector<ast::Name>& names) {
  do {
    names.push_back(cursor.name(what));
  } while (cursor.accept(","));
}

void read_levels(Cursor& cursor, ast::Expectation& result) {
  bool bbm = false;
  bool ets = false;
  do {
    if (!bbm && cursor.accept("bbm")) {
      bbm = true;
      result.bbm_levels = read_bbm_levels(cursor);
    } else if (!ets && cursor.accept("ets")) {
      ets = true;
      result.ets_levels = read_ets_levels(cursor);
    } else {
      cursor.fail_expected("`bbm` or `ets`");
    }
  } while (cursor.accept(","));
  result.location = cursor.span_from(0);
  cursor.expect(":");
}

void read_effects_line(const Statement& statement, ast::Expectation& result,
                       Diagnostics& diagnostics) {
  Cursor cursor(statement.tokens, diagnostics);
  cursor.expect("effects");
  if (result.clean) cursor.note(cursor.span_from(0), "`clean` means that there is no effect");
  read_names(cursor, "an effect", result.effects);
  cursor.expect_end("`,`");
  refuse_block(statement, diagnostics);
}

void read_expectation(const Statement& statement, ast::Scenario& scenario,
                      Diagnostics& diagnostics) {
  Cursor cursor(statement.tokens, diagnostics);
  ast::Expectation result;
  read_levels(cursor, result);
  if (cursor.accept("clean")) {
    result.clean = true;
  } else if (cursor.accept("violation")) {
    read_names(cursor, "a rule", result.rules);
    if (cursor.accept("effects")) read_names(cursor, "an effect", result.effects);
  } else if (cursor.accept("effects")) {
    read_names(cursor, "an effect", result.effects);
  } else {
    cursor.fail_expected("`clean`, `violation` or `effects`");
  }
  cursor.expect_end();
  for (const Statement& line : statement.block) read_effects_line(line, result, diagnostics);
  if (!cursor.failed()) scenario.expectations.push_back(std::move(result));
}

}  // namespace

void parse_expectations(const Statement& statement, ast::Scenario& scenario,
                        Diagnostics& diagnostics) {
  const Location& head = statement.tokens.front().location;
  if (scenario.expect) diagnostics.error(head, "a scenario has one block `expect`");
  scenario.expect = head;
  for (const Statement& line : statement.block) {
    if (diagnostics.full()) break;
    read_expectation(line, scenario, diagnostics);
  }
}

}  // namespace amalgam::lang::scenario
