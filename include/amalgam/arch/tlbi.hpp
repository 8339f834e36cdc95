#pragma once

// Everything about TLBI: mnemonics, operands, ranges, and what an operation removes.
#include "amalgam/arch/tlbi_covers.hpp"    // IWYU pragma: export
#include "amalgam/arch/tlbi_mnemonic.hpp"  // IWYU pragma: export
#include "amalgam/arch/tlbi_operand.hpp"   // IWYU pragma: export
#include "amalgam/arch/tlbi_range.hpp"     // IWYU pragma: export
