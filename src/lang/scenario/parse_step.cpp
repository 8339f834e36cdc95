#include <array>
#include <utility>

#include "amalgam/arch/tlbi.hpp"
#include "lang/scenario/parse.hpp"
#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

using model::AccessKind;
using What = decltype(ast::Step::what);

class StepReader {
 public:
  StepReader(const Statement& statement, Scope& scope, Diagnostics& diagnostics)
      : statement_(statement),
        scope_(scope),
        diagnostics_(diagnostics),
        cursor_(statement.tokens, diagnostics) {}

  // The step, or nothing if it cannot be read.
  std::optional<ast::Step> read() {
    scope_.uses.clear();
    const ast::Name keyword = cursor_.name("a step");
    const Form* form = find_form(keyword.text);
    if (form == nullptr) {
      unknown_step(keyword);
      return std::nullopt;
    }
    ast::Step step;
    step.what = (this->*form->read)();
    cursor_.expect_end();
    if (cursor_.failed()) return std::nullopt;
    step.text = make_text(statement_.tokens, scope_.uses);
    step.location = cursor_.span_from(0);
    if (!form->has_block) {
      refuse_block(statement_, diagnostics_);
    } else {
      read_block(step);
    }
    return step;
  }

 private:
  struct Form {
    std::string_view keyword;
    What (StepReader::*read)();
    bool has_block = false;
  };
  static const std::array<Form, 26> kForms;

  static const Form* find_form(std::string_view keyword) {
    for (const Form& form : kForms) {
      if (form.keyword == keyword) return &form;
    }
    return nullptr;
  }

  void unknown_step(const ast::Name& keyword) {
    if (cursor_.failed()) return;
    const auto known = names_in(kForms, &Form::keyword);
    if (keyword.text == "forbid") {
      cursor_.fail(keyword.location, "`forbid` stands in the agent's own block, not in a loop");
    } else {
      cursor_.fail(keyword.location,
                   "no step is called " + quoted(keyword.text) + suggestion(keyword.text, known));
    }
  }

  void read_block(ast::Step& step) {
    if (statement_.block.empty()) {
      cursor_.fail(step.location, "expected an indented block below");
      return;
    }
    if (auto* loop = std::get_if<ast::Loop>(&step.what)) {
      scope_.loops.push_back(loop->variable);
      loop->body = parse_steps(statement_.block, scope_, diagnostics_);
      scope_.loops.pop_back();
    } else if (auto* interrupt = std::get_if<ast::Interrupt>(&step.what)) {
      interrupt->body = parse_steps(statement_.block, scope_, diagnostics_);
    }
  }

  ast::Item frame() { return read_item(cursor_, scope_, "a frame"); }
  ast::Page page() { return read_page(cursor_, scope_); }
  ast::Entry entry() { return read_entry(cursor_, scope_); }
  ast::Name reg() { return cursor_.name("a register"); }

  What set() {
    ast::SetEntry result{entry(), {}, std::nullopt};
    cursor_.expect("=");
    result.value = read_value(cursor_, scope_);
    if (cursor_.accept("through")) result.through = page();
    return result;
  }

  What clear() {
    ast::SetEntry result{entry(), ast::NoEntry{}, std::nullopt};
    if (cursor_.accept("through")) result.through = page();
    return result;
  }

  What let() {
    const ast::Name into = read_new_name(cursor_, "a register");
    cursor_.expect("=");
    return ast::ReadEntry{into, entry()};
  }

  What cas() {
    ast::CompareExchange result{entry(), {}, {}};
    cursor_.expect("from");
    result.expected = read_value(cursor_, scope_);
    cursor_.expect("to");
    result.desired = read_value(cursor_, scope_);
    return result;
  }

  What update() {
    ast::UpdateEntry result{entry(), {}};
    cursor_.expect("with");
    result.attributes = read_some_attributes(cursor_);
    return result;
  }

  std::optional<ast::Name> maybe_into() {
    if (!cursor_.accept("as")) return std::nullopt;
    return read_new_name(cursor_, "a register");
  }

  What access(AccessKind kind) {
    ast::Access result{.kind = kind, .page = page(), .into = {}, .value = {}};
    if (kind == AccessKind::kStore) {
      cursor_.expect("=");
      result.value = read_item(cursor_, scope_, "a value or a frame");
    } else {
      result.into = maybe_into();
    }
    if (cursor_.accept("may")) {
      cursor_.expect("fault");
      result.may_fault = true;
    }
    return result;
  }
  What load() { return access(AccessKind::kLoad); }
  What store() { return access(AccessKind::kStore); }
  What add() { return access(AccessKind::kAdd); }

  What read_frame() {
    ast::FrameAccess result{AccessKind::kLoad, frame(), maybe_into(), {}};
    return result;
  }

  What write_frame() {
    ast::FrameAccess result{AccessKind::kStore, frame(), {}, {}};
    cursor_.expect("=");
    result.value = read_item(cursor_, scope_, "a value or a frame");
    return result;
  }

  What copy() {
    const bool tables = cursor_.accept("tables");
    if (tables) {
      const ast::Name from = cursor_.name("a root");
      cursor_.expect("to");
      return ast::CopyTables{from, cursor_.name("a root")};
    }
    ast::CopyFrame result{frame(), {}};
    cursor_.expect("to");
    result.to = frame();
    return result;
  }

  What change_memory(ast::MemoryAction action) {
    ast::ChangeMemory result{action, {}};
    do {
      const bool is_table = cursor_.accept("table");
      result.items.push_back(
          {is_table, read_item(cursor_, scope_, is_table ? "a table" : "a frame or `table`")});
    } while (cursor_.accept(","));
    return result;
  }
  What zero() { return change_memory(ast::MemoryAction::kZero); }
  What allocate() { return change_memory(ast::MemoryAction::kAllocate); }
  What free() { return change_memory(ast::MemoryAction::kFree); }

  What barrier(arch::BarrierKind kind) {
    const bool is_isb = kind == arch::BarrierKind::kIsb;
    if (is_isb && cursor_.at_end()) return ast::Barrier{*arch::parse_barrier(kind, "")};
    const ast::Name option = cursor_.name("a barrier option (ish, ishst, sy, ...)");
    const auto barrier = arch::parse_barrier(kind, option.text);
    if (!barrier && !cursor_.failed()) unknown_option(kind, option);
    return ast::Barrier{barrier.value_or(arch::Barrier{})};
  }
  What dmb() { return barrier(arch::BarrierKind::kDmb); }
  What dsb() { return barrier(arch::BarrierKind::kDsb); }
  What isb() { return barrier(arch::BarrierKind::kIsb); }

  void unknown_option(arch::BarrierKind kind, const ast::Name& option) {
    std::vector<std::string_view> known;
    for (const arch::BarrierName& row : arch::kBarrierNames) {
      if (row.barrier.kind == kind && row.text.size() > 4) known.push_back(row.text.substr(4));
    }
    cursor_.fail(option.location, "the barrier has no option " + quoted(option.text) +
                                      suggestion(option.text, known));
  }

  What tlbi() {
    ast::Tlbi result;
    result.mnemonic = cursor_.name("a TLBI operation (vaae1is, vmalle1is, ...)");
    const auto mnemonic = arch::parse_mnemonic(result.mnemonic.text);
    if (!mnemonic) {
      if (!cursor_.failed()) unknown_tlbi(result.mnemonic);
      return result;
    }
    if (cursor_.accept("operand")) {
      result.operand = cursor_.number("the register's value");
      if (!arch::has_operand(mnemonic->kind))
        cursor_.fail(result.mnemonic.location, quoted(result.mnemonic.text) + " takes no operand");
      return result;
    }
    if (arch::is_by_address(mnemonic->kind)) result.page = page();
    read_tlbi_options(*mnemonic, result);
    return result;
  }

  void read_tlbi_options(const arch::TlbiMnemonic& mnemonic, ast::Tlbi& result) {
    const bool tagged =
        mnemonic.kind == arch::TlbiKind::kVa || mnemonic.kind == arch::TlbiKind::kAsid;
    while (!cursor_.at_end()) {
      if (result.page && !result.level && cursor_.sees("level")) {
        result.level = read_level(cursor_);
      } else if (tagged && !result.tag && cursor_.sees("asid")) {
        const std::size_t start = cursor_.position();
        cursor_.take();
        result.tag = static_cast<std::uint16_t>(cursor_.number("an ASID of 16 bits", 0xffff));
        result.tag_location = cursor_.span_from(start);
      } else {
        cursor_.expect_end(result.page ? "`level`, `asid`" : tagged ? "`asid`" : "");
      }
    }
    if (mnemonic.kind == arch::TlbiKind::kAsid && !result.tag) cursor_.fail_expected("`asid`");
  }

  static const std::vector<std::string>& tlbi_names() {
    static const std::vector<std::string> kNames = [] {
      std::vector<std::string> all;
      for (const arch::TlbiBase& base : arch::kTlbiBases) {
        for (const std::string_view suffix : {"", "is", "os"}) {
          all.push_back(std::string(base.name) + std::string(suffix));
          if (base.has_range) all.push_back("r" + all.back());
        }
      }
      return all;
    }();
    return kNames;
  }

  void unknown_tlbi(const ast::Name& name) {
    const auto known = names_in(tlbi_names());
    cursor_.fail(name.location,
                 "no TLBI operation is called " + quoted(name.text) + suggestion(name.text, known));
  }

  What write_root() {
    cursor_.expect("=");
    return ast::WriteRoot{cursor_.name("a root")};
  }

  What lock() { return ast::UseLock{true, cursor_.name("a lock")}; }
  What unlock() { return ast::UseLock{false, cursor_.name("a lock")}; }

  What stop() {
    cursor_.expect("others");
    return ast::OtherCpus{true};
  }

  What resume() {
    cursor_.expect("others");
    return ast::OtherCpus{false};
  }

  What interrupt() {
    cursor_.expect("others");
    return ast::Interrupt{};
  }

  What notify() {
    using model::op::NotifyPhase;
    ast::Notify result;
    if (cursor_.accept("start")) {
      result.phase = NotifyPhase::kStart;
    } else if (cursor_.accept("end")) {
      result.phase = NotifyPhase::kEnd;
    } else if (!cursor_.accept("now")) {
      cursor_.fail_expected("`start`, `now` or `end`");
    }
    result.page = page();
    return result;
  }

  What loop() {
    ast::Loop result;
    result.variable = read_new_name(cursor_, "a loop variable");
    check_loop_variable(result.variable);
    cursor_.expect("in");
    result.first = read_expression(cursor_, scope_);
    cursor_.expect("..");
    result.last = read_expression(cursor_, scope_);
    return result;
  }

  void check_loop_variable(const ast::Name& variable) {
    if (variable.text.find('-') != std::string_view::npos) {
      cursor_.fail(variable.location, "a loop variable has no `-` in its name");
    }
    for (const ast::Name& outer : scope_.loops) {
      if (outer.text == variable.text) {
        cursor_.fail(variable.location, "an outer loop has the variable " + quoted(variable.text));
      }
    }
  }

  const Statement& statement_;
  Scope& scope_;
  Diagnostics& diagnostics_;
  Cursor cursor_;
};

const std::array<StepReader::Form, 26> StepReader::kForms{{
    {"set", &StepReader::set},
    {"clear", &StepReader::clear},
    {"let", &StepReader::let},
    {"cas", &StepReader::cas},
    {"update", &StepReader::update},
    {"load", &StepReader::load},
    {"store", &StepReader::store},
    {"add", &StepReader::add},
    {"read", &StepReader::read_frame},
    {"write", &StepReader::write_frame},
    {"copy", &StepReader::copy},
    {"zero", &StepReader::zero},
    {"alloc", &StepReader::allocate},
    {"free", &StepReader::free},
    {"dsb", &StepReader::dsb},
    {"dmb", &StepReader::dmb},
    {"isb", &StepReader::isb},
    {"tlbi", &StepReader::tlbi},
    {"ttbr", &StepReader::write_root},
    {"lock", &StepReader::lock},
    {"unlock", &StepReader::unlock},
    {"stop", &StepReader::stop},
    {"resume", &StepReader::resume},
    {"notify", &StepReader::notify},
    {"interrupt", &StepReader::interrupt, true},
    {"for", &StepReader::loop, true},
}};

}  // namespace

std::vector<ast::Step> parse_steps(const std::vector<Statement>& block, Scope& scope,
                                   Diagnostics& diagnostics) {
  std::vector<ast::Step> steps;
  for (const Statement& statement : block) {
    if (diagnostics.full()) break;
    if (auto step = StepReader(statement, scope, diagnostics).read()) {
      steps.push_back(std::move(*step));
    }
  }
  return steps;
}

bool is_forbid(const Statement& statement) {
  return !statement.tokens.empty() && statement.tokens.front().text == "forbid";
}

ast::Forbid parse_forbid(const Statement& statement, Diagnostics& diagnostics) {
  Cursor cursor(statement.tokens, diagnostics);
  Scope scope;
  ast::Forbid result;
  cursor.expect("forbid");
  do {
    ast::RegisterIs condition{cursor.name("a register"), {}};
    cursor.expect("=");
    condition.value = read_item(cursor, scope, "a value or a frame");
    result.all_of.push_back(std::move(condition));
  } while (cursor.accept("and"));
  cursor.expect("as");
  result.effect = cursor.name("an effect");
  cursor.expect_end();
  result.location = cursor.span_from(0);
  refuse_block(statement, diagnostics);
  return result;
}

}  // namespace amalgam::lang::scenario
