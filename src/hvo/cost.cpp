#include "hvo/cost.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "hvo/vmemmap.hpp"

namespace amalgam::hvo {

namespace {

using pgtable::Plan;

// More than any question that can be asked needs at once.
constexpr std::uint64_t kMaxPages = std::uint64_t{1} << 24;

Saving saving_of(const Question& q) {
  return saving(q.granule, q.huge_page_bytes, q.struct_page_bytes);
}

// Batches after which the work repeats: where the vmemmap is blocks, a batch that ends inside one
// leaves less to split to the next.
std::uint64_t round_of(const Question& q) {
  if (!q.blocks) return 1;
  const std::uint64_t block = arch::level_size_bytes({.granule = q.granule}, 2);
  return block / std::gcd(block, q.batch * saving_of(q).vmemmap_bytes);
}

// Sharing and then restoring `batches` whole batches and `rest` huge pages more.
struct Work {
  std::uint64_t batches = 0;
  std::uint64_t rest = 0;
};
struct Spent {
  Counts share;
  Counts restore;
  Counts first_share;  // of the first batch
  Counts first_restore;
};

std::uint64_t pages_of(const Question& q, const Work& work) {
  return work.batches * q.batch + work.rest;
}

template <arch::Geometry kGeometry>
Spent spent_on(const Question& q, const Work& work) {
  Spent spent;
  const std::uint64_t pages = pages_of(q, work);
  if (pages == 0) return spent;
  Vmemmap<kGeometry> vmemmap(q, pages);
  for (std::uint64_t first = 0; first < pages; first += q.batch) {
    const Counts counts = vmemmap.share(first, std::min(q.batch, pages - first));
    if (first == 0) spent.first_share = counts;
    spent.share += counts;
  }
  for (std::uint64_t first = 0; first < pages; first += q.batch) {
    const Counts counts = vmemmap.restore(first, std::min(q.batch, pages - first));
    if (first == 0) spent.first_restore = counts;
    spent.restore += counts;
  }
  return spent;
}

template <arch::Geometry kGeometry>
Plan plan_of(const Question& q) {
  return Vmemmap<kGeometry>(q, q.batch).plan(q.batch);
}

Question with(Question q, Remedy remedy) {
  switch (remedy) {
    case Remedy::kStopOthers:
      q.permits.stop_others = true;
      break;
    case Remedy::kFaultWindow:
      q.permits.fault_window = true;
      break;
    case Remedy::kNoTranslation:
      q.permits.no_translation = true;
      break;
    case Remedy::kConflictAbort:
      q.permits.conflict_abort = true;
      break;
    case Remedy::kPageMapped:
      q.blocks = false;
      break;
    case Remedy::kZonePage:
      q.shared = pgtable::SharedTail::kZonePage;
      break;
    case Remedy::kHeadsStill:
      q.heads_are_still = true;
      break;
    case Remedy::kBbm2:
      q.bbm = 2;
      break;
    case Remedy::kBbm3:
      q.bbm = 3;
      break;
  }
  return q;
}

// One huge page shows it: all are mapped alike.
template <arch::Geometry kGeometry>
std::vector<Remedy> remedies(const Question& question) {
  static constexpr std::array kRemedies{
      Remedy::kPageMapped, Remedy::kZonePage,      Remedy::kHeadsStill,
      Remedy::kStopOthers, Remedy::kFaultWindow,   Remedy::kNoTranslation,
      Remedy::kBbm2,       Remedy::kConflictAbort, Remedy::kBbm3};
  std::vector<Remedy> found;
  for (const Remedy remedy : kRemedies) {
    Question q = with(question, remedy);
    if (q.bbm < question.bbm) continue;
    q.batch = 1;
    if (plan_of<kGeometry>(q).status.ok()) found.push_back(remedy);
  }
  return found;
}

template <arch::Geometry kGeometry>
void measure(Answer& answer) {
  Question q = answer.question;
  const std::uint64_t batches = q.huge_pages / q.batch;
  const std::uint64_t round = round_of(q);
  const std::uint64_t rounds = batches / round;
  const Work repeated{.batches = rounds == 0 ? 0 : round};
  const Work remainder{.batches = batches % round, .rest = q.huge_pages % q.batch};
  const Spent many = spent_on<kGeometry>(q, repeated);
  const Spent last = spent_on<kGeometry>(q, remainder);
  const Spent& batch = rounds == 0 ? last : many;
  answer.share.all = many.share * rounds + last.share;
  answer.restore.all = many.restore * rounds + last.restore;
  answer.share.batch = batch.first_share;
  answer.restore.batch = batch.first_restore;
  answer.measured = pages_of(q, repeated) + pages_of(q, remainder);
  q.batch = 1;
  const Spent one = spent_on<kGeometry>(q, {.batches = 1});
  answer.share.one = one.share;
  answer.restore.one = one.restore;
}

template <arch::Geometry kGeometry>
Answer answer_on(const Question& question) {
  Answer answer{.question = question, .saving = saving_of(question)};
  answer.plan = plan_of<kGeometry>(question);
  if (answer.plan.status.ok()) {
    measure<kGeometry>(answer);
  } else {
    answer.remedies = remedies<kGeometry>(question);
  }
  return answer;
}

}  // namespace

bool is_askable(const Question& q) {
  const Saving s = saving_of(q);
  if (!s.possible() || q.batch == 0 || q.batch > q.huge_pages) return false;
  if (q.batch > kMaxBatchPages / s.vmemmap_pages()) return false;
  const std::uint64_t at_once = std::min(round_of(q) * q.batch, q.huge_pages);
  return at_once <= kMaxPages / s.vmemmap_pages();
}

Answer answer(const Question& question) {
  switch (question.granule) {
    case arch::Granule::k16K:
      return answer_on<arch::Geometry{.granule = arch::Granule::k16K}>(question);
    case arch::Granule::k64K:
      return answer_on<arch::Geometry{.granule = arch::Granule::k64K}>(question);
    case arch::Granule::k4K:
      break;
  }
  return answer_on<arch::Geometry{}>(question);
}

}  // namespace amalgam::hvo
