// One exploration's view of the user's code: calls it, applies what its set-up does to memory, and
// records what one task does on one history of values read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "explore/action.hpp"
#include "explore/explore.hpp"
#include "explore/fibre.hpp"

namespace amalgam::explorer {

using TableMemory = std::map<PhysicalAddress, std::vector<std::uint64_t>>;

struct Observed {
  std::uint64_t va = 0;
  std::uint64_t bytes = 0;
  Observation what;
  std::uint32_t place = 0;
};

struct Task {
  std::string name;
  std::uint32_t cpu = 0;
  std::uint32_t place = 0;
  friend bool operator==(const Task&, const Task&) = default;
};

struct NamedDevice {
  std::string name;
  DeviceTraits traits;
};

// A device loads `flag` and then `data`.
struct ExpectedOrder {
  std::uint32_t device = 0;
  std::uint64_t data = 0;
  std::uint64_t flag = 0;
  std::uint32_t place = 0;
};

struct RootRegister {
  PhysicalAddress table = 0;
  std::uint16_t tag = 0;
  friend auto operator<=>(const RootRegister&, const RootRegister&) = default;
};

// Of data pages: equal numbers are equal contents. A page that is not named has its address for it.
using PageContents = std::map<PhysicalAddress, std::uint64_t>;

// What set-up code describes: the same in every call.
struct Setting {
  TableMemory tables;
  PageContents contents;
  std::vector<PhysicalAddress> roots;  // tables
  RootRegister start;                  // of every CPU
  std::vector<NamedDevice> devices;
  std::vector<ExpectedOrder> orders;
  std::vector<Observed> observed;
  std::vector<Task> tasks;
  std::uint32_t locks = 0;
};

class Session {
 public:
  using Here = std::source_location;
  using Describe = std::function<void(Machine&)>;

  Session(const Options& options, const Describe& describe);

  // Calls the describing function without running a task. The setting is known after it.
  void look();
  // Calls it and runs task `task`, whose reads yield `history` and then what memory holds if nobody
  // else acts.
  Path record(std::uint32_t task, const std::vector<std::uint64_t>& history);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Setting& setting() const { return setting_; }
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
  [[nodiscard]] const std::string& place(std::uint32_t id) const { return places_[id]; }
  [[nodiscard]] std::size_t runs() const { return runs_; }
  [[nodiscard]] PhysicalAddress root() const;
  [[nodiscard]] PhysicalAddress first_data_page() const;
  [[nodiscard]] std::size_t root_pages() const;
  [[nodiscard]] std::size_t entries_in_page() const;
  void add_error(std::string text);

  // --- called by Machine, Port and Mutex
  std::uint64_t load(PhysicalAddress page, std::size_t index, const Here& here);
  void store(PhysicalAddress page, std::size_t index, std::uint64_t raw, const Here& here);
  bool exchange(PhysicalAddress page, std::size_t index, std::uint64_t& expected, std::uint64_t raw,
                const Here& here);
  void open(PhysicalAddress page, const Here& here);
  bool reserve(std::size_t count);
  void release(std::size_t count) { reserved_ -= count < reserved_ ? count : reserved_; }
  PhysicalAddress take(const Here& here);
  void give_back(PhysicalAddress page, const Here& here);
  void begin_step(const Here& here);
  void copy(PhysicalAddress from, PhysicalAddress to, const Here& here);
  bool same_contents(PhysicalAddress a, PhysicalAddress b, const Here& here);
  void access(std::uint64_t va, bool stores, TaskAccess how, const Here& here);
  PhysicalAddress add_root(std::size_t n, const Here& here);
  void set_root(pgtable::Half half, PhysicalAddress root, std::uint16_t tag, const Here& here);
  Device add_device(const std::string& name, const DeviceTraits& traits, const Here& here);
  void expect_order(Device device, std::uint64_t data, std::uint64_t flag, const Here& here);
  // Any other operation. Set-up code may not do it if `task_only`.
  void act(Action action, bool task_only, const Here& here);
  void observe(std::uint64_t va, std::uint64_t bytes, const Observation& what, const Here& here);
  void spawn(const std::string& name, const std::function<void()>& body,
             std::optional<std::uint32_t> cpu, const Here& here);
  std::uint32_t add_mutex();

 private:
  void call();
  void begin_call();
  void compare_setting();
  void compare_tables();
  void record_action(Action action, const Here& here);
  std::uint64_t record_read(Action action, const Here& here);
  [[nodiscard]] bool is_device(Device device) const;
  [[nodiscard]] bool others_store() const;
  [[nodiscard]] std::uint64_t contents_of(PhysicalAddress page) const;
  // Where the address leads as the task knows its tables.
  [[nodiscard]] std::optional<PhysicalAddress> translate(std::uint64_t va) const;
  std::uint64_t* descriptor(PhysicalAddress page, std::size_t index, const Here& here);
  std::uint32_t place_of(const Here& here);
  std::uint32_t intern(const std::string& place);
  void misuse(const std::string& what, const Here& here);
  void cut(std::string bound);
  [[nodiscard]] PhysicalAddress pool(std::uint32_t owner) const;
  [[nodiscard]] bool is_of_other_pool(PhysicalAddress page) const;

  const Options& options_;
  const Describe& describe_;
  std::vector<std::string> errors_;
  std::vector<std::string> places_;
  std::map<std::string, std::uint32_t> place_ids_;
  std::size_t runs_ = 0;
  std::optional<Setting> first_;
  Setting setting_;
  // What tasks were seen to store in table pages of theirs: what others may find there.
  std::map<std::pair<PhysicalAddress, std::size_t>, std::uint64_t> stored_;

  // Of the call that goes on.
  bool in_task_ = false;
  bool sealed_ = false;  // a task has been spawned: set-up is over
  std::uint32_t wanted_task_ = 0;
  bool records_ = false;
  bool in_handler_ = false;
  const std::vector<std::uint64_t>* history_ = nullptr;
  Path path_;
  std::string step_;    // the line of the user's code that the task is at, if it says so
  TableMemory memory_;  // of the set-up, or as the task knows it
  PageContents contents_;
  PhysicalAddress root_ = 0;  // that the CPU of the task uses
  std::uint64_t stores_ = 0;  // of data, by the task
  std::set<PhysicalAddress> gone_;
  std::size_t reserved_ = 0;
  std::uint32_t taken_ = 0;
  Fibre fibre_;
};

}  // namespace amalgam::explorer
