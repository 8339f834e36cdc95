#include "lang/isla/addresses.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace amalgam::lang::isla {

namespace {

constexpr Address kFirstAddress = 0x600000;
constexpr Address kStride = 0x1000;
constexpr Address kVaLimit = Address{1} << 48;
constexpr std::size_t kMaxNames = 200;
constexpr Address kNearCandidates = 16;
constexpr std::size_t kMaxTrials = 50'000;  // evaluations of an assertion

struct Variable {
  std::string name;
  Space space = Space::kVirtual;
  Address alignment = kStride;
  std::size_t declaration = 0;  // names of one declaration never share an address
  Address address = 0;
};

Address aligned_up(Address address, Address alignment) {
  return (address + alignment - 1) & ~(alignment - 1);
}

// The names that an expression depends on, through the functions that it calls too.
class NameCollector {
 public:
  explicit NameCollector(const Scope& scope) : scope_(scope) {}

  std::set<std::string> collect(const Expression& expression) {
    add(expression);
    return std::move(names_);
  }

 private:
  void add(const Expression& expression) {
    if (expression.kind == Expression::Kind::kName) names_.insert(expression.text);
    for (const Expression& argument : expression.arguments) add(argument);
    const auto function = scope_.functions.find(expression.text);
    if (expression.kind != Expression::Kind::kCall || function == scope_.functions.end()) return;
    if (visited_.insert(expression.text).second) add(*function->second.body);
  }

  const Scope& scope_;
  std::set<std::string> names_;
  std::set<std::string> visited_;
};

class Assignment {
 public:
  Assignment(Numbering numbering, Scope& scope, Diagnostics& diagnostics)
      : numbering_(numbering), scope_(scope), diagnostics_(diagnostics) {}

  void assign(const std::vector<Statement>& statements, const std::vector<Entry>& symbolic) {
    declare_symbolic(symbolic);
    for (const Statement& s : statements) {
      if (s.kind == Statement::Kind::kDeclare) declare(s);
      if (s.kind == Statement::Kind::kAssert) assertions_.push_back(&s);
    }
    place_all();
    publish();
    if (!assertions_.empty() && !diagnostics_.any()) satisfy();
  }

 private:
  void add(Variable variable, const Location& location) {
    const std::string& name = variable.name;
    if (scope_.names.contains(name) || !by_name_.emplace(name, variables_.size()).second) {
      return diagnostics_.error(location, '`' + name + "` is declared twice");
    }
    if (variables_.size() < kMaxNames) return variables_.push_back(std::move(variable));
    by_name_.erase(name);
    if (!std::exchange(overfull_, true))
      diagnostics_.error(location, "more than " + std::to_string(kMaxNames) + " names");
  }

  void declare_symbolic(const std::vector<Entry>& symbolic) {
    for (const Entry& entry : symbolic) {
      add({entry.name, Space::kVirtual, kStride, 0, 0}, entry.location);
    }
    symbolic_ = variables_.size();
  }

  // A `symbolic` name may be declared `virtual` once more, to ask for an alignment.
  void declare(const Statement& statement) {
    ++declarations_;
    for (const DeclaredName& name : statement.names) {
      const auto known = by_name_.find(name.name);
      if (statement.space == Space::kVirtual && known != by_name_.end() &&
          known->second < symbolic_ && variables_[known->second].declaration == 0) {
        variables_[known->second].declaration = declarations_;
        variables_[known->second].alignment = statement.alignment;
      } else {
        add({name.name, statement.space, statement.alignment, declarations_, 0}, name.location);
      }
    }
  }

  [[nodiscard]] bool is_taken(const Variable& of, Address address, bool by_any) const {
    return std::ranges::any_of(variables_, [&](const Variable& v) {
      return &v != &of && v.space == of.space && v.address == address &&
             (by_any || v.declaration == of.declaration);
    });
  }

  [[nodiscard]] Address first_address(Space space) const {
    if (space != Space::kIntermediate || numbering_ == Numbering::kSpacesAlike) {
      return kFirstAddress;
    }
    Address behind = kFirstAddress;
    for (const Variable& v : variables_) {
      if (v.space == Space::kPhysical) behind = std::max(behind, v.address + kStride);
    }
    return behind;
  }

  void place(Variable& v) {
    v.address = aligned_up(first_address(v.space), v.alignment);
    while (is_taken(v, v.address, true)) v.address += v.alignment;
  }

  // `symbolic` names keep the place that their position gives them if they can.
  void place_all() {
    for (std::size_t i = 0; i < symbolic_; ++i) {
      const Address own = kFirstAddress + i * kStride;
      if (own % variables_[i].alignment == 0) variables_[i].address = own;
    }
    for (const Space space : {Space::kVirtual, Space::kPhysical, Space::kIntermediate}) {
      for (Variable& v : variables_) {
        if (v.space == space && v.address == 0) place(v);
      }
    }
  }

  void publish(const Variable& v) { scope_.names[v.name] = address_datum(v.space, v.address); }
  void publish() {
    for (const Variable& v : variables_) publish(v);
  }

  // The first assertion that does not hold, of those whose names are all among the first `known` of
  // `free_`; nullptr if there is none.
  const Statement* violated(std::size_t known) {
    for (const Statement* assertion : assertions_) {
      const std::set<std::string>& names = names_of_[assertion];
      const auto is_unknown = [&](std::size_t v) { return names.contains(variables_[v].name); };
      if (std::any_of(free_.begin() + static_cast<std::ptrdiff_t>(known), free_.end(),
                      is_unknown)) {
        continue;
      }
      ++trials_;
      const std::optional<bool> holds = Evaluator(scope_, diagnostics_).truth(assertion->left);
      if (!holds.value_or(false)) return assertion;
    }
    return nullptr;
  }

  void satisfy() {
    for (const Statement* assertion : assertions_) {
      names_of_[assertion] = NameCollector(scope_).collect(assertion->left);
    }
    const Statement* unsatisfied = violated(0);
    if (unsatisfied == nullptr || diagnostics_.any()) return;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      const auto names = [&](const Statement* a) {
        return names_of_[a].contains(variables_[i].name);
      };
      if (std::ranges::any_of(assertions_, names)) free_.push_back(i);
    }
    for (const bool apart : {true, false}) {
      apart_ = apart;
      trials_ = 0;
      if (search(0) || diagnostics_.any()) return;
    }
    diagnostics_.error(unsatisfied->left.location, "no addresses are found for which this holds");
  }

  // Near ones, and ones that differ in each of the table indices.
  [[nodiscard]] std::vector<Address> candidates(const Variable& v) const {
    std::vector<Address> result{v.address};
    const Address first = aligned_up(kFirstAddress, v.alignment);
    for (Address i = 0; i < kNearCandidates; ++i) result.push_back(first + i * v.alignment);
    for (const unsigned shift : {21U, 30U, 39U}) {
      for (Address i = 1; i <= 4; ++i) {
        const Address far = first + (i << shift);
        if (far % v.alignment == 0 && far < kVaLimit) result.push_back(far);
      }
    }
    return result;
  }

  bool search(std::size_t known) {
    if (known == free_.size()) return true;
    Variable& v = variables_[free_[known]];
    const Address before = v.address;
    for (const Address address : candidates(v)) {
      if (++trials_ > kMaxTrials) break;
      v.address = address;
      publish(v);
      const bool is_free = !is_taken_before(v, known);
      if (is_free && violated(known + 1) == nullptr && search(known + 1)) return true;
      if (diagnostics_.any()) return false;
    }
    v.address = before;
    publish(v);
    return false;
  }

  // Names that are still to be placed do not take a place.
  [[nodiscard]] bool is_taken_before(const Variable& v, std::size_t known) const {
    return std::ranges::any_of(variables_, [&](const Variable& other) {
      const auto index = static_cast<std::size_t>(&other - variables_.data());
      const bool is_later = std::find(free_.begin() + static_cast<std::ptrdiff_t>(known),
                                      free_.end(), index) != free_.end();
      return !is_later && other.space == v.space && other.address == v.address &&
             (apart_ || other.declaration == v.declaration);
    });
  }

  Numbering numbering_;
  Scope& scope_;
  Diagnostics& diagnostics_;
  std::vector<Variable> variables_;  // `symbolic` ones first
  std::map<std::string, std::size_t> by_name_;
  std::size_t symbolic_ = 0;
  std::size_t declarations_ = 0;
  std::vector<const Statement*> assertions_;
  std::map<const Statement*, std::set<std::string>> names_of_;
  std::vector<std::size_t> free_;
  bool overfull_ = false;
  bool apart_ = true;
  std::size_t trials_ = 0;
};

}  // namespace

void assign_addresses(const std::vector<Statement>& statements, const std::vector<Entry>& symbolic,
                      Numbering numbering, Scope& scope, Diagnostics& diagnostics) {
  Assignment(numbering, scope, diagnostics).assign(statements, symbolic);
}

}  // namespace amalgam::lang::isla
