// The tables of one root. page_table_declaration.hpp has the contracts.
#pragma once

#include "amalgam/pgtable/page_table_changes.hpp"      // IWYU pragma: export
#include "amalgam/pgtable/page_table_declaration.hpp"  // IWYU pragma: export
#include "amalgam/pgtable/page_table_maps.hpp"         // IWYU pragma: export
#include "amalgam/pgtable/plan_text.hpp"               // IWYU pragma: export
