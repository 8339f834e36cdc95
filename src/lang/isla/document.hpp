// A test as the parts of its TOML document, before any of their languages is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/isla/source_text.hpp"

namespace amalgam::lang::isla {

// `name = "value"`
struct Entry {
  std::string name;  // "PSTATE.EL" for a key in a table too
  Location location;
  SourceText value;
};

struct ThreadPart {
  std::string name;
  Location location;
  SourceText code;
  std::vector<Entry> init;
  std::vector<Entry> reset;
};

struct SectionPart {
  std::string name;
  Location location;
  SourceText address;
  SourceText code;
};

struct Document {
  std::string name;
  std::vector<Entry> symbolic;  // names only
  SourceText setup;
  std::vector<ThreadPart> threads;  // by their number
  std::vector<SectionPart> sections;
  std::vector<Entry> types;
  SourceText assertion;
};

// Takes a TOML document apart. `lines` must outlive the result. What is missing, has the wrong type
// or is a part of isla's format that is not supported is noted.
Document read_document(const FileLines& lines, Diagnostics& diagnostics);

}  // namespace amalgam::lang::isla
