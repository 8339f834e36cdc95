// Random operations on tables of geometries with the 16 KB granule.
#include "pgtable/world.hpp"

namespace amalgam::pgtable::test {
namespace {

using arch::Geometry;
using arch::Granule;

using Shapes = testing::Types<
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 47}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 36}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 52, .pa_bits = 52, .lpa2 = true}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(SixteenKb, RandomTables, Shapes);

}  // namespace
}  // namespace amalgam::pgtable::test
