// What a thread may find in memory at one point of a run.
#pragma once

#include <span>
#include <vector>

#include "model/litmus/domains.hpp"
#include "model/litmus/run_builder.hpp"

namespace amalgam::model::litmus {

// Gives the values that some execution may need, and leaves out those that no order of memory can
// explain: a read that comes after an own store of the same location does not see what memory held
// at the start, nor an older own store; nothing sees a later own store.
class MemoryView {
 public:
  MemoryView(DomainTable& domains, const RunBuilder& run, unsigned thread)
      : domains_(domains), run_(run), thread_(thread) {}

  // Of an explicit read that goes through the stage 1 leaf `descriptor` (0 for none). Accesses with
  // different memory attributes are not coherent, and so leave more values possible.
  [[nodiscard]] std::span<const Value> read_values(Address location, Value descriptor);

  // Of the read of a descriptor by a walk. It may be older than any own store.
  [[nodiscard]] std::span<const Value> walk_values(Address descriptor);

  // Whether the location ever holds a second value.
  [[nodiscard]] bool varies(Address location);
  [[nodiscard]] bool attributes_vary() const { return domains_.attributes_vary(); }

 private:
  void take_from_others(Address location, Writers hidden);
  void take(Value value);

  DomainTable& domains_;
  const RunBuilder& run_;
  unsigned thread_;
  std::vector<Value> values_;
};

}  // namespace amalgam::model::litmus
