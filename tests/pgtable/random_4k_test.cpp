// Random operations on tables of geometries with the 4 KB granule.
#include "pgtable/world.hpp"

namespace amalgam::pgtable::test {
namespace {

using arch::Geometry;

using Shapes = testing::Types<Shape<Geometry{}>, Shape<Geometry{.va_bits = 39}>,
                              Shape<Geometry{.va_bits = 36}>,
                              Shape<Geometry{.va_bits = 52, .pa_bits = 52, .lpa2 = true}>,
                              Shape<Geometry{.regime = arch::Regime::kEl2}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(FourKb, RandomTables, Shapes);

}  // namespace
}  // namespace amalgam::pgtable::test
