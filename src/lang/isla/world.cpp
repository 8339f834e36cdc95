#include "lang/isla/world.hpp"

#include <algorithm>
#include <utility>

#include "lang/isla/addresses.hpp"
#include "lang/isla/functions.hpp"

namespace amalgam::lang::isla {

namespace {

using arch::Stage;

constexpr std::size_t kNoTables = ~std::size_t{0};
constexpr std::size_t kMaxSets = 64;
constexpr Address kTableLimit = Address{1} << 40;

// One entry that is to be written.
struct Mapping {
  Stage stage = Stage::kStage1;
  Address from = 0;
  Value descriptor = 0;
  int level = kLastLevel;
  bool maybe = false;  // ?->
  bool along = false;  // with a mapping of stage 1, to keep its output address reachable
  Location location;
};

bool is_address(const Datum& datum, Space space) {
  return datum.kind == Datum::Kind::kAddress && datum.space == space;
}

class WorldBuilder {
 public:
  WorldBuilder(World& world, std::size_t threads, Diagnostics& diagnostics)
      : world_(world), threads_(threads), diagnostics_(diagnostics) {}

  // Whether an intermediate address by its name and a physical one by its identity map want
  // different things of one stage 2 entry.
  [[nodiscard]] bool has_clash() const { return clash_; }

  void build(const std::vector<Statement>& statements) {
    if (world_.has_default_tables) {
      stage1_.current = add_set(Stage::kStage1, kStage1Base, "s1_default");
      stage2_.current = add_set(Stage::kStage2, kStage2Base, "s2_default");
    }
    run_block(statements);
    if (world_.has_default_tables) {
      for (std::size_t set = 0; set < sets_.size(); ++set) map_code(set, {1, 1, 1});
      for (const auto& [from, into] : {std::pair(0, 0), {0, 1}, {1, 0}, {1, 1}}) {
        map_into(static_cast<std::size_t>(from), static_cast<std::size_t>(into), {1, 1, 1});
      }
    }
    // Of sets that lie in the same place, the one that was declared first is what memory holds.
    for (std::size_t i = sets_.size(); i-- > 0;) lay_down(sets_[i]);
    check_intermediate_outputs();
  }

  // `*a = v`, once the tables are there.
  void initialise(const std::vector<Statement>& statements) {
    std::map<Address, Value> data;
    for (const Statement& s : statements) {
      if (s.kind != Statement::Kind::kInitially || diagnostics_.any()) continue;
      const std::optional<Datum> where = evaluate(s.left);
      const Value value = Evaluator(world_.scope, diagnostics_).number(s.right);
      if (!where) return;
      const std::optional<Address> address = world_.translate(as_physical_address(*where));
      if (!address) return error(s.left.location, "this address is not mapped at the start");
      data[*address] = value;
    }
    for (const auto& [address, value] : data) world_.scope.memory[address] = value;
  }

 private:
  // The tables of one stage that statements go to, and those around them.
  struct Nesting {
    std::size_t current = kNoTables;
    std::vector<std::size_t> outer;
  };
  // How a stage 2 entry came to be written.
  struct Origin {
    bool by_name = false;
    bool along = false;
    bool changes = false;
  };

  void lay_down(const Tables& set) {
    std::map<Address, Value>& memory = world_.scope.memory;
    memory.erase(memory.lower_bound(set.base()), memory.lower_bound(set.end()));
    for (const auto& [address, descriptor] : set.entries()) {
      if (descriptor != 0) memory[address] = descriptor;
    }
  }

  void error(const Location& location, std::string message) {
    diagnostics_.error(location, std::move(message));
  }

  std::optional<Datum> evaluate(const Expression& expression) {
    return Evaluator(world_.scope, diagnostics_).evaluate(expression);
  }

  Nesting& nesting(Stage stage) { return stage == Stage::kStage1 ? stage1_ : stage2_; }

  std::size_t add_set(Stage stage, Address base, const std::string& name) {
    sets_.emplace_back(stage, base);
    by_name_[name] = sets_.size() - 1;
    return sets_.size() - 1;
  }

  void run_block(const std::vector<Statement>& statements) {
    for (const Statement& s : statements) {
      if (diagnostics_.any()) return;
      if (s.kind == Statement::Kind::kTables) run_tables(s);
      if (s.kind == Statement::Kind::kIdentity) run_identity(s);
      if (s.kind == Statement::Kind::kMapsTo || s.kind == Statement::Kind::kMayMapTo) {
        run_mapping(s);
      }
    }
  }

  // Inside its block the statement's tables are the current ones of their stage. After it they are
  // mapped into all that are open, and into themselves when they are new.
  void run_tables(const Statement& s) {
    const bool is_new = !by_name_.contains(s.name);
    const std::size_t opened = is_new ? new_tables(s) : known_tables(s);
    refuse_declarations(s);
    if (diagnostics_.any()) return;
    if (s.stage == Stage::kStage2 && s.name != "s2_default") world_.stage2_matters = true;
    Nesting& own = nesting(s.stage);
    const std::size_t before = own.current;
    if (before != kNoTables) own.outer.push_back(before);
    own.current = opened;
    run_block(s.block);
    map_code(opened, s.location);
    map_into_open_ones(s, opened, is_new);
    if (before != kNoTables) own.outer.pop_back();
    own.current = before;
  }

  void map_into_open_ones(const Statement& s, std::size_t opened, bool is_new) {
    std::vector<std::size_t> into = stage1_.outer;
    into.insert(into.end(), stage2_.outer.begin(), stage2_.outer.end());
    const Stage other = s.stage == Stage::kStage1 ? Stage::kStage2 : Stage::kStage1;
    if (nesting(other).current != kNoTables) into.push_back(nesting(other).current);
    if (is_new && world_.self_map) into.push_back(opened);
    for (const std::size_t target : into) map_into(opened, target, s.location);
  }

  std::size_t known_tables(const Statement& s) {
    const std::size_t found = by_name_.at(s.name);
    if (s.has_address) error(s.name_location, '`' + s.name + "` has its address already");
    if (sets_[found].stage() != s.stage) {
      error(s.name_location, '`' + s.name + "` is of the other stage");
    }
    return found;
  }

  std::size_t new_tables(const Statement& s) {
    if (!s.has_address) {
      error(s.name_location, "no tables `" + s.name + "`, and new ones need an address");
      return kNoTables;
    }
    const Value base = Evaluator(world_.scope, diagnostics_).number(s.left);
    if (base % kPageBytes != 0 || base >= kTableLimit) {
      error(s.left.location, "the address of tables is a multiple of 4096 below 2^40");
    }
    if (sets_.size() == kMaxSets) error(s.name_location, "too many tables");
    Datum datum = address_datum(Space::kPhysical, base);
    datum.kind = Datum::Kind::kTable;
    if (!world_.scope.names.emplace(s.name, datum).second) {
      error(s.name_location, '`' + s.name + "` is declared twice");
    }
    return add_set(s.stage, base, s.name);
  }

  void refuse_declarations(const Statement& tables) {
    for (const Statement& s : tables.block) {
      const bool maps = s.kind == Statement::Kind::kTables ||
                        s.kind == Statement::Kind::kIdentity ||
                        s.kind == Statement::Kind::kMapsTo || s.kind == Statement::Kind::kMayMapTo;
      if (!maps) error(s.location, "only mappings and tables stand inside tables");
    }
  }

  // Attribute bits for a stage; "along" is for stage 2 where a mapping is of stage 1.
  Value attributes(const StageAttributes& given, Stage stage, bool along) {
    const bool second = given.has_second && stage == Stage::kStage2;
    const Attributes& chosen = second ? given.second : given.first;
    if (chosen.code) return code_attributes(stage);
    Value bits = default_attributes(stage);
    if (along && !second) return bits;
    for (const AttributeField& field : chosen.fields) {
      const std::string problem = set_attribute(stage, field.name, field.value, bits);
      if (!problem.empty()) error(field.location, problem);
    }
    return bits;
  }

  Value leaf(const Statement& s, Stage stage, Address output, bool along) {
    const Value bits = attributes(s.attributes, stage, along);
    if (stage == Stage::kStage2 && bits != default_attributes(stage) &&
        bits != code_attributes(stage)) {
      world_.stage2_matters = true;
    }
    return leaf_descriptor(output, bits, s.level);
  }

  void run_identity(const Statement& s) {
    const std::optional<Datum> found = evaluate(s.left);
    if (!found) return;
    const Datum address = as_physical_address(*found);
    if (address.kind != Datum::Kind::kAddress) {
      return error(s.left.location, "expected an address");
    }
    Datum walk;
    walk.kind = Datum::Kind::kWalk;
    const bool first = address.space != Space::kIntermediate;
    const bool second = address.space == Space::kIntermediate ||
                        (address.space == Space::kPhysical && stage2_.current != kNoTables);
    if (first) walk.stage1 = write_leaf(s, Stage::kStage1, address.value, address.value, false);
    if (second) walk.stage2 = write_leaf(s, Stage::kStage2, address.value, address.value, first);
    name_walk(s, walk);
  }

  void run_mapping(const Statement& s) {
    const std::optional<Datum> left = evaluate(s.left);
    const std::optional<Datum> right = evaluate(s.right);
    if (!left || !right) return;
    const Datum to = as_physical_address(*right);
    Datum walk;
    walk.kind = Datum::Kind::kWalk;
    if (is_address(*left, Space::kVirtual)) {
      walk.stage1 = map(s, Stage::kStage1, left->value, to);
      if (is_address(to, Space::kPhysical) && stage2_.current != kNoTables) {
        walk.stage2 = write_leaf(s, Stage::kStage2, to.value, to.value, true);
      }
    } else if (is_address(*left, Space::kIntermediate)) {
      walk.stage2 = map(s, Stage::kStage2, left->value, to);
    } else {
      return error(s.left.location, "expected a virtual or an intermediate address");
    }
    name_walk(s, walk);
  }

  // A mapping of the stage that its left side says.
  std::optional<Walk> map(const Statement& s, Stage stage, Address from, const Datum& to) {
    const bool to_intermediate = is_address(to, Space::kIntermediate);
    if (is_address(to, Space::kPhysical) || (to_intermediate && stage == Stage::kStage1)) {
      if (to_intermediate) intermediate_outputs_.push_back(to.value);
      return write_leaf(s, stage, from, to.value, false);
    }
    Mapping mapping = mapping_of(s, stage, from);
    if (to.kind == Datum::Kind::kTable) {
      if (s.level == kLastLevel) error(s.right.location, "a table is mapped at level 1 or 2");
      mapping.descriptor = next_table(to.value) | 0b11;
    } else if (to.kind == Datum::Kind::kRaw) {
      mapping.descriptor = to.value;
    } else if (to.kind != Datum::Kind::kInvalid) {
      error(s.right.location, stage == Stage::kStage1
                                  ? "expected an intermediate or a physical address"
                                  : "expected a physical address");
    }
    if (stage == Stage::kStage2) world_.stage2_matters = true;
    return write(mapping);
  }

  [[nodiscard]] static Mapping mapping_of(const Statement& s, Stage stage, Address from) {
    Mapping mapping;
    mapping.stage = stage;
    mapping.from = from;
    mapping.level = s.level;
    mapping.maybe = s.kind == Statement::Kind::kMayMapTo;
    mapping.location = s.location;
    return mapping;
  }

  std::optional<Walk> write_leaf(const Statement& s, Stage stage, Address from, Address to,
                                 bool along) {
    Mapping mapping = mapping_of(s, stage, from);
    mapping.descriptor = leaf(s, stage, to, along);
    mapping.along = along;
    mapping.maybe = mapping.maybe && !along;
    const Value mask = output_mask(s.level);
    if (stage == Stage::kStage2 && (mapping.maybe || (from & mask) != (to & mask))) {
      world_.stage2_matters = true;
    }
    return write(mapping);
  }

  std::optional<Walk> write(const Mapping& m) {
    const std::size_t set = nesting(m.stage).current;
    if (set == kNoTables) {
      error(m.location, m.stage == Stage::kStage1 ? "there are no tables of stage 1 here"
                                                  : "there are no tables of stage 2 here");
      return std::nullopt;
    }
    if (m.level == 0) error(m.location, "a mapping is at level 1, 2 or 3");
    if (diagnostics_.any()) return std::nullopt;
    std::string why;
    std::optional<Walk> walk = sets_[set].reach(m.from, m.level, why);
    if (!walk) {
      // A block may map the page as it is already.
      const bool is_there = m.along && translate_by(sets_[set].entries(), sets_[set].base(),
                                                    m.from) == std::optional(m.from);
      if (!is_there) error(m.location, why);
      return std::nullopt;
    }
    const Address entry = walk->entries[static_cast<std::size_t>(m.level)];
    if (m.stage == Stage::kStage2) note_clash(m, sets_[set].initial(entry), entry);
    if (m.maybe)
      sets_[set].mark_changing(entry);
    else
      sets_[set].set(entry, m.descriptor);
    world_.descriptors.insert(entry);
    return walk;
  }

  void note_clash(const Mapping& m, Value before, Address entry) {
    Origin& origin = origins_[entry];
    const bool other = m.along ? origin.by_name : origin.along;
    const bool changes = m.maybe || origin.changes || before != m.descriptor;
    if (other && changes) clash_ = true;
    (m.along ? origin.along : origin.by_name) = true;
    origin.changes |= m.maybe;
  }

  void name_walk(const Statement& s, const Datum& walk) {
    if (s.name.empty() || diagnostics_.any()) return;
    if (!world_.scope.names.emplace(s.name, walk).second) {
      error(s.name_location, '`' + s.name + "` is declared twice");
    }
  }

  // An identity map of one page that no statement asks for.
  void map_page(std::size_t set, Address page, Value attribute_bits, const Location& location) {
    if (diagnostics_.any()) return;
    std::string why;
    const std::optional<Walk> walk = sets_[set].reach(page, kLastLevel, why);
    if (!walk) return error(location, "code and tables cannot be mapped here: " + why);
    sets_[set].set(walk->entries[kLastLevel], leaf_descriptor(page, attribute_bits, kLastLevel));
  }

  void map_code(std::size_t set, const Location& location) {
    for (std::size_t i = 0; i < threads_; ++i) {
      map_page(set, kCodeBase + i * kCodeStride, code_attributes(sets_[set].stage()), location);
    }
  }

  // Tables grow while they are mapped in themselves.
  void map_into(std::size_t from, std::size_t into, const Location& location) {
    const Value bits = default_attributes(sets_[into].stage());
    for (Address page = sets_[from].base(); page < sets_[from].end(); page += kPageBytes) {
      if (diagnostics_.any()) return;
      map_page(into, page, bits, location);
    }
  }

  // Stage 1 leads to intermediate addresses; stage 2 goes unnoticed only if it maps them as they
  // are.
  void check_intermediate_outputs() {
    for (const Address address : intermediate_outputs_) {
      if (translate_by(world_.scope.memory, kStage2Base, address) != address) {
        world_.stage2_matters = true;
      }
    }
  }

  World& world_;
  std::size_t threads_;
  Diagnostics& diagnostics_;
  std::vector<Tables> sets_;
  std::map<std::string, std::size_t> by_name_;
  Nesting stage1_;
  Nesting stage2_;
  std::vector<Address> intermediate_outputs_;
  std::map<Address, Origin> origins_;
  bool clash_ = false;
};

void read_options(const std::vector<Statement>& statements, World& world,
                  Diagnostics& diagnostics) {
  for (const Statement& s : statements) {
    if (s.kind != Statement::Kind::kOption) continue;
    if (s.name == "default_tables")
      world.has_default_tables = s.flag;
    else if (s.name == "self_map")
      world.self_map = s.flag;
    else
      diagnostics.error(s.name_location, "no option `" + s.name + "`");
  }
}

void read_functions(const std::vector<Statement>& statements, Scope& scope,
                    Diagnostics& diagnostics) {
  for (const Statement& s : statements) {
    if (s.kind != Statement::Kind::kFunction) continue;
    if (!scope.functions.emplace(s.name, Function{s.parameters, &s.left}).second) {
      diagnostics.error(s.name_location, '`' + s.name + "` is defined twice");
    }
  }
}

struct Built {
  World world;
  bool has_clash = false;
};

Built build(const std::vector<Statement>& statements, const std::vector<Entry>& symbolic,
            std::size_t threads, Numbering numbering, Diagnostics& diagnostics) {
  Built result;
  World& world = result.world;
  read_options(statements, world, diagnostics);
  read_functions(statements, world.scope, diagnostics);
  Datum invalid;
  invalid.kind = Datum::Kind::kInvalid;
  invalid.value = 0;
  world.scope.names["invalid"] = invalid;
  for (const auto& [name, base] :
       {std::pair("page_table_base", kStage1Base), {"s2_page_table_base", kStage2Base}}) {
    world.scope.names[name] = address_datum(Space::kPhysical, base);
    world.scope.names[name].kind = Datum::Kind::kTable;
  }
  assign_addresses(statements, symbolic, numbering, world.scope, diagnostics);
  if (diagnostics.any()) return result;
  WorldBuilder builder(world, threads, diagnostics);
  builder.build(statements);
  if (!diagnostics.any()) builder.initialise(statements);
  result.has_clash = builder.has_clash();
  return result;
}

}  // namespace

std::optional<Address> World::translate(const Datum& address) const {
  if (address.kind != Datum::Kind::kAddress) return std::nullopt;
  if (address.space == Space::kPhysical) return address.value;
  if (!has_default_tables) return std::nullopt;
  std::optional<Address> intermediate = address.value;
  if (address.space == Space::kVirtual) {
    intermediate = translate_by(scope.memory, kStage1Base, address.value);
  }
  return intermediate ? translate_by(scope.memory, kStage2Base, *intermediate) : std::nullopt;
}

std::optional<World> build_world(const std::vector<Statement>& statements,
                                 const std::vector<Entry>& symbolic, std::size_t threads,
                                 Diagnostics& diagnostics) {
  Built first = build(statements, symbolic, threads, Numbering::kSpacesAlike, diagnostics);
  if (diagnostics.any()) return std::nullopt;
  if (!first.has_clash) return std::move(first.world);
  Diagnostics unused;
  Built second =
      build(statements, symbolic, threads, Numbering::kIntermediateBehindPhysical, unused);
  const bool is_better = !unused.any() && !second.has_clash;
  return std::move(is_better ? second.world : first.world);
}

}  // namespace amalgam::lang::isla
