// HVO, the HugeTLB vmemmap optimisation. hvo_declaration.hpp has the contracts.
#pragma once

#include "amalgam/pgtable/hvo_declaration.hpp"  // IWYU pragma: export
#include "amalgam/pgtable/hvo_steps.hpp"        // IWYU pragma: export
