// Random operations on tables of geometries with the 64 KB granule.
#include "pgtable/world.hpp"

namespace amalgam::pgtable::test {
namespace {

using arch::Geometry;
using arch::Granule;

using Shapes =
    testing::Types<Shape<Geometry{.granule = Granule::k64K, .va_bits = 48, .pa_bits = 48}>,
                   Shape<Geometry{.granule = Granule::k64K, .va_bits = 52, .pa_bits = 52}>,
                   Shape<Geometry{.granule = Granule::k64K, .va_bits = 42}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(SixtyFourKb, RandomTables, Shapes);

}  // namespace
}  // namespace amalgam::pgtable::test
