// Where a command writes.
#pragma once

#include <ostream>

namespace amalgam::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;  // `out` is a terminal that shows colour
};

}  // namespace amalgam::cli
