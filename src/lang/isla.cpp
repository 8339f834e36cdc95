#include "lang/isla.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "lang/isla/code.hpp"
#include "lang/isla/condition.hpp"
#include "lang/isla/document.hpp"
#include "lang/isla/evaluator.hpp"
#include "lang/isla/setup.hpp"
#include "lang/isla/world.hpp"
#include "lang/scenario/lines.hpp"

namespace amalgam::lang {

namespace {

using isla::Document;
using isla::Entry;
using isla::SectionPart;
using isla::World;
using model::litmus::Address;
using model::litmus::Code;
using model::litmus::Instruction;
using model::litmus::Opcode;
using model::litmus::Symbol;
using model::litmus::SystemRegister;
using model::litmus::Test;
using model::litmus::Thread;
using model::litmus::Value;

struct RegisterRow {
  std::string_view name;
  SystemRegister system;
};

constexpr auto kSystemRegisters = std::to_array<RegisterRow>({
    {"ELR_EL1", SystemRegister::kElrEl1},
    {"ELR_EL2", SystemRegister::kElrEl2},
    {"SPSR_EL1", SystemRegister::kSpsrEl1},
    {"SPSR_EL2", SystemRegister::kSpsrEl2},
    {"ESR_EL1", SystemRegister::kEsrEl1},
    {"ESR_EL2", SystemRegister::kEsrEl2},
    {"FAR_EL1", SystemRegister::kFarEl1},
    {"HPFAR_EL2", SystemRegister::kHpfarEl2},
    {"PAR_EL1", SystemRegister::kParEl1},
    {"VBAR_EL1", SystemRegister::kVbarEl1},
    {"VBAR_EL2", SystemRegister::kVbarEl2},
    {"TTBR0_EL1", SystemRegister::kTtbr0El1},
    {"TTBR1_EL1", SystemRegister::kTtbr1El1},
    {"TTBR0_EL2", SystemRegister::kTtbr0El2},
    {"VTTBR_EL2", SystemRegister::kVttbrEl2},
});

constexpr Address kVectorBytes = 0x800;

Value& system_register(Thread& thread, SystemRegister reg) {
  return thread.system[static_cast<std::size_t>(reg)];
}

constexpr std::string_view kThreadPrefix = "thread";
constexpr std::string_view kLevelPrefix = "_el";

// The thread and Exception level in "thread0_el1_handler".
struct SectionName {
  std::string thread;
  unsigned el = 0;
};

std::optional<SectionName> parse_section_name(std::string_view name) {
  if (!name.starts_with(kThreadPrefix)) return std::nullopt;
  name.remove_prefix(kThreadPrefix.size());
  const std::size_t level = name.find(kLevelPrefix);
  if (level == std::string_view::npos || level + kLevelPrefix.size() >= name.size())
    return std::nullopt;
  const char digit = name[level + kLevelPrefix.size()];
  if (digit != '1' && digit != '2') return std::nullopt;
  return SectionName{std::string(name.substr(0, level)), static_cast<unsigned>(digit - '0')};
}

class TestBuilder {
 public:
  TestBuilder(const Document& document, World world, Diagnostics& diagnostics)
      : document_(document), world_(std::move(world)), diagnostics_(diagnostics) {}

  Test build() {
    test_.name = document_.name;
    test_.family = model::litmus::Family::kIsla;
    test_.quantifier = model::litmus::Quantifier::kExists;
    test_.translation.mair = ~Value{0};  // every index is Normal, write-back
    read_threads();
    read_sections();
    set_registers();
    add_handlers();
    isla::Evaluator evaluator(world_.scope, diagnostics_);
    read_condition(document_, world_, evaluator, test_, diagnostics_);
    add_symbols();
    test_.descriptors.assign(world_.descriptors.begin(), world_.descriptors.end());
    test_.translation.two_stages = needs_two_stages();
    test_.memory = std::move(world_.scope.memory);
    return std::move(test_);
  }

 private:
  struct Section {
    const SectionPart* part = nullptr;
    std::optional<SectionName> name;
    Code code;
    bool used = false;
  };

  void read_threads() {
    for (std::size_t i = 0; i < document_.threads.size(); ++i) {
      Thread thread;
      thread.name = document_.threads[i].name;
      thread.code = isla::read_code(document_.threads[i].code,
                                    isla::kCodeBase + i * isla::kCodeStride, diagnostics_);
      thread.el = 0;
      thread.has_sp_el = false;
      system_register(thread, SystemRegister::kTtbr0El1) = isla::kStage1Base;
      system_register(thread, SystemRegister::kTtbr0El2) = isla::kStage1Base;
      system_register(thread, SystemRegister::kVttbrEl2) = isla::kStage2Base;
      test_.threads.push_back(std::move(thread));
    }
  }

  // A label of the thread itself, else of any other code.
  std::optional<Address> find_label(const Thread& thread, const std::string& label) const {
    if (const auto own = isla::label_address(thread.code, label)) return own;
    for (const Thread& other : test_.threads) {
      if (const auto found = isla::label_address(other.code, label)) return found;
    }
    for (const Section& section : sections_) {
      if (const auto found = isla::label_address(section.code, label)) return found;
    }
    return std::nullopt;
  }

  void read_sections() {
    for (const SectionPart& part : document_.sections) {
      const std::string& text = part.address.text();
      Address address = 0;
      const bool has_prefix = text.starts_with("0x");
      const char* begin = text.data() + (has_prefix ? 2 : 0);
      const auto read =
          std::from_chars(begin, text.data() + text.size(), address, has_prefix ? 16 : 10);
      if (read.ec != std::errc() || read.ptr != text.data() + text.size() || address % 4 != 0) {
        diagnostics_.error(part.address.location(0, text.size()),
                           "the address of a section is a multiple of 4");
      }
      Section section{&part, parse_section_name(part.name), {}, false};
      section.code = isla::read_code(part.code, address, diagnostics_);
      sections_.push_back(std::move(section));
    }
    std::ranges::sort(sections_, {}, [](const Section& s) { return s.code.base; });
  }

  void set_registers() {
    for (std::size_t i = 0; i < test_.threads.size(); ++i) {
      for (const Entry& entry : document_.threads[i].init) set_register(i, entry);
      for (const Entry& entry : document_.threads[i].reset) set_register(i, entry);
    }
  }

  Value evaluate(const Thread& thread, const Entry& entry) {
    isla::TokenReader in(entry.value, diagnostics_);
    const isla::Expression expression = isla::read_expression(in);
    if (!in.at_end()) in.fail_expected("the end of the value");
    if (in.failed()) return 0;
    uses_stage2_root_ |= names_stage2_root(expression);
    const auto labels = [&](const std::string& label) { return find_label(thread, label); };
    return isla::Evaluator(world_.scope, diagnostics_, labels).number(expression);
  }

  static bool names_stage2_root(const isla::Expression& expression) {
    return (expression.kind == isla::Expression::Kind::kName &&
            expression.text == "s2_page_table_base") ||
           std::ranges::any_of(expression.arguments, names_stage2_root);
  }

  void set_register(std::size_t index, const Entry& entry) {
    Thread& thread = test_.threads[index];
    const Value value = evaluate(thread, entry);
    if (const auto reg = isla::general_register(entry.name)) {
      thread.registers[*reg] = value;
      thread.registers_set |= 1U << *reg;
      return;
    }
    if (entry.name == "PSTATE.EL" || entry.name == "PSTATE.SP") {
      return set_state(thread, entry, value);
    }
    const auto* row = std::ranges::find(kSystemRegisters, entry.name, &RegisterRow::name);
    if (row == kSystemRegisters.end()) {
      return diagnostics_.error(entry.location,
                                "the register `" + entry.name + "` is not supported");
    }
    system_register(thread, row->system) = value;
    has_vttbr_ |= row->system == SystemRegister::kVttbrEl2;
  }

  void set_state(Thread& thread, const Entry& entry, Value value) {
    const bool is_el = entry.name == "PSTATE.EL";
    if (value > (is_el ? 2 : 1)) {
      return diagnostics_.error(entry.value.location(0, entry.value.text().size()),
                                is_el ? "expected EL0, EL1 or EL2" : "expected 0 or 1");
    }
    if (is_el)
      thread.el = static_cast<unsigned>(value);
    else
      thread.has_sp_el = value == 1;
  }

  // A section belongs to the vectors that a VBAR points to, and else to the thread and level that
  // it is named after.
  void add_handlers() {
    for (Thread& thread : test_.threads) {
      for (const unsigned el : {1U, 2U}) add_handlers_at(thread, el);
    }
    for (const Section& section : sections_) {
      if (!section.used) {
        diagnostics_.error(section.part->location, "no exception of any thread leads here");
      }
    }
  }

  void add_handlers_at(Thread& thread, unsigned el) {
    const Address vectors =
        system_register(thread, el == 1 ? SystemRegister::kVbarEl1 : SystemRegister::kVbarEl2);
    const auto is_at_vectors = [&](const Section& s) {
      return vectors != 0 && vectors <= s.code.base && s.code.base - vectors < kVectorBytes;
    };
    const auto is_named = [&](const Section& s) {
      return s.name && s.name->thread == thread.name && s.name->el == el;
    };
    const bool by_address = std::ranges::any_of(sections_, is_at_vectors);
    for (const bool own : {true, false}) {
      for (Section& section : sections_) {
        const bool belongs = by_address ? is_at_vectors(section) : is_named(section);
        if (!belongs || is_named(section) != own) continue;
        const Address offset = by_address ? section.code.base - vectors : section.code.base;
        thread.handlers.push_back(
            {el, static_cast<std::uint32_t>(offset % kVectorBytes), section.code});
        section.used = true;
      }
    }
  }

  void add_symbols() {
    for (const auto& [name, datum] : world_.scope.names) {
      if (datum.kind != isla::Datum::Kind::kAddress) continue;
      Symbol symbol;
      symbol.name = name;
      symbol.pa = world_.translate(datum).value_or(0);
      if (datum.space == isla::Space::kVirtual) {
        int ended_at = 0;
        symbol.va = datum.value;
        symbol.descriptor = isla::find_entry(world_.scope.memory, isla::kStage1Base, datum.value,
                                             isla::kLastLevel, ended_at)
                                .value_or(0);
      }
      test_.symbols.push_back(std::move(symbol));
    }
  }

  static bool writes_vttbr(const Code& code) {
    return std::ranges::any_of(code.instructions, [](const Instruction& i) {
      return i.opcode == Opcode::kWriteSystem && i.system == SystemRegister::kVttbrEl2;
    });
  }

  [[nodiscard]] bool needs_two_stages() const {
    const auto thread_writes = [](const Thread& t) { return writes_vttbr(t.code); };
    const auto section_writes = [](const Section& s) { return writes_vttbr(s.code); };
    return world_.stage2_matters || has_vttbr_ || uses_stage2_root_ ||
           std::ranges::any_of(test_.threads, thread_writes) ||
           std::ranges::any_of(sections_, section_writes);
  }

  const Document& document_;
  World world_;
  Diagnostics& diagnostics_;
  Test test_;
  std::vector<Section> sections_;
  bool has_vttbr_ = false;
  bool uses_stage2_root_ = false;
};

std::optional<Test> read_test(std::string_view text, Diagnostics& diagnostics) {
  if (!scenario::check_bytes(text, diagnostics)) return std::nullopt;
  const isla::FileLines lines(text);
  const Document document = isla::read_document(lines, diagnostics);
  if (diagnostics.any()) return std::nullopt;
  const std::vector<isla::Statement> statements = isla::read_setup(document.setup, diagnostics);
  if (diagnostics.any()) return std::nullopt;
  std::optional<World> world =
      isla::build_world(statements, document.symbolic, document.threads.size(), diagnostics);
  if (!world) return std::nullopt;
  return TestBuilder(document, *std::move(world), diagnostics).build();
}

}  // namespace

IslaResult parse_isla(std::string_view text) {
  Diagnostics diagnostics;
  IslaResult result;
  result.test = read_test(text, diagnostics);
  if (diagnostics.any()) result.test.reset();
  result.diagnostics = diagnostics.take();
  return result;
}

}  // namespace amalgam::lang
