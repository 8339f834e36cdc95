#include "lang/isla/document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace amalgam::lang::isla {

namespace {

std::string ticked(std::string_view text) { return '`' + std::string(text) + '`'; }

bool is_natural(std::string_view text) {
  return !text.empty() && text.size() <= 3 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Keys that say how isla draws or times a test, and what it is known by elsewhere.
constexpr std::array<std::string_view, 4> kIgnoredKeys{"graph", "meta", "hash", "expect"};
constexpr std::array<std::string_view, 8> kKnownKeys{
    "arch", "name", "symbolic", "page_table_setup", "thread", "section", "types", "final"};

class DocumentReader {
 public:
  DocumentReader(const FileLines& lines, Diagnostics& diagnostics)
      : lines_(lines), diagnostics_(diagnostics) {}

  Document read(const toml::table& root) {
    read_head(root);
    read_symbolic(root);
    document_.setup = text_of(root, "page_table_setup", {1, 1, 1});
    read_threads(root);
    read_sections(root);
    read_types(root);
    read_final(root);
    refuse_unknown(root);
    return std::move(document_);
  }

 private:
  [[nodiscard]] Location at(const toml::source_region& region) const {
    const std::size_t begin = lines_.offset(region.begin.line, region.begin.column);
    const std::size_t end = lines_.offset(region.end.line, region.end.column);
    const std::string_view line = lines_.file().substr(begin, end > begin ? end - begin : 1);
    return lines_.location(begin, std::min(line.size(), line.find('\n')));
  }

  void error(const toml::source_region& region, std::string message) {
    diagnostics_.error(at(region), std::move(message));
  }

  SourceText source_text(const toml::node& node, std::string_view name) {
    const auto* text = node.as_string();
    if (text == nullptr) {
      error(node.source(), ticked(name) + " is not a text");
      return {};
    }
    const toml::source_position& begin = node.source().begin;
    return {lines_, lines_.offset(begin.line, begin.column), text->get()};
  }

  // The text of a key that must be there.
  SourceText text_of(const toml::table& table, std::string_view name, const Location& owner) {
    const toml::node* node = table.get(name);
    if (node != nullptr) return source_text(*node, name);
    diagnostics_.error(owner, ticked(name) + " is missing");
    return {};
  }

  // The tables below a key; none if it is not there.
  const toml::table* table_of(const toml::table& table, std::string_view name) {
    const toml::node* node = table.get(name);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) error(node->source(), ticked(name) + " is not a table");
    return node->as_table();
  }

  void read_head(const toml::table& root) {
    const SourceText arch = text_of(root, "arch", {1, 1, 1});
    if (!arch.text().empty() && arch.text() != "AArch64") {
      diagnostics_.error(arch.location(0, arch.text().size()),
                         "the architecture is " + ticked(arch.text()) + ", expected `AArch64`");
    }
    document_.name = text_of(root, "name", {1, 1, 1}).text();
  }

  void read_symbolic(const toml::table& root) {
    const toml::node* node = root.get("symbolic");
    if (node == nullptr) return diagnostics_.error({1, 1, 1}, "`symbolic` is missing");
    if (!node->is_array()) return error(node->source(), "`symbolic` is not a list of names");
    for (const toml::node& element : *node->as_array()) {
      SourceText text = source_text(element, "symbolic");
      std::string name = text.text();
      const Location location = text.location(0, name.size());
      document_.symbolic.push_back({std::move(name), location, std::move(text)});
    }
  }

  // Entries in the order of the file; `a.b = v` is the entry "a.b".
  void add_entries(const toml::table& table, const std::string& prefix, std::vector<Entry>& out) {
    for (auto&& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (name.starts_with("__isla_")) continue;  // steers isla's own execution
      if (const toml::table* inner = node.as_table()) {
        if (prefix.empty())
          add_entries(*inner, name + ".", out);
        else
          error(key.source(), ticked(name) + " is not a register");
      } else {
        out.push_back({name, at(key.source()), source_text(node, name)});
      }
    }
    std::ranges::sort(out, {},
                      [](const Entry& e) { return std::pair(e.location.line, e.location.column); });
  }

  std::vector<Entry> entries_of(const toml::table& table, std::string_view name) {
    std::vector<Entry> entries;
    if (const toml::table* inner = table_of(table, name)) add_entries(*inner, "", entries);
    return entries;
  }

  void read_thread(const toml::key& key, const toml::node& node) {
    const Location location = at(key.source());
    if (!is_natural(key.str())) {
      return diagnostics_.error(location, "a thread's name is a number below 1000");
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) return diagnostics_.error(location, "a thread is a table");
    for (auto&& [inner, value] : *table) {
      if (inner != "code" && inner != "init" && inner != "reset") {
        error(inner.source(), ticked(inner.str()) + " of a thread is not supported");
      }
    }
    document_.threads.push_back({std::string(key.str()), location,
                                 text_of(*table, "code", location), entries_of(*table, "init"),
                                 entries_of(*table, "reset")});
  }

  void read_threads(const toml::table& root) {
    if (const toml::table* threads = table_of(root, "thread")) {
      for (auto&& [key, node] : *threads) read_thread(key, node);
    }
    std::ranges::sort(document_.threads, {}, [](const ThreadPart& t) { return std::stoi(t.name); });
    if (document_.threads.empty() && !diagnostics_.any()) {
      diagnostics_.error({1, 1, 1}, "the test has no thread");
    }
  }

  void read_sections(const toml::table& root) {
    const toml::table* sections = table_of(root, "section");
    if (sections == nullptr) return;
    for (auto&& [key, node] : *sections) {
      const Location location = at(key.source());
      const toml::table* table = node.as_table();
      if (table == nullptr) {
        diagnostics_.error(location, "a section is a table");
        continue;
      }
      document_.sections.push_back({std::string(key.str()), location,
                                    text_of(*table, "address", location),
                                    text_of(*table, "code", location)});
    }
  }

  void read_types(const toml::table& root) { document_.types = entries_of(root, "types"); }

  void read_final(const toml::table& root) {
    const toml::table* final = table_of(root, "final");
    if (final == nullptr) return diagnostics_.error({1, 1, 1}, "`final` is missing");
    document_.assertion = text_of(*final, "assertion", at(final->source()));
  }

  void refuse_unknown(const toml::table& root) {
    for (auto&& [key, node] : root) {
      if (std::ranges::find(kKnownKeys, key.str()) == kKnownKeys.end() &&
          std::ranges::find(kIgnoredKeys, key.str()) == kIgnoredKeys.end()) {
        error(key.source(), ticked(key.str()) + " is not supported");
      }
    }
  }

  const FileLines& lines_;
  Diagnostics& diagnostics_;
  Document document_;
};

}  // namespace

Document read_document(const FileLines& lines, Diagnostics& diagnostics) {
  // The library as Debian builds it reports errors by throwing.
  try {
    const toml::table root = toml::parse(lines.file());
    return DocumentReader(lines, diagnostics).read(root);
  } catch (const toml::parse_error& e) {
    const toml::source_position& begin = e.source().begin;
    diagnostics.error(lines.location(lines.offset(begin.line, begin.column), 1),
                      "not TOML: " + std::string(e.description()));
    return {};
  }
}

}  // namespace amalgam::lang::isla
