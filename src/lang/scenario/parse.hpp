// Statements to the syntax tree.
#pragma once

#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/lines.hpp"
#include "lang/scenario/read.hpp"

namespace amalgam::lang::scenario {

// The tree of a whole scenario. Statements that cannot be read are noted and left out.
ast::Scenario parse(const std::vector<Statement>& statements, Diagnostics& diagnostics);

// The steps of a block; `scope` holds the loops around it.
std::vector<ast::Step> parse_steps(const std::vector<Statement>& block, Scope& scope,
                                   Diagnostics& diagnostics);

// Whether a statement of an agent's block is a forbid, which is not a step.
bool is_forbid(const Statement& statement);
ast::Forbid parse_forbid(const Statement& statement, Diagnostics& diagnostics);

void parse_expectations(const Statement& statement, ast::Scenario& scenario,
                        Diagnostics& diagnostics);

void parse_machine(Cursor& cursor, ast::Scenario& scenario);

// Notes a block below a statement that has none.
void refuse_block(const Statement& statement, Diagnostics& diagnostics);

}  // namespace amalgam::lang::scenario
