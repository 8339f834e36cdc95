#include "explore/session.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/table_page.hpp"
#include "explore/text.hpp"
#include "model/program.hpp"

namespace amalgam::explorer {

namespace {

constexpr PhysicalAddress kSetUpPool = 0x1000'0000;
constexpr PhysicalAddress kRootPool = 0x1800'0000;
constexpr PhysicalAddress kTaskPools = 0x2000'0000;
constexpr PhysicalAddress kPoolBytes = 0x0400'0000;
constexpr std::size_t kMaxErrors = 8;
constexpr std::size_t kMaxRoots = 16;
// Contents that a store has made: no address is as large.
constexpr std::uint64_t kStoredContents = std::uint64_t{1} << 63;

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

void Session::begin_call() {
  ++runs_;
  in_task_ = false;
  sealed_ = false;
  setting_ = {};
  memory_.clear();
  contents_.clear();
  gone_.clear();
  reserved_ = 0;
  const std::uint64_t page_bytes = arch::page_bytes(options_.geometry.granule);
  for (std::size_t page = 0; page < root_pages(); ++page) {
    memory_[root() + page * page_bytes].assign(entries_in_page(), 0);
  }
  setting_.roots = {root()};
  setting_.start = {root(), options_.tag};
  taken_ = static_cast<std::uint32_t>(root_pages());
}

void Session::call() {
  begin_call();
  Machine machine(*this);
  try {
    describe_(machine);
  } catch (const std::exception& e) {
    add_error(std::string("the set-up threw: ") + e.what());
  }
  if (!sealed_) {
    setting_.tables = memory_;
    setting_.contents = contents_;
  }
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
  const bool same_watchers = first_->observed.size() == setting_.observed.size() &&
                             first_->devices.size() == setting_.devices.size() &&
                             first_->orders.size() == setting_.orders.size();
  if (!same_watchers) {
    add_error("the set-up is not deterministic: it has other observers when it is called again");
  }
  if (first_->contents != setting_.contents || first_->start != setting_.start) {
    add_error("the set-up is not deterministic: pages or roots differ when it is called again");
  }
  compare_tables();
}

void Session::compare_tables() {
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
  if (!sealed_) {
    setting_.tables = memory_;
    setting_.contents = contents_;
  }
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
  contents_ = setting_.contents;
  root_ = setting_.start.table;
  stores_ = 0;
  reserved_ = 0;
  taken_ = 0;
  step_.clear();
  in_task_ = true;
  in_handler_ = false;
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
  for (const Device& device : what.devices) {
    if (!is_device(device)) misuse("an observer on a device that there is not", here);
  }
  setting_.observed.push_back({va, bytes, what, place_of(here)});
}

std::uint32_t Session::add_mutex() { return setting_.locks++; }

bool Session::is_device(Device device) const { return device.id < setting_.devices.size(); }

Device Session::add_device(const std::string& name, const DeviceTraits& traits, const Here& here) {
  if (in_task_ || sealed_) misuse("devices belong to the set-up, before the first spawn", here);
  const auto& others = setting_.devices;
  if (!others.empty() && others.front().traits.mirrors != traits.mirrors) {
    misuse("a device that mirrors beside one that does not", here);
  }
  setting_.devices.push_back({name, traits});
  return {static_cast<std::uint32_t>(others.size() - 1)};
}

void Session::expect_order(Device device, std::uint64_t data, std::uint64_t flag,
                           const Here& here) {
  if (in_task_ || !is_device(device)) misuse("set-up code alone may expect this of a device", here);
  setting_.orders.push_back({device.id, data, flag, place_of(here)});
}

PhysicalAddress Session::add_root(std::size_t n, const Here& here) {
  if (n == 0) return root();
  const std::uint64_t page_bytes = arch::page_bytes(options_.geometry.granule);
  const PhysicalAddress address = kRootPool + n * root_pages() * page_bytes;
  if (memory_.count(address) != 0) return address;
  if (in_task_ || sealed_ || n >= kMaxRoots) {
    misuse("a root that set-up code did not name before the first spawn, or the 17th", here);
    return root();
  }
  for (std::size_t page = 0; page < root_pages(); ++page) {
    memory_[address + page * page_bytes].assign(entries_in_page(), 0);
  }
  setting_.roots.push_back(address);
  return address;
}

void Session::set_root(pgtable::Half half, PhysicalAddress root, std::uint16_t tag,
                       const Here& here) {
  if (half != options_.half) misuse("the machine has the root of one half (Options::half)", here);
  if (memory_.count(root) == 0) misuse("no root table at " + hex(root), here);
  if (!in_task_) {
    if (sealed_) misuse("the set-up changes a root after the first spawn", here);
    setting_.start = {root, tag};
    return;
  }
  root_ = root;
  record_action({.kind = ActionKind::kSetRoot, .page = root, .index = tag}, here);
}

// --- data pages ----------------------------------------------------------------------------------

std::uint64_t Session::contents_of(PhysicalAddress page) const {
  const auto found = contents_.find(page);
  return found == contents_.end() ? page : found->second;
}

void Session::copy(PhysicalAddress from, PhysicalAddress to, const Here& here) {
  if (!in_task_ && sealed_) misuse("the set-up changes a page after the first spawn", here);
  contents_[to] = contents_of(from);
  if (in_task_) record_action({.kind = ActionKind::kCopy, .page = from, .value = to}, here);
}

bool Session::others_store() const {
  return (first_ && first_->tasks.size() > 1) ||
         std::any_of(setting_.observed.begin(), setting_.observed.end(),
                     [](const Observed& o) { return o.what.store || o.what.add; });
}

// Past the end of the history the answer is what it would be if the task were alone. It is a read
// only where others may change it: nobody makes pages equal that are not.
bool Session::same_contents(PhysicalAddress a, PhysicalAddress b, const Here& here) {
  const bool same = contents_of(a) == contents_of(b);
  if (!in_task_) return same;
  Action action{.kind = ActionKind::kCompare, .page = a, .value = b, .read = same ? 1U : 0U};
  if (same && a != b && others_store()) {
    const std::size_t number = path_.reads.size();
    if (number < history_->size()) action.read = (*history_)[number];
    action.expected = 1;
    path_.reads.push_back(path_.actions.size());
  }
  record_action(action, here);
  return action.read != 0;
}

std::optional<PhysicalAddress> Session::translate(std::uint64_t va) const {
  const arch::Geometry& g = options_.geometry;
  const std::uint64_t input = va & arch::low_mask(g.va_bits);
  PhysicalAddress table = root_;
  for (int level = arch::start_level(g); level <= arch::kPageLevel; ++level) {
    const std::uint64_t index = arch::table_index(g, input, level);
    const std::uint64_t pages_before = index / entries_in_page();
    const auto page = memory_.find(table + pages_before * arch::page_bytes(g.granule));
    if (page == memory_.end()) return std::nullopt;
    const arch::Descriptor found{page->second[index % entries_in_page()]};
    if (!arch::is_valid(g, found, level)) return std::nullopt;
    const PhysicalAddress output = arch::output_address(g, found, level);
    if (!arch::is_leaf(g, found, level)) {
      table = output;
      continue;
    }
    const std::uint64_t offset = input & (arch::level_size_bytes(g, level) - 1);
    return (output + offset) & ~(arch::page_bytes(g.granule) - 1);
  }
  return std::nullopt;
}

void Session::access(std::uint64_t va, bool stores, TaskAccess how, const Here& here) {
  if (in_task_ && stores) {
    const auto page = translate(va);
    if (page) contents_[*page] = kStoredContents + stores_++;
  }
  act({.kind = stores ? ActionKind::kWriteMemory : ActionKind::kReadMemory,
       .value = va,
       .may_fault = how.may_fault},
      true, here);
}

// --- operations ----------------------------------------------------------------------------------

void Session::begin_step(const Here& here) {
  if (!in_task_) misuse("only a task has steps", here);
  step_ = file_and_line(here);
}

// What the other CPUs do when they are interrupted has no values: all of them do the same.
bool may_stand_in_handler(ActionKind kind) {
  return kind == ActionKind::kBarrier || kind == ActionKind::kTlbi ||
         kind == ActionKind::kSetRoot || kind == ActionKind::kInterrupted;
}

void Session::record_action(Action action, const Here& here) {
  if (in_handler_ && !may_stand_in_handler(action.kind)) {
    misuse("a handler does barriers, TLBIs and root writes only: " + describe(action), here);
  }
  if (action.kind == ActionKind::kInterrupt) in_handler_ = true;
  if (action.kind == ActionKind::kInterrupted) in_handler_ = false;
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
