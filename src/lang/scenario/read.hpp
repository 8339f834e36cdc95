// The parts that statements are made of.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lang/scenario/ast.hpp"
#include "lang/scenario/cursor.hpp"

namespace amalgam::lang::scenario {

// An index, and which of the statement's tokens it stands for.
struct IndexUse {
  std::size_t first_token = 0;
  std::size_t end_token = 0;
  ast::Index index;
};

// What an index may refer to, and where its use is noted.
struct Scope {
  std::vector<ast::Name> loops;  // outermost first
  std::vector<IndexUse> uses;
};

// Numbers in indices and loop bounds, and the values that they may reach.
inline constexpr std::uint64_t kMaxIndexNumber = std::uint64_t{1} << 30;
inline constexpr std::size_t kMaxTerms = 4;

ast::Expression read_expression(Cursor& cursor, const Scope& scope);
// name, name[i], name[i..j], name[any], name[i][j]
ast::Item read_item(Cursor& cursor, Scope& scope, std::string_view what);
ast::Page read_page(Cursor& cursor, Scope& scope);
ast::Level read_level(Cursor& cursor);
ast::Entry read_entry(Cursor& cursor, Scope& scope);
// Attributes up to a comma, a word that goes on with the statement, or the end.
ast::Attributes read_attributes(Cursor& cursor);
// Attributes, at least one.
ast::Attributes read_some_attributes(Cursor& cursor);
ast::Value read_value(Cursor& cursor, Scope& scope);

// Where a statement's agent or observer runs; `any_other` says whether "any other cpu" may stand.
ast::Place read_place(Cursor& cursor, bool any_other);

// "0..3", "0, 2..3": FEAT_BBM levels; "none", "2..3": FEAT_ETS. Sorted, each once.
std::vector<std::uint8_t> read_bbm_levels(Cursor& cursor);
std::vector<arch::Ets> read_ets_levels(Cursor& cursor);

// Whether a page or a loop variable may have this name: some words would be taken for keywords.
bool is_reserved(std::string_view name);
// A new name; notes an error where it is reserved.
ast::Name read_new_name(Cursor& cursor, std::string_view what);

// The words of a step with single spaces, open where an index stands.
ast::StepText make_text(std::span<const Token> tokens, const std::vector<IndexUse>& uses);

// Whether the normal layout has a space between two neighbours of a line. `brackets` counts the
// open ones before `after`; `spaced_colon`: a colon ends a head instead of joining two names.
bool has_space_between(const Token& before, const Token& after, int brackets, bool spaced_colon);

}  // namespace amalgam::lang::scenario
