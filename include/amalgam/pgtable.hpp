// The library: page tables that hardware uses while they change. docs/strategies.md says which
// route an operation takes, docs/porting.md how to bring it to a kernel.
#pragma once

#include "amalgam/pgtable/attributes.hpp"   // IWYU pragma: export
#include "amalgam/pgtable/flush_batch.hpp"  // IWYU pragma: export
#include "amalgam/pgtable/hvo.hpp"          // IWYU pragma: export
#include "amalgam/pgtable/notifiers.hpp"    // IWYU pragma: export
#include "amalgam/pgtable/page_table.hpp"   // IWYU pragma: export
#include "amalgam/pgtable/permits.hpp"      // IWYU pragma: export
#include "amalgam/pgtable/plan.hpp"         // IWYU pragma: export
#include "amalgam/pgtable/plan_text.hpp"    // IWYU pragma: export
#include "amalgam/pgtable/port.hpp"         // IWYU pragma: export
#include "amalgam/pgtable/root_copy.hpp"    // IWYU pragma: export
#include "amalgam/pgtable/roots.hpp"        // IWYU pragma: export
#include "amalgam/pgtable/status.hpp"       // IWYU pragma: export
#include "amalgam/pgtable/tags.hpp"         // IWYU pragma: export
