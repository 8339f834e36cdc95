// Mapping and unmapping.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using Batch = MutantTables::Batch;

Operation map_page() {
  Scene what{.name = "map a page"};
  what.observed_ranges.push_back({kVa + 2 * kPage, kVa + 3 * kPage});
  what.change = [](MutantTables& t, Batch& b, Machine& m) {
    return t.map(kVa + 2 * kPage, kPage, m.page(2), kReadWrite, b).ok();
  };
  what.afterwards = [](Machine& m) { m.load(kVa + 2 * kPage); };
  return in_scene(what);
}

Operation map_table() {
  Scene what{.name = "map a table"};
  what.observed_ranges.push_back({kVa + kBlock, kVa + kBlock + 4 * kPage});
  what.change = [](MutantTables& t, Batch& b, Machine& m) {
    return t.map(kVa + kBlock, kPage, m.page(2), kReadWrite, b).ok();
  };
  what.afterwards = [](Machine& m) { m.load(kVa + kBlock); };
  return in_scene(what);
}

void free_and_load(Machine& m) {
  m.free(m.page(0));
  m.load(kVa, {.may_fault = true});
}

Operation unmap_page() {
  Scene what{.name = "unmap a page"};
  what.change = [](MutantTables& t, Batch& b, Machine&) { return t.unmap(kVa, kPage, b).ok(); };
  what.afterwards = free_and_load;
  return in_scene(what);
}

Operation unmap_table() {
  Scene what{.name = "unmap a table"};
  what.change = [](MutantTables& t, Batch& b, Machine&) { return t.unmap(kVa, kBlock, b).ok(); };
  what.afterwards = free_and_load;
  return in_scene(what);
}

}  // namespace

std::vector<Operation> map_operations() {
  return {map_page(), map_table(), unmap_page(), unmap_table()};
}

}  // namespace amalgam::test
