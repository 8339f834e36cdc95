// Any bytes are a herd test or are refused with located diagnostics; the same bytes give the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lang/herd.hpp"

namespace {

namespace lang = amalgam::lang;
namespace litmus = amalgam::model::litmus;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_code(const litmus::Code& code) {
  for (const litmus::Instruction& i : code.instructions) {
    require(i.rd < litmus::kRegisters && i.rn < litmus::kRegisters && i.rm < litmus::kRegisters);
    require(i.rt < litmus::kRegisters && i.rs < litmus::kRegisters);
    require(i.operand.reg < litmus::kRegisters);
    require(i.target == litmus::kNoTarget || i.target <= code.instructions.size());
  }
}

void check_formula(const litmus::Test& test, const litmus::Formula& formula) {
  using Kind = litmus::Formula::Kind;
  if (formula.kind == Kind::kNot) require(formula.parts.size() == 1);
  require(formula.thread < test.threads.size() && formula.fault.thread < test.threads.size());
  for (const litmus::Formula& part : formula.parts) check_formula(test, part);
}

void check_test(const litmus::Test& test) {
  require(!test.threads.empty() && !test.name.empty());
  for (const litmus::Thread& thread : test.threads) {
    check_code(thread.code);
    for (const litmus::Handler& handler : thread.handlers) check_code(handler.code);
  }
  check_formula(test, test.condition);
  if (test.filter) check_formula(test, *test.filter);
  for (const litmus::Observable& o : test.observed) {
    require(o.thread < test.threads.size() && !o.text.empty());
  }
  require(test.descriptors.size() == (test.vmsa ? test.symbols.size() : 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const lang::HerdResult first = lang::parse_herd(text);
  require(first.test.has_value() == first.diagnostics.empty());
  for (const lang::Diagnostic& diagnostic : first.diagnostics) {
    require(!diagnostic.message.empty());
    require(lang::render(diagnostic, "input.litmus", text).ends_with('\n'));
  }
  if (first.test) check_test(*first.test);
  const lang::HerdResult second = lang::parse_herd(text, {{"vmsa,fatal"}});
  require(first.test.has_value() == second.test.has_value());
  return 0;
}
