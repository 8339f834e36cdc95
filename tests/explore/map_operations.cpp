// Mapping and unmapping.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using Batch = MutantTables::Batch;

Operation map_page() {
  TwoPages what{.name = "map a page"};
  what.also_observed = {kVa + 2 * kPage, kVa + 3 * kPage};
  what.change = [](MutantTables& t, Batch& b, Machine& m) {
    (void)t.map(kVa + 2 * kPage, kPage, m.page(2), kReadWrite, b);
  };
  what.afterwards = [](Machine& m) { m.load(kVa + 2 * kPage); };
  what.harmless = {{Mistake::kLocalBarrier, 0, 0, kNobodyAsks}};
  return on_two_pages(what);
}

Operation map_table() {
  TwoPages what{.name = "map a table"};
  what.also_observed = {kVa + kBlock, kVa + kBlock + 4 * kPage};
  what.change = [](MutantTables& t, Batch& b, Machine& m) {
    (void)t.map(kVa + kBlock, kPage, m.page(2), kReadWrite, b);
  };
  what.afterwards = [](Machine& m) { m.load(kVa + kBlock); };
  what.harmless = {{Mistake::kLocalBarrier, 1, 1, kNobodyAsks},
                   {Mistake::kLateStore, 0, 3, kUnlinked}};
  return on_two_pages(what);
}

void free_and_load(Machine& m) {
  m.free(m.page(0));
  m.load(kVa, {.may_fault = true});
}

Operation unmap_page() {
  TwoPages what{.name = "unmap a page"};
  what.change = [](MutantTables& t, Batch& b, Machine&) { (void)t.unmap(kVa, kPage, b); };
  what.afterwards = free_and_load;
  return on_two_pages(what);
}

Operation unmap_table() {
  TwoPages what{.name = "unmap a table"};
  what.change = [](MutantTables& t, Batch& b, Machine&) { (void)t.unmap(kVa, kBlock, b); };
  what.afterwards = free_and_load;
  what.harmless = {{Mistake::kLateStore, 0, 1, kChain}};
  return on_two_pages(what);
}

}  // namespace

std::vector<Operation> map_operations() {
  return {map_page(), map_table(), unmap_page(), unmap_table()};
}

}  // namespace amalgam::test
