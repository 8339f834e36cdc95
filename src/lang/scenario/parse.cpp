#include "lang/scenario/parse.hpp"

#include <array>
#include <limits>
#include <utility>

#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

using model::AccessKind;

constexpr std::uint64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

class TopReader {
 public:
  TopReader(const Statement& statement, ast::Scenario& scenario, Diagnostics& diagnostics)
      : statement_(statement),
        scenario_(scenario),
        diagnostics_(diagnostics),
        cursor_(statement.tokens, diagnostics) {}

  void read() {
    const ast::Name keyword = cursor_.name("a statement");
    const Form* form = find_form(keyword.text);
    if (form == nullptr) return unknown_statement(keyword);
    (this->*form->read)();
    cursor_.expect_end();
    if (!form->has_block) {
      refuse_block(statement_, diagnostics_);
    } else if (statement_.block.empty() && !cursor_.failed()) {
      cursor_.fail(cursor_.span_from(0), "expected an indented block below");
    }
  }

 private:
  struct Form {
    std::string_view keyword;
    void (TopReader::*read)();
    bool has_block = false;
  };
  static const std::array<Form, 15> kForms;

  static const Form* find_form(std::string_view keyword) {
    for (const Form& form : kForms) {
      if (form.keyword == keyword) return &form;
    }
    return nullptr;
  }

  void unknown_statement(const ast::Name& keyword) {
    if (cursor_.failed()) return;
    const auto known = names_in(kForms, &Form::keyword);
    cursor_.fail(keyword.location, "no statement is called " + quoted(keyword.text) +
                                       suggestion(keyword.text, known));
  }

  void read_text(std::optional<ast::Text>& into) {
    const Location keyword = statement_.tokens.front().location;
    if (into) cursor_.note(keyword, "a scenario has this statement once");
    into = cursor_.text("a text in quotes");
    into->location = keyword;
  }
  void title() { read_text(scenario_.title); }
  void question() { read_text(scenario_.question); }
  void source() { read_text(scenario_.source); }
  void reason() { read_text(scenario_.reason); }

  void machine() { parse_machine(cursor_, scenario_); }

  void assume() {
    const ast::Name name = cursor_.name("an assumption");
    cursor_.expect("=");
    scenario_.assumptions.push_back({name, cursor_.name("its value")});
    if (cursor_.failed()) scenario_.assumptions.pop_back();
  }

  std::optional<std::uint32_t> maybe_count(std::string_view what) {
    if (!cursor_.accept("[")) return std::nullopt;
    const Location at = cursor_.here();
    const std::uint64_t count = cursor_.number(what, kMaxCount);
    cursor_.expect("]");
    if (count == 0) cursor_.fail(at, "expected at least one");
    return static_cast<std::uint32_t>(count);
  }

  void frame() {
    ast::Frames result;
    do {
      const ast::Name name = read_new_name(cursor_, "the name of a frame");
      const auto count = maybe_count("the number of frames");
      result.frames.push_back({name, count.value_or(1), count.has_value()});
    } while (cursor_.accept(","));
    if (cursor_.accept("contents")) read_contents(result);
    if (cursor_.accept(",") || cursor_.sees("free")) {
      cursor_.expect("free");
      result.free = true;
    }
    cursor_.expect_end("`contents`");
    if (!cursor_.failed()) scenario_.frames.push_back(std::move(result));
  }

  void read_contents(ast::Frames& frames) {
    using C = ast::Contents;
    constexpr std::array<std::pair<std::string_view, C>, 5> choices{{{"distinct", C::kDistinct},
                                                                     {"same", C::kSame},
                                                                     {"as", C::kAs},
                                                                     {"zero", C::kZero},
                                                                     {"unknown", C::kUnknown}}};
    for (const auto& [word, contents] : choices) {
      if (!cursor_.accept(word)) continue;
      frames.contents = contents;
      Scope scope;
      if (contents == C::kAs) frames.same_as = read_item(cursor_, scope, "a frame");
      return;
    }
    cursor_.fail_expected("`distinct`, `same`, `as`, `zero` or `unknown`");
  }

  void root() {
    ast::Root result{read_new_name(cursor_, "the name of a root"), {}, 0};
    if (cursor_.accept("like")) result.like = cursor_.name("a root");
    if (cursor_.accept("asid") || cursor_.accept("vmid")) {
      result.tag = static_cast<std::uint16_t>(cursor_.number("a number of 16 bits", 0xffff));
    }
    cursor_.expect_end("`like`, `asid`");
    if (!cursor_.failed()) scenario_.roots.push_back(result);
  }

  void cpu() {
    ast::CpuRoot result;
    result.cpu = static_cast<std::uint32_t>(cursor_.number("the number of a CPU", 63));
    result.location = cursor_.span_from(1);
    cursor_.expect("uses");
    result.root = cursor_.name("a root");
    if (!cursor_.failed()) scenario_.cpu_roots.push_back(result);
  }

  void table() {
    ast::Tables result;
    result.name = read_new_name(cursor_, "the name of a table");
    const auto count = maybe_count("the number of tables");
    result.count = count.value_or(1);
    result.is_array = count.has_value();
    result.level = read_level(cursor_);
    while (!cursor_.at_end()) {
      cursor_.accept(",");
      if (cursor_.accept("junk")) {
        result.junk = true;
      } else if (cursor_.accept("free")) {
        result.free = true;
      } else {
        cursor_.fail_expected("`junk`, `free` or the end of the line");
      }
    }
    if (!cursor_.failed()) scenario_.tables.push_back(result);
  }

  void map() {
    ast::Map result;
    result.name = read_new_name(cursor_, "the name of a region");
    result.pages = maybe_count("the number of pages");
    cursor_.expect("=");
    result.block = cursor_.accept("block");
    read_backing(result);
    read_map_place(result);
    if (!cursor_.failed()) scenario_.maps.push_back(std::move(result));
  }

  // Items without attributes take those of the next item that has some.
  void read_backing(ast::Map& result) {
    Scope scope;
    std::size_t bare = 0;
    do {
      const std::size_t start = cursor_.position();
      ast::Backing backing;
      if (!cursor_.accept("none")) {
        backing.pages = read_item(cursor_, scope, "a frame or `none`");
        backing.attributes = read_attributes(cursor_);
      }
      backing.location = cursor_.span_from(start);
      result.backing.push_back(std::move(backing));
      if (result.backing.back().attributes.empty()) continue;
      for (; bare + 1 < result.backing.size(); ++bare) {
        result.backing[bare].attributes = result.backing.back().attributes;
      }
      bare = result.backing.size();
    } while (cursor_.accept(","));
    require_access(result);
  }

  void require_access(const ast::Map& result) {
    for (const ast::Backing& backing : result.backing) {
      bool found = !backing.pages.has_value();
      for (const ast::AttributeUse& use : backing.attributes) {
        found = found || info(use.attribute).group == AttributeGroup::kAccess;
      }
      if (!found) return cursor_.fail_expected("`rw` or `ro`");
    }
  }

  void read_map_place(ast::Map& result) {
    Scope scope;
    while (!cursor_.at_end()) {
      const Location at = cursor_.here();
      if (!result.root && cursor_.accept("of")) {
        result.root = cursor_.name("a root");
      } else if (!result.in_table && cursor_.accept("in")) {
        result.in_table = read_item(cursor_, scope, "a table");
      } else if (cursor_.accept("at")) {
        read_at(result, at);
      } else {
        cursor_.fail_expected("an attribute, `of`, `at`, `in` or the end of the line");
      }
    }
  }

  void read_at(ast::Map& result, const Location& at) {
    const bool is_level = cursor_.sees("level");
    if (is_level ? result.level.has_value() : result.at_region || result.at_address) {
      cursor_.fail(at, "the place is said twice");
    } else if (is_level) {
      result.level = read_level(cursor_);
    } else if (cursor_.peek().kind == TokenKind::kNumber) {
      result.at_location = cursor_.here();
      result.at_address = cursor_.number("an address");
    } else {
      result.at_region = cursor_.name("a region, an address or `level`");
      result.at_location = result.at_region->location;
    }
  }

  void device() {
    const ast::Name name = read_new_name(cursor_, "the name of a device");
    model::Device result{.name = std::string(name.text), .location = name.location};
    if (cursor_.accept("mirrors")) {
      result.mirrors = true;
      result.broadcast_tlbi = false;
    } else {
      cursor_.expect("ats");
      read_entry_sizes(result);
      if (cursor_.accept("ignores")) {
        cursor_.expect("partial");
        cursor_.expect("invalidations");
        result.ignores_partial = true;
      }
    }
    if (!cursor_.failed()) scenario_.devices.push_back({std::move(result)});
  }

  void read_entry_sizes(model::Device& device) {
    device.caches_pages = cursor_.accept("4K");
    const bool more = !device.caches_pages || cursor_.accept("+");
    if (!more) return;
    if (!cursor_.accept("2M"))
      return cursor_.fail_expected(device.caches_pages ? "`2M`" : "`4K`, `2M` or `4K+2M`");
    device.caches_blocks = true;
  }

  void agent() {
    ast::Agent result;
    result.name = read_new_name(cursor_, "the name of an agent");
    result.place = read_place(cursor_, false);
    Scope scope;
    std::vector<Statement> steps;
    for (const Statement& statement : statement_.block) {
      if (!is_forbid(statement)) steps.push_back(statement);
      if (is_forbid(statement)) result.forbids.push_back(parse_forbid(statement, diagnostics_));
    }
    result.steps = parse_steps(steps, scope, diagnostics_);
    if (!cursor_.failed()) scenario_.agents.push_back(std::move(result));
  }

  void observer() {
    ast::Observer result;
    result.name = read_new_name(cursor_, "the name of an observer");
    result.place = read_place(cursor_, true);
    for (const Statement& statement : statement_.block) {
      Cursor line(statement.tokens, diagnostics_);
      result.accesses.push_back(read_observer_access(line));
      refuse_block(statement, diagnostics_);
    }
    if (!cursor_.failed()) scenario_.observers.push_back(std::move(result));
  }

  static AccessKind read_access_kind(Cursor& line) {
    if (line.accept("load")) return AccessKind::kLoad;
    if (line.accept("store")) return AccessKind::kStore;
    if (line.accept("add")) return AccessKind::kAdd;
    if (line.accept("cas")) return AccessKind::kExchange;
    line.fail_expected("`load`, `store`, `add` or `cas`");
    return AccessKind::kLoad;
  }

  static ast::ObserverAccess read_observer_access(Cursor& line) {
    ast::ObserverAccess result;
    do {
      result.kinds.push_back(read_access_kind(line));
    } while (line.accept("or"));
    Scope scope;
    result.page = read_item(line, scope, "a page of a region");
    if (line.accept("may")) {
      do {
        read_licence(line, result);
      } while (line.accept("or"));
    }
    line.expect_end("`may`");
    result.location = line.span_from(0);
    return result;
  }

  static void read_licence(Cursor& line, ast::ObserverAccess& access) {
    if (line.accept("fault")) {
      access.may_fault = true;
    } else if (line.accept("be")) {
      line.expect("lost");
      access.may_be_lost = true;
    } else {
      line.fail_expected("`fault` or `be lost`");
    }
  }

  void expect() { parse_expectations(statement_, scenario_, diagnostics_); }

  const Statement& statement_;
  ast::Scenario& scenario_;
  Diagnostics& diagnostics_;
  Cursor cursor_;
};

const std::array<TopReader::Form, 15> TopReader::kForms{{
    {"case", &TopReader::title},
    {"question", &TopReader::question},
    {"source", &TopReader::source},
    {"reason", &TopReader::reason},
    {"machine", &TopReader::machine},
    {"assume", &TopReader::assume},
    {"frame", &TopReader::frame},
    {"root", &TopReader::root},
    {"cpu", &TopReader::cpu},
    {"table", &TopReader::table},
    {"map", &TopReader::map},
    {"device", &TopReader::device},
    {"agent", &TopReader::agent, true},
    {"observer", &TopReader::observer, true},
    {"expect", &TopReader::expect, true},
}};

void require_case(const std::vector<Statement>& statements, Diagnostics& diagnostics) {
  const Token* first = statements.empty() ? nullptr : &statements.front().tokens.front();
  if (first != nullptr && first->text == "case") return;
  diagnostics.error(first == nullptr ? Location{1, 1, 1} : first->location,
                    "a scenario starts with `case \"TITLE\"`");
}

}  // namespace

void refuse_block(const Statement& statement, Diagnostics& diagnostics) {
  if (statement.block.empty() || statement.block.front().tokens.empty()) return;
  diagnostics.error(statement.block.front().tokens.front().location,
                    "the line above has no block: its indentation is too deep");
}

ast::Scenario parse(const std::vector<Statement>& statements, Diagnostics& diagnostics) {
  ast::Scenario scenario;
  require_case(statements, diagnostics);
  for (const Statement& statement : statements) {
    if (diagnostics.full()) break;
    TopReader(statement, scenario, diagnostics).read();
  }
  return scenario;
}

}  // namespace amalgam::lang::scenario
