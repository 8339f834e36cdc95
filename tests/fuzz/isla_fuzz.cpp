// Any bytes are a litmus test in isla's format or are refused with located diagnostics; a test that
// is read holds together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lang/isla.hpp"

namespace {

namespace lang = amalgam::lang;
namespace litmus = amalgam::model::litmus;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_code(const litmus::Code& code) {
  for (const litmus::Instruction& i : code.instructions) {
    require(i.target == litmus::kNoTarget || i.target <= code.instructions.size());
    require(i.location.line != 0);
  }
}

void check_formula(const litmus::Formula& formula, std::size_t threads) {
  require(formula.kind != litmus::Formula::Kind::kRegisterIs || formula.thread < threads);
  require(formula.reg < litmus::kRegisters);
  for (const litmus::Formula& part : formula.parts) check_formula(part, threads);
}

void check_test(const litmus::Test& test) {
  require(!test.threads.empty());
  for (const litmus::Thread& thread : test.threads) {
    require(thread.el <= 2);
    check_code(thread.code);
    for (const litmus::Handler& handler : thread.handlers) check_code(handler.code);
  }
  check_formula(test.condition, test.threads.size());
  for (const litmus::Observable& observable : test.observed) {
    require(observable.thread < test.threads.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const lang::IslaResult result = lang::parse_isla(text);
  require(result.test.has_value() == result.diagnostics.empty());
  for (const lang::Diagnostic& diagnostic : result.diagnostics) {
    require(!diagnostic.message.empty());
    require(lang::render(diagnostic, "input.litmus.toml", text).ends_with('\n'));
  }
  if (result.test) check_test(*result.test);
  return 0;
}
