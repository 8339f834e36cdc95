// What the random tests leave out: the upper half, and failures one by one.
#include "amalgam/pgtable/page_table.hpp"

#include <gtest/gtest.h>

#include "pgtable/world.hpp"

namespace amalgam::pgtable {
namespace {

TEST(PageTable, TranslatesTheUpperHalf) {
  test::run_worlds<arch::Geometry{}>({.seed = 200, .half = Half::kUpper}, 16, 300);
}

}  // namespace
}  // namespace amalgam::pgtable
