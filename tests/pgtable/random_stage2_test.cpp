// Random operations on tables of geometries of stage 2.
#include "pgtable/world.hpp"

namespace amalgam::pgtable::test {
namespace {

using arch::Geometry;
using arch::Granule;

using Shapes = testing::Types<
    Shape<Geometry{.va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.va_bits = 48, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 40, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.granule = Granule::k64K, .va_bits = 44, .stage = arch::Stage::kStage2}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Stage2, RandomTables, Shapes);

}  // namespace
}  // namespace amalgam::pgtable::test
