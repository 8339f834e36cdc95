#include "explore/session.hpp"

#include <algorithm>

#include "amalgam/pgtable/table_page.hpp"
#include "explore/text.hpp"
#include "model/program.hpp"

namespace amalgam::explorer {

namespace {

constexpr PhysicalAddress kSetUpPool = 0x1000'0000;
constexpr PhysicalAddress kTaskPools = 0x2000'0000;
constexpr PhysicalAddress kPoolBytes = 0x0400'0000;
constexpr std::size_t kMaxErrors = 8;

std::string file_and_line(const std::source_location& here) {
  const std::string_view path = here.file_name();
  const std::size_t slash = path.rfind('/');
  const std::string_view file = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return std::string(file) + ':' + std::to_string(here.line());
}

}  // namespace

Session::Session(const Options& options, const Describe& describe)
    : options_(options), describe_(describe), places_{""} {}

// --- addresses -----------------------------------------------------------------------------------

PhysicalAddress Session::root() const { return kSetUpPool; }

PhysicalAddress Session::first_data_page() const {
  return PhysicalAddress{1} << (options_.geometry.pa_bits > 33 ? 32 : 31);
}

std::size_t Session::root_pages() const { return pgtable::root_pages(options_.geometry); }

std::size_t Session::entries_in_page() const { return pgtable::entries_in_page(options_.geometry); }

PhysicalAddress Session::pool(std::uint32_t owner) const { return kTaskPools + owner * kPoolBytes; }

// Tasks are spawned one after another: which there are is known from the call before.
bool Session::is_of_other_pool(PhysicalAddress page) const {
  const std::size_t tasks = first_ ? first_->tasks.size() : 0;
  const bool of_task = page >= kTaskPools && page < pool(static_cast<std::uint32_t>(tasks));
  return in_task_ && of_task && (page - kTaskPools) / kPoolBytes != wanted_task_;
}

std::uint32_t Session::place_of(const Here& here) { return intern(file_and_line(here)); }

std::uint32_t Session::intern(const std::string& place) {
  const auto [slot, added] =
      place_ids_.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
  if (added) places_.push_back(slot->first);
  return slot->second;
}

// --- errors --------------------------------------------------------------------------------------

void Session::add_error(std::string text) {
  const bool known = std::find(errors_.begin(), errors_.end(), text) != errors_.end();
  if (!known && errors_.size() < kMaxErrors) errors_.push_back(std::move(text));
}

// Code that does what it must not has no next step that means anything.
void Session::misuse(const std::string& what, const Here& here) {
  std::string text = file_and_line(here) + ": " + what;
  if (in_task_) text += " (task " + setting_.tasks[wanted_task_].name + ')';
  add_error(std::move(text));
  if (in_task_) fibre_.abandon();
}

void Session::cut(std::string bound) {
  path_.bound = setting_.tasks[wanted_task_].name + ": " + std::move(bound);
  fibre_.abandon();
}

// --- calls ---------------------------------------------------------------------------------------

void Session::look() {
  records_ = false;
  call();
}

Path Session::record(std::uint32_t task, const std::vector<std::uint64_t>& history) {
  records_ = true;
  wanted_task_ = task;
  history_ = &history;
  path_ = {};
  call();
  return std::move(path_);
}

void Session::call() {
  ++runs_;
  in_task_ = false;
  sealed_ = false;
  setting_ = {};
  memory_.clear();
  gone_.clear();
  reserved_ = 0;
  taken_ = 0;
  const std::uint64_t page_bytes = arch::page_bytes(options_.geometry.granule);
  for (std::size_t page = 0; page < root_pages(); ++page) {
    memory_[root() + page * page_bytes].assign(entries_in_page(), 0);
  }
  taken_ = static_cast<std::uint32_t>(root_pages());
  Machine machine(*this);
  try {
    describe_(machine);
  } catch (const std::exception& e) {
    add_error(std::string("the set-up threw: ") + e.what());
  }
  if (!sealed_) setting_.tables = memory_;
  compare_setting();
}

void Session::compare_setting() {
  if (!first_) {
    first_ = setting_;
    return;
  }
  if (first_->tasks != setting_.tasks) {
    add_error("the set-up is not deterministic: it spawns other tasks when it is called again");
  }
  if (first_->observed.size() != setting_.observed.size()) {
    add_error("the set-up is not deterministic: it has other observers when it is called again");
  }
  if (first_->tables == setting_.tables) return;
  for (const auto& [page, entries] : setting_.tables) {
    const auto known = first_->tables.find(page);
    if (known != first_->tables.end() && known->second == entries) continue;
    add_error("the set-up is not deterministic: table " + hex(page) +
              " holds something else when it is called again");
    return;
  }
  add_error("the set-up is not deterministic: it makes fewer tables when it is called again");
}

void Session::spawn(const std::string& name, const std::function<void()>& body,
                    std::optional<std::uint32_t> cpu, const Here& here) {
  if (in_task_) {
    misuse("a task spawns a task", here);
    return;
  }
  if (!sealed_) setting_.tables = memory_;
  sealed_ = true;
  const auto id = static_cast<std::uint32_t>(setting_.tasks.size());
  const std::uint32_t next = id == 0 ? 0 : setting_.tasks.back().cpu + 1;
  setting_.tasks.push_back({name, cpu.value_or(next), place_of(here)});
  if (setting_.tasks.back().cpu >= options_.cpus) {
    setting_.tasks.back().cpu = 0;
    misuse("there is no CPU for the task: Options::cpus is too small", here);
  }
  if (!records_ || id != wanted_task_) return;
  const TableMemory before = memory_;
  memory_ = setting_.tables;
  reserved_ = 0;
  taken_ = 0;
  step_.clear();
  in_task_ = true;
  const std::string error = fibre_.run(body);
  in_task_ = false;
  if (!error.empty()) add_error(place(setting_.tasks[id].place) + ": task " + name + ' ' + error);
  memory_ = before;
}

void Session::observe(std::uint64_t va, std::uint64_t bytes, const Observation& what,
                      const Here& here) {
  if (in_task_) {
    misuse("observers belong to the set-up", here);
    return;
  }
  for (const std::uint32_t cpu : what.cpus) {
    if (cpu >= options_.cpus) misuse("an observer on a CPU that there is not", here);
  }
  setting_.observed.push_back({va, bytes, what, place_of(here)});
}

std::uint32_t Session::add_mutex() { return setting_.locks++; }

// --- operations ----------------------------------------------------------------------------------

void Session::begin_step(const Here& here) {
  if (!in_task_) misuse("only a task has steps", here);
  step_ = file_and_line(here);
}

void Session::record_action(Action action, const Here& here) {
  const std::string own = file_and_line(here);
  action.place = intern(step_.empty() || step_ == own ? own : step_ + ", " + own);
  path_.actions.push_back(action);
  if (path_.actions.size() > options_.max_operations) {
    cut("more than " + std::to_string(options_.max_operations) + " operations");
  }
}

// A read yields what the history says, and past its end what the task would find if it were alone.
std::uint64_t Session::record_read(Action action, const Here& here) {
  const std::size_t number = path_.reads.size();
  std::uint64_t& known = *descriptor(action.page, action.index, here);
  if (number < history_->size()) known = (*history_)[number];
  action.read = known;
  path_.reads.push_back(path_.actions.size());
  record_action(action, here);
  if (path_.reads.size() > options_.max_reads) {
    cut("more than " + std::to_string(options_.max_reads) + " reads of descriptors");
  }
  return action.read;
}

std::uint64_t* Session::descriptor(PhysicalAddress page, std::size_t index, const Here& here) {
  static std::uint64_t nowhere = 0;
  nowhere = 0;
  const auto found = memory_.find(page);
  if (found == memory_.end() || index >= found->second.size()) {
    misuse(found == memory_.end() ? "no table page at " + hex(page)
                                  : "no descriptor " + std::to_string(index) + " in a table page",
           here);
    return &nowhere;
  }
  return &found->second[index];
}

void Session::open(PhysicalAddress page, const Here& here) {
  if (memory_.count(page) != 0) return;
  if (!is_of_other_pool(page) || gone_.count(page) != 0) {
    misuse((gone_.count(page) != 0 ? "table page given back: " : "no table page at ") + hex(page),
           here);
    return;
  }
  auto& entries = memory_[page];
  entries.assign(entries_in_page(), model::kUninitialised);
  for (auto it = stored_.lower_bound({page, 0}); it != stored_.end() && it->first.first == page;
       ++it) {
    entries[it->first.second] = it->second;
  }
}

std::uint64_t Session::load(PhysicalAddress page, std::size_t index, const Here& here) {
  if (!in_task_) return *descriptor(page, index, here);
  return record_read(
      {.kind = ActionKind::kLoad, .page = page, .index = static_cast<std::uint32_t>(index)}, here);
}

void Session::store(PhysicalAddress page, std::size_t index, std::uint64_t raw, const Here& here) {
  std::uint64_t& entry = *descriptor(page, index, here);
  if (in_task_) {
    record_action({.kind = ActionKind::kStore,
                   .page = page,
                   .index = static_cast<std::uint32_t>(index),
                   .value = raw},
                  here);
    stored_[{page, index}] = raw;
  } else if (sealed_ && entry != raw) {
    misuse("the set-up changes a table after the first spawn", here);
  }
  entry = raw;
}

bool Session::exchange(PhysicalAddress page, std::size_t index, std::uint64_t& expected,
                       std::uint64_t raw, const Here& here) {
  std::uint64_t found = 0;
  if (in_task_) {
    found = record_read({.kind = ActionKind::kExchange,
                         .page = page,
                         .index = static_cast<std::uint32_t>(index),
                         .value = raw,
                         .expected = expected},
                        here);
  } else {
    found = load(page, index, here);
  }
  if (found != expected) {
    expected = found;
    return false;
  }
  std::uint64_t& entry = *descriptor(page, index, here);
  if (!in_task_ && sealed_ && entry != raw) {
    misuse("the set-up changes a table after the first spawn", here);
  }
  if (in_task_) stored_[{page, index}] = raw;
  entry = raw;
  return true;
}

bool Session::reserve(std::size_t count) {
  const std::uint64_t bytes =
      (taken_ + reserved_ + count) * arch::page_bytes(options_.geometry.granule);
  if (bytes > kPoolBytes) return false;
  reserved_ += count;
  return true;
}

PhysicalAddress Session::take(const Here& here) {
  if (reserved_ == 0) misuse("take() of a table page that was not reserved", here);
  release(1);
  const std::uint64_t offset = taken_++ * arch::page_bytes(options_.geometry.granule);
  const PhysicalAddress page = (in_task_ ? pool(wanted_task_) : kSetUpPool) + offset;
  memory_[page].assign(entries_in_page(), model::kUninitialised);
  if (in_task_) record_action({.kind = ActionKind::kTake, .page = page}, here);
  return page;
}

void Session::give_back(PhysicalAddress page, const Here& here) {
  const bool known = memory_.erase(page) == 1;
  gone_.insert(page);
  if (!known) misuse("no table page to give back at " + hex(page), here);
  if (in_task_) {
    record_action({.kind = ActionKind::kGiveBack, .page = page}, here);
  } else if (sealed_) {
    misuse("the set-up changes a table after the first spawn", here);
  }
}

void Session::act(Action action, bool task_only, const Here& here) {
  if (in_task_) {
    record_action(action, here);
  } else if (task_only) {
    misuse("only a task may do this: " + describe(action), here);
  }
}

}  // namespace amalgam::explorer
