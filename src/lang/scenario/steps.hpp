// Unrolls an agent's steps into operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amalgam/arch/tlbi.hpp"
#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/entries.hpp"
#include "lang/scenario/memory.hpp"
#include "lang/scenario/names.hpp"
#include "lang/scenario/tables.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

// Where steps are lowered.
struct StepContext {
  const ast::Machine& machine;
  model::Program& program;
  const Names& names;
  TableLinks& links;
  ValueNames& values;
  Diagnostics& diagnostics;
  std::unordered_map<std::string, model::LockId>& locks;
  std::uint32_t& steps_left;  // of kMaxSteps, for the whole scenario
};

class StepLowering {
 public:
  StepLowering(StepContext& context, model::Agent& agent);

  void lower(const std::vector<ast::Step>& steps);
  void lower(const ast::Forbid& forbid);

 private:
  enum class RegisterKind : std::uint8_t { kDescriptor, kData };
  struct Register {
    model::RegisterId id = 0;
    RegisterKind kind = RegisterKind::kData;
  };

  bool lower_step(const ast::Step& step);
  bool emit(const ast::Step& step, model::Operation operation);
  bool emit(const ast::Step& step, model::Operation operation, std::string text);
  bool out_of_steps(const Location& location);

  bool lower_what(const ast::Step& step, const ast::SetEntry& set);
  bool lower_what(const ast::Step& step, const ast::ReadEntry& read);
  bool lower_what(const ast::Step& step, const ast::CompareExchange& cas);
  bool lower_what(const ast::Step& step, const ast::UpdateEntry& update);
  template <typename Step, typename Operation>
  bool lower_data(const Step& access, Operation& operation);
  bool lower_what(const ast::Step& step, const ast::Access& access);
  bool lower_what(const ast::Step& step, const ast::FrameAccess& access);
  bool lower_what(const ast::Step& step, const ast::CopyFrame& copy);
  bool lower_what(const ast::Step& step, const ast::CopyTables& copy);
  bool lower_what(const ast::Step& step, const ast::ChangeMemory& change);
  bool lower_what(const ast::Step& step, const ast::Barrier& barrier);
  bool lower_what(const ast::Step& step, const ast::Tlbi& tlbi);
  bool lower_what(const ast::Step& step, const ast::WriteRoot& write);
  bool lower_what(const ast::Step& step, const ast::UseLock& use);
  bool lower_what(const ast::Step& step, const ast::OtherCpus& others);
  bool lower_what(const ast::Step& step, const ast::Interrupt& interrupt);
  bool lower_what(const ast::Step& step, const ast::Notify& notify);
  bool lower_what(const ast::Step& step, const ast::Loop& loop);

  // A descriptor of the scenario: its cell and its level.
  struct Place {
    EntryPlace entry;
    model::CellId cell = model::kNone;
    int level = 3;
  };
  std::optional<Place> place(const ast::Entry& entry);

  std::optional<model::DescriptorExpr> value(const ast::Value& value, const Place& place);
  std::optional<model::DescriptorExpr> link_value(const ast::LinkTable& link, const Place& place);
  std::optional<model::DescriptorExpr> leaf_value_of(const ast::Leaf& leaf, const Place& place);
  std::optional<model::DescriptorExpr> changed_value(const ast::Name& reg,
                                                     const ast::Attributes& attributes,
                                                     const Place& place);
  std::optional<std::uint64_t> leaf_address(const ast::Leaf& leaf, int level);
  std::optional<model::VaPage> va_page(const ast::Page& page);
  std::optional<model::ValueId> data_value(const ast::Item& item);

  std::optional<model::RegisterId> set_register(const ast::Name& name, RegisterKind kind);
  std::optional<model::RegisterId> used_register(const ast::Name& name, RegisterKind kind);

  bool check_features(const ast::Tlbi& tlbi, const arch::TlbiMnemonic& mnemonic);
  bool lower_tlbi_pages(const ast::Step& step, const ast::Tlbi& tlbi,
                        const arch::TlbiMnemonic& mnemonic, const PageRange& pages);
  bool lower_tlbi_range(const ast::Step& step, const ast::Tlbi& tlbi,
                        const arch::TlbiMnemonic& mnemonic, const PageRange& pages);
  bool read_hint(const ast::Tlbi& tlbi, std::optional<arch::LevelHint>& into);
  std::string tlbi_text(const ast::Tlbi& tlbi, const arch::TlbiMnemonic& mnemonic,
                        const PageRange& pages) const;
  bool change_page(const ast::Step& step, ast::MemoryAction action, model::PageRef page);

  StepContext& c_;
  model::Agent& agent_;
  EntryFinder finder_;
  std::vector<model::Op>* ops_;
  LoopValues loops_;
  LinkedLast linked_;
  std::unordered_map<std::string_view, Register> registers_;
  std::size_t interrupt_depth_ = 0;
};

// A step's words with the values of its loops in place.
std::string text_of(const ast::StepText& text, const LoopValues& loops);

}  // namespace amalgam::lang::scenario
