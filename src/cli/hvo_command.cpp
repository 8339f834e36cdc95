#include "cli/hvo_command.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/values.hpp"
#include "hvo/cost.hpp"
#include "report/columns.hpp"
#include "report/hvo_report.hpp"

namespace amalgam::cli {

namespace {

constexpr const char* kExamples = R"(Examples:
  amalgam hvo --memory 1T                            what every size of huge page saves and costs
  amalgam hvo --memory 1T --page 2M --tlbi-range
  amalgam hvo --memory 1T --page 1G --vmemmap blocks --bbm 0 --permit stop-others
  amalgam hvo --memory 512G --granule 64K --json

The vmemmap holds a struct page for each page of memory. HVO lets those of a huge page that are all
alike, the tails, share one page. Costs are counted while the library shares and restores tails on
tables like those of the machine asked for; docs/hvo.md says what each step is for.

Exit status: 0 legal, or nothing to share; 1 not legal with these permits; 2 for arguments that
cannot be used.)";

struct HvoSettings {
  std::uint64_t memory_bytes = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t struct_page_bytes = hvo::kLinuxStructPageBytes;
  std::uint64_t batch = 1000;
  int bbm = 0;
  std::string granule = "4K";
  std::string vmemmap = "pages";
  std::string shared = "zone";
  std::vector<std::string> permits;
  bool heads_still = false;
  bool tlbi_range = false;
  bool json = false;
};

arch::Granule granule_of(const std::string& name) {
  if (name == "16K" || name == "16k") return arch::Granule::k16K;
  return name == "64K" || name == "64k" ? arch::Granule::k64K : arch::Granule::k4K;
}

void add_memory_options(CLI::App& app, HvoSettings& settings) {
  static constexpr const char* kGroup = "Memory";
  static constexpr const char* kBytes = "a count of bytes such as 2M, 1G or 1T";
  add_parsed(app, "--memory", settings.memory_bytes, parse_bytes, kBytes,
             "memory that is huge pages, such as 1T")
      ->required()
      ->group(kGroup);
  add_parsed(app, "--page", settings.page_bytes, parse_bytes, kBytes,
             "size of a huge page (default: every size of the granule)")
      ->group(kGroup);
  app.add_option("--granule", settings.granule, "4K (default), 16K or 64K")
      ->check(CLI::IsMember({"4K", "16K", "64K"}, CLI::ignore_case))
      ->group(kGroup);
  app.add_option("--struct-page", settings.struct_page_bytes,
                 "bytes of a struct page, a power of two (default 64)")
      ->check(CLI::IsMember({8, 16, 32, 64, 128, 256}))
      ->group(kGroup);
}

void add_machine_options(CLI::App& app, HvoSettings& settings) {
  static constexpr const char* kGroup = "Machine and method";
  app.add_option("--bbm", settings.bbm, "FEAT_BBM level of the CPUs (default 0)")
      ->check(CLI::Range(0, 3))
      ->group(kGroup);
  app.add_flag("--tlbi-range", settings.tlbi_range, "CPUs have FEAT_TLBIRANGE")->group(kGroup);
  app.add_option("--vmemmap", settings.vmemmap, "mapped by pages (default) or blocks")
      ->check(CLI::IsMember({"pages", "blocks"}))
      ->group(kGroup);
  app.add_option("--shared", settings.shared,
                 "what tails share: a page of the zone (default), or the head page")
      ->check(CLI::IsMember({"zone", "head"}))
      ->group(kGroup);
  app.add_flag("--heads-still", settings.heads_still,
               "nobody stores to heads meanwhile (matters for --shared head)")
      ->group(kGroup);
  add_parsed(app, "--batch", settings.batch, parse_count, "a number of at least 1",
             "huge pages shared at once (default 1000, or all if they are fewer)")
      ->group(kGroup);
  app.add_option("--permit", settings.permits,
                 "stop-others, fault-window, nt or conflict-abort; may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"stop-others", "fault-window", "nt", "conflict-abort"}))
      ->group(kGroup);
  app.add_flag("--json", settings.json, "JSON")->group("Answer");
}

pgtable::Permits permits_of(const std::vector<std::string>& names) {
  const auto has = [&](const char* name) { return std::ranges::find(names, name) != names.end(); };
  pgtable::Permits permits;
  permits.stop_others = has("stop-others");
  permits.fault_window = has("fault-window");
  permits.no_translation = has("nt");
  permits.conflict_abort = has("conflict-abort");
  return permits;
}

hvo::Question question_of(const HvoSettings& settings) {
  hvo::Question q;
  q.granule = granule_of(settings.granule);
  q.struct_page_bytes = settings.struct_page_bytes;
  q.bbm = static_cast<std::uint8_t>(settings.bbm);
  q.tlbi_range = settings.tlbi_range;
  q.blocks = settings.vmemmap == "blocks";
  q.shared =
      settings.shared == "head" ? pgtable::SharedTail::kHeadPage : pgtable::SharedTail::kZonePage;
  q.heads_are_still = settings.heads_still;
  q.permits = permits_of(settings.permits);
  return q;
}

// The sizes asked for.
std::vector<std::uint64_t> sizes_of(const HvoSettings& settings, arch::Granule granule) {
  std::vector<std::uint64_t> all = hvo::huge_page_sizes(granule);
  if (settings.page_bytes == 0) return all;
  if (std::ranges::find(all, settings.page_bytes) != all.end()) return {settings.page_bytes};
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const std::uint64_t size : all) names.push_back(report::size_text(size));
  throw CLI::ValidationError("--page", "huge pages of this granule are " +
                                           report::join(names, ", ") + ", not " +
                                           report::size_text(settings.page_bytes));
}

report::HvoSize size_of(const HvoSettings& settings, hvo::Question q, std::uint64_t bytes) {
  report::HvoSize size;
  size.saving = hvo::saving(q.granule, bytes, q.struct_page_bytes);
  size.huge_pages = settings.memory_bytes / bytes;
  if (!size.saving.possible() || size.huge_pages == 0) return size;
  q.huge_page_bytes = bytes;
  q.huge_pages = size.huge_pages;
  q.batch = std::min(settings.batch, size.huge_pages);
  if (!hvo::is_askable(q)) {
    throw CLI::ValidationError("--batch",
                               "too many page structures to count; take fewer, or a power of two");
  }
  size.answer = hvo::answer(q);
  return size;
}

report::HvoReport report_on(const HvoSettings& settings) {
  report::HvoReport report{settings.memory_bytes, question_of(settings), {}};
  const std::vector<std::uint64_t> sizes = sizes_of(settings, report.question.granule);
  if (settings.memory_bytes < sizes.front()) {
    throw CLI::ValidationError("--memory", "less than one huge page");
  }
  for (const std::uint64_t bytes : sizes) {
    report.sizes.push_back(size_of(settings, report.question, bytes));
  }
  return report;
}

bool is_legal(const report::HvoReport& report) {
  return std::ranges::all_of(report.sizes, [](const report::HvoSize& size) {
    return !size.answer || size.answer->plan.status.ok();
  });
}

}  // namespace

Command add_hvo(CLI::App& program, const bool& colour) {
  CLI::App* app = program.add_subcommand(
      "hvo", "What does sharing the page structures of huge pages save, and take?");
  app->footer(kExamples)->group(kMainGroup);
  auto settings = std::make_shared<HvoSettings>();
  add_memory_options(*app, *settings);
  add_machine_options(*app, *settings);
  return [settings, &colour](Terminal& terminal) {
    const report::HvoReport report = report_on(*settings);
    if (settings->json) {
      terminal.out << report::dump(report::hvo_json(report), false);
    } else {
      terminal.out << report::hvo_text(report, report::Painter(colour));
    }
    return is_legal(report) ? kFine : kViolation;
  };
}

}  // namespace amalgam::cli
