#include "report/hvo_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hvo/linux_counts.hpp"
#include "report/columns.hpp"
#include "report/descriptor_text.hpp"

namespace amalgam::report {

namespace {

using hvo::Counts;
using pgtable::Strategy;

struct CountName {
  std::uint64_t Counts::* member;
  std::string_view text;
  std::string_view key;
};

constexpr std::array<CountName, 9> kCounts{{
    {&Counts::live_stores, "stores to live tables", "live_stores"},
    {&Counts::private_stores, "stores to private tables", "private_stores"},
    {&Counts::tables, "table pages taken", "tables"},
    {&Counts::compares, "pages compared", "compares"},
    {&Counts::copies, "pages copied", "copies"},
    {&Counts::flushes, "flushes", "flushes"},
    {&Counts::tlbis, "TLBIs", "tlbis"},
    {&Counts::barriers, "barriers", "barriers"},
    {&Counts::stops, "times the other CPUs stop", "stops"},
}};

std::string percent(double share) { return fmt::format("{:.5g}%", 100 * share); }

std::string right(std::string_view text, std::size_t to) {
  const std::size_t has = width(text);
  return std::string(has < to ? to - has : 0, ' ') + std::string(text);
}

// Cells of one line, each with its width to the right; the last two to the left.
std::string saving_line(const std::array<std::string, 10>& cells) {
  static constexpr std::array<std::size_t, 8> kWidths{5, 14, 9, 6, 5, 6, 9, 8};
  std::string line;
  for (std::size_t i = 0; i < kWidths.size(); ++i) line += right(cells[i], kWidths[i]);
  line += "  " + padded(cells[8], 23) + cells[9];
  return line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

std::string saving_row(const HvoSize& size) {
  const hvo::Saving& s = size.saving;
  const double pages = static_cast<double>(s.vmemmap_bytes) / static_cast<double>(s.page_bytes());
  const std::uint64_t before = size.huge_pages * s.vmemmap_bytes;
  if (!s.possible()) {
    return saving_line({size_text(s.huge_page_bytes), grouped(s.struct_pages),
                        size_text(s.vmemmap_bytes), fmt::format("{:.2g}", pages), "-", "0", "none",
                        "", percent(s.overhead_before()), size_text(before)});
  }
  return saving_line({size_text(s.huge_page_bytes), grouped(s.struct_pages),
                      size_text(s.vmemmap_bytes), grouped(s.vmemmap_pages()), grouped(s.kept_pages),
                      grouped(s.freed_pages), size_text(s.freed_bytes()), percent(s.saved_share()),
                      percent(s.overhead_before()) + ", " + percent(s.overhead_after()),
                      size_text(before) + ", " + size_text(size.huge_pages * s.left_bytes())});
}

std::string saving_table(const HvoReport& report, const Painter& paint) {
  std::string text = paint(Ink::kStrong, "saving") + "    a huge page of " +
                     std::string(name(report.question.granule)) + " pages, and all that " +
                     size_text(report.memory_bytes) + " of memory holds\n";
  text += saving_line({"page", "struct pages", "vmemmap", "pages", "kept", "freed", "saved", "",
                       "overhead, after", "of all, after"});
  for (const HvoSize& size : report.sizes) text += saving_row(size);
  return text;
}

std::string_view demand_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::kReadOnlyStaging:
      return "loads and heads go on; nobody may store to tails until they are restored";
    case Strategy::kBreakBeforeMake:
      return "accesses to tails fault while a tail is broken: the permitted fault window";
    case Strategy::kStopOthers:
      return "the other CPUs stop for each break";
    default:
      return "";
  }
}

std::string_view demand_of_split(Strategy strategy) {
  switch (strategy) {
    case Strategy::kBreakBeforeMake:
      return "accesses to a block fault while it is broken: the permitted fault window";
    case Strategy::kNoTranslation:
      return "accesses to a block may fault while nT is set: the permitted window";
    case Strategy::kStopOthers:
      return "the other CPUs stop for each block";
    default:
      return "one store a block";
  }
}

std::string head_line(std::string_view label, std::string_view text) {
  return hanging(padded(label, 10), text);
}

std::string row_text(arch::RowId id, std::string_view label) {
  const arch::Row& row = arch::row(id);
  return fmt::format("{}: {} [{}; row {} of docs/change-table.md]", row.title, row.reason, label,
                     static_cast<unsigned>(id));
}

std::string route_text(const hvo::Answer& answer, const Painter& paint) {
  const pgtable::Plan& plan = answer.plan;
  const std::string bbm = fmt::format("BBM {}: ", answer.question.bbm);
  if (plan.status.ok()) {
    const std::string route = fmt::format("{}: {}", name(plan.strategy), demand_of(plan.strategy));
    const std::string split =
        fmt::format("{}: {}", name(plan.split_strategy), demand_of_split(plan.split_strategy));
    return head_line("tails", bbm + route) +
           (plan.splits == 0 ? "" : head_line("blocks", bbm + split));
  }
  std::string text = head_line("refused", bbm + row_text(plan.row, arch::row(plan.row).label));
  text.replace(0, 7, paint(Ink::kBad, "refused"));
  std::vector<std::string> options;
  options.reserve(answer.remedies.size());
  for (const hvo::Remedy remedy : answer.remedies) options.emplace_back(name(remedy));
  return text + head_line("legal by", options.empty() ? "no one option" : join(options, "; "));
}

std::string count_line(std::string_view text, const hvo::Costs* ours, const hvo::Costs& linux_costs,
                       std::uint64_t Counts::* member) {
  std::string line = padded("  " + std::string(text), 28);
  for (const hvo::Costs* costs : {ours, &linux_costs}) {
    if (costs == nullptr) continue;
    line += right(" " + grouped(costs->one.*member), 7);
    line += right(" " + grouped(costs->batch.*member), 13);
    line += right(" " + grouped(costs->all.*member), 15);
  }
  return line + '\n';
}

bool is_used(const hvo::Costs& costs, std::uint64_t Counts::* member) {
  return costs.one.*member + costs.batch.*member + costs.all.*member != 0;
}

// `ours` is null where the route is refused.
std::string cost_table(std::string_view title, const hvo::Costs* ours,
                       const hvo::Costs& linux_costs, const Painter& paint) {
  std::string text = padded(title, 28);
  if (ours != nullptr) text += right("one", 7) + right("batch", 13) + right("all", 15);
  text += right("one", 7) + right("batch", 13) + right("all", 15);
  text = paint(Ink::kStrong, text) + '\n';
  for (const CountName& count : kCounts) {
    const bool used =
        (ours != nullptr && is_used(*ours, count.member)) || is_used(linux_costs, count.member);
    if (used) text += count_line(count.text, ours, linux_costs, count.member);
  }
  return text;
}

std::string linux_text(const hvo::Question& question, const Painter& paint) {
  std::string text;
  for (const hvo::LinuxStep& step : hvo::linux_steps(question)) {
    const bool illegal = step.change.break_required;
    const std::string verdict =
        illegal ? fmt::format("break owed, none made [{}; row {}]", step.change.label,
                              static_cast<unsigned>(step.change.row))
                : "legal";
    text += padded("  " + std::string(step.text), 48) +
            paint(illegal ? Ink::kBad : Ink::kGood, verdict) + '\n';
  }
  return paint(Ink::kStrong, fmt::format("Linux 7.3 at BBM {}", question.bbm)) + '\n' + text;
}

std::string measured_text(const hvo::Answer& answer) {
  const hvo::Question& q = answer.question;
  const std::string copies =
      "; copies in sharing: of tails that differ from the shared page, here all";
  if (answer.measured >= q.huge_pages) return "while the library did all of it" + copies;
  return fmt::format("while the library did {} of them, after which batches repeat{}",
                     grouped(answer.measured), copies);
}

std::string answer_text(const hvo::Answer& answer, const Painter& paint) {
  const hvo::Question& q = answer.question;
  const bool ok = answer.plan.status.ok();
  const std::string size = size_text(q.huge_page_bytes) + " pages:";
  std::string text = '\n' + paint(Ink::kStrong, size);
  text += fmt::format(" {}, in batches of {}\n", grouped(q.huge_pages), grouped(q.batch));
  text += route_text(answer, paint);
  if (ok) text += head_line("counted", measured_text(answer));
  if (ok) text += right("amalgam", 63) + right("Linux 7.3", 35) + '\n';
  if (!ok) text += right("Linux 7.3", 63) + '\n';
  text += cost_table("share", ok ? &answer.share : nullptr, hvo::linux_share(q), paint);
  text += cost_table("restore", ok ? &answer.restore : nullptr, hvo::linux_restore(q), paint);
  return text + linux_text(q, paint);
}

std::vector<std::string> permit_names(const pgtable::Permits& permits) {
  std::vector<std::string> names;
  if (permits.stop_others) names.emplace_back("stop-others");
  if (permits.fault_window) names.emplace_back("fault-window");
  if (permits.no_translation) names.emplace_back("nt");
  if (permits.conflict_abort) names.emplace_back("conflict-abort");
  return names;
}

bool shares_head(const hvo::Question& q) { return q.shared == pgtable::SharedTail::kHeadPage; }

std::string setting_text(const HvoReport& report) {
  const hvo::Question& q = report.question;
  const std::vector<std::string> permits = permit_names(q.permits);
  return head_line(
      "hvo", fmt::format("struct page of {} bytes; vmemmap mapped by {}; tails share "
                         "{}{}; FEAT_TLBIRANGE {}; permits: {}",
                         q.struct_page_bytes, q.blocks ? "blocks" : "pages",
                         shares_head(q) ? "their head page" : "a page of the zone",
                         q.heads_are_still ? ", heads hold still" : "", q.tlbi_range ? "yes" : "no",
                         permits.empty() ? "none" : join(permits, ", ")));
}

Json counts_json(const Counts& counts) {
  Json json = Json::object();
  for (const CountName& count : kCounts) json[count.key] = counts.*count.member;
  return json;
}

Json costs_json(const hvo::Costs& costs) {
  return {{"one", counts_json(costs.one)},
          {"batch", counts_json(costs.batch)},
          {"all", counts_json(costs.all)}};
}

Json linux_json(const hvo::Question& question) {
  Json steps = Json::array();
  for (const hvo::LinuxStep& step : hvo::linux_steps(question)) {
    steps.push_back({{"step", step.text},
                     {"break_required", step.change.break_required},
                     {"row", static_cast<unsigned>(step.change.row)},
                     {"label", step.change.label}});
  }
  return {{"share", costs_json(hvo::linux_share(question))},
          {"restore", costs_json(hvo::linux_restore(question))},
          {"steps", std::move(steps)}};
}

Json saving_json(const hvo::Saving& s) {
  return {{"struct_pages", s.struct_pages},
          {"vmemmap_bytes", s.vmemmap_bytes},
          {"kept_pages", s.kept_pages},
          {"freed_pages", s.freed_pages},
          {"freed_bytes", s.freed_bytes()},
          {"saved_share", s.saved_share()},
          {"overhead_before", s.overhead_before()},
          {"overhead_after", s.overhead_after()}};
}

Json refusal_json(const pgtable::Plan& plan) {
  if (plan.status.ok()) return nullptr;
  const arch::Row& row = arch::row(plan.row);
  return {{"error", name(plan.status.error)},
          {"row", static_cast<unsigned>(plan.row)},
          {"change", row.title},
          {"label", row.label},
          {"reason", row.reason}};
}

Json answer_json(const hvo::Answer& answer) {
  const bool ok = answer.plan.status.ok();
  Json remedies = Json::array();
  for (const hvo::Remedy remedy : answer.remedies) remedies.push_back(name(remedy));
  const bool split = answer.plan.splits != 0;
  return {{"batch", answer.question.batch},
          {"legal", ok},
          {"strategy", ok ? Json(name(answer.plan.strategy)) : Json(nullptr)},
          {"split_strategy", ok && split ? Json(name(answer.plan.split_strategy)) : Json(nullptr)},
          {"refusal", refusal_json(answer.plan)},
          {"legal_by", std::move(remedies)},
          {"measured", answer.measured},
          {"share", ok ? costs_json(answer.share) : Json(nullptr)},
          {"restore", ok ? costs_json(answer.restore) : Json(nullptr)},
          {"linux_7_3", linux_json(answer.question)}};
}

}  // namespace

std::string_view name(hvo::Remedy remedy) {
  static constexpr std::array<std::string_view, 9> kNames{"--permit stop-others",
                                                          "--permit fault-window",
                                                          "--permit nt",
                                                          "--permit conflict-abort",
                                                          "--vmemmap pages",
                                                          "--shared zone",
                                                          "--heads-still",
                                                          "--bbm 2",
                                                          "--bbm 3"};
  return kNames[static_cast<std::size_t>(remedy)];
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::string_view kUnits = " KMGTPE";
  std::size_t unit = 0;
  auto size = static_cast<double>(bytes);
  for (; size >= 1024; size /= 1024) ++unit;
  const std::string number = fmt::format("{:.5g}", size);
  return unit == 0 ? number : number + kUnits[unit];
}

std::string hvo_text(const HvoReport& report, const Painter& paint) {
  std::string text = setting_text(report) + saving_table(report, paint);
  for (const HvoSize& size : report.sizes) {
    if (size.answer) text += answer_text(*size.answer, paint);
  }
  return text;
}

Json hvo_json(const HvoReport& report) {
  const hvo::Question& q = report.question;
  Json json = document();
  json["granule"] = name(q.granule);
  json["memory_bytes"] = report.memory_bytes;
  json["struct_page_bytes"] = q.struct_page_bytes;
  json["bbm"] = q.bbm;
  json["tlbi_range"] = q.tlbi_range;
  json["vmemmap"] = q.blocks ? "blocks" : "pages";
  json["shared"] = shares_head(q) ? "head" : "zone";
  json["heads_still"] = q.heads_are_still;
  json["permits"] = permit_names(q.permits);
  Json sizes = Json::array();
  for (const HvoSize& size : report.sizes) {
    sizes.push_back({{"huge_page_bytes", size.saving.huge_page_bytes},
                     {"huge_pages", size.huge_pages},
                     {"before_bytes", size.huge_pages * size.saving.vmemmap_bytes},
                     {"after_bytes", size.huge_pages * size.saving.left_bytes()},
                     {"saving", saving_json(size.saving)},
                     {"hvo", size.answer ? answer_json(*size.answer) : Json(nullptr)}});
  }
  json["sizes"] = std::move(sizes);
  return json;
}

}  // namespace amalgam::report
