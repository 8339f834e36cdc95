// Finds every path that tasks can take and explores every combination of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "explore/compile.hpp"
#include "explore/session.hpp"
#include "model/check.hpp"

namespace amalgam::explorer {

// A path of each task, as indices.
using Combination = std::vector<std::size_t>;

class Search {
 public:
  Search(const Options& options, const Session::Describe& describe) : session_(options, describe) {}

  Result run();

 private:
  struct Explored {
    std::uint64_t digest = 0;  // of the program
    std::vector<model::Finding> findings;
    std::vector<std::string> bounds;
    std::uint64_t slices = 0;
    std::uint64_t states = 0;
    std::uint64_t transitions = 0;
  };

  // --- paths
  void add_path(std::size_t task, const std::vector<std::uint64_t>& history);
  [[nodiscard]] bool is_known(std::size_t task, const std::vector<std::uint64_t>& history) const;
  bool agrees(std::size_t task, const Path& a, const Path& b, bool whole);
  void add_combinations(std::size_t task, std::size_t path);

  // --- combinations
  void explore_all();
  void explore(const Combination& combination);
  bool renew();
  [[nodiscard]] std::vector<Branch> branches(const Combination& combination) const;
  void open_edges(const Combination& combination, const Compiled& compiled,
                  const std::vector<model::RefutedRead>& refuted);

  // --- the answer
  Result answer();
  void add_findings(Result& result);
  [[nodiscard]] Finding told(const model::Finding& finding, const Combination& combination) const;
  [[nodiscard]] std::string token(const std::string& name, const Combination& combination) const;
  [[nodiscard]] std::string place(const model::Location& location) const;
  void keep_replayed(Result& result) const;

  Session session_;
  std::vector<std::vector<Path>> paths_;  // by task
  std::vector<Combination> open_;
  std::map<Combination, Explored> explored_;
  std::set<std::string> bounds_;
};

}  // namespace amalgam::explorer
