// From one path of each task to a program of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "explore/dependence.hpp"
#include "explore/session.hpp"
#include "model/program.hpp"

namespace amalgam::explorer {

// A path and what follows from what in it.
struct Branch {
  const Path* path = nullptr;
  std::vector<Dependence> dependences;
};

struct Compiled {
  // False: some task reads what nobody can have stored there, so that no run takes these paths
  // together. The program is not complete then.
  bool feasible = true;
  model::Program program;
  std::vector<std::vector<std::size_t>>
      actions;                      // [task][operation]: index into its path's actions
  std::vector<std::string> bounds;  // what the program leaves out
};

// `branches`: one a task. A read whose value follows from the task's own stores is no operation:
// nobody else writes the descriptor. All other reads assume their value. Cost: linear in the
// actions, times the input pages that are watched.
Compiled compile(const Session& session, const std::vector<Branch>& branches);

}  // namespace amalgam::explorer
