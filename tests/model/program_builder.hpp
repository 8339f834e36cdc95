// Builds small programs for the machine without a scenario's text: regions mapped page by page in
// every root, agents that store descriptors and invalidate, observers, devices.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "amalgam/arch/descriptor.hpp"
#include "model/program.hpp"

namespace amalgam::test {

class ProgramBuilder {
 public:
  // Starts with one root and nothing mapped.
  explicit ProgramBuilder(std::uint32_t cpus, const arch::Geometry& geometry = {}) {
    program_.machine.geometry = geometry;
    program_.machine.cpus = cpus;
    program_.value_names.emplace_back("zero");
    add_root();
  }

  [[nodiscard]] const model::Program& program() const { return program_; }

  // A root with a tag of its own. Roots come before regions.
  model::RootId add_root() {
    const auto root = static_cast<model::RootId>(program_.roots.size());
    const model::TableId table = add_table(arch::start_level(geometry()));
    program_.roots.push_back({"root " + std::to_string(root), table,  //
                              static_cast<std::uint16_t>(root)});
    return root;
  }

  // A frame with contents of its own.
  model::FrameId add_frame() {
    const auto frame = static_cast<model::FrameId>(program_.frames.size());
    model::Frame f;
    f.name = "frame " + std::to_string(frame);
    f.address = next_address();
    f.contents.value = static_cast<model::ValueId>(program_.value_names.size());
    program_.value_names.push_back(f.name);
    program_.frames.push_back(std::move(f));
    return frame;
  }

  // A page descriptor. Equal frames and rights with another `mark` differ in software bits alone.
  [[nodiscard]] std::uint64_t leaf(model::FrameId frame, bool writable,
                                   std::uint8_t mark = 0) const {
    arch::Fields fields;
    fields.kind = arch::Kind::kPage;
    fields.address = program_.frames[frame].address;
    fields.ap2_read_only = writable ? 0 : 1;
    fields.s2ap = writable ? 3 : 1;
    fields.access_flag = 1;
    fields.software = mark;
    return arch::encode(geometry(), fields, arch::kPageLevel).raw;
  }

  // A run of pages of input addresses with one descriptor each, the same in every root.
  model::RegionId add_region(const std::vector<std::uint64_t>& leaves) {
    const auto region = static_cast<model::RegionId>(program_.regions.size());
    model::Region r;
    r.name = "region " + std::to_string(region);
    r.base = kFirstAddress + region * arch::level_size_bytes(geometry(), 2);
    r.pages = static_cast<std::uint32_t>(leaves.size());
    program_.regions.push_back(r);
    for (model::RootId root = 0; root < program_.roots.size(); ++root) {
      const model::TableId table = last_table(root, r.base);
      for (std::uint32_t page = 0; page < r.pages; ++page) {
        program_.add_cell(table, page, leaves[page], r.name + '.' + std::to_string(page));
      }
    }
    return region;
  }

  // The descriptor of a page, under a root.
  model::CellId cell(model::RegionId region, std::uint32_t page, model::RootId root = 0) {
    return program_.find_cell(last_table(root, program_.regions[region].base), page);
  }

  void add_device(bool mirrors) {
    model::Device device;
    device.name = "device " + std::to_string(program_.devices.size());
    device.mirrors = mirrors;
    program_.devices.push_back(std::move(device));
  }

  void add_agent(std::uint32_t cpu, std::vector<model::Op> ops) {
    model::Agent agent;
    agent.name = "agent " + std::to_string(program_.agents.size());
    agent.cpu = cpu;
    agent.ops = std::move(ops);
    program_.agents.push_back(std::move(agent));
  }

  // Accesses to every page of a region, that may fault.
  void add_observer(std::vector<std::uint32_t> cpus, model::RegionId region,
                    model::AccessKind kind) {
    model::Observer observer;
    observer.name = "observer " + std::to_string(program_.observers.size());
    observer.cpus = std::move(cpus);
    model::ObserverAccess access;
    access.kind = kind;
    access.region = region;
    access.last = program_.regions[region].pages - 1;
    access.may_fault = true;
    observer.accesses.push_back(access);
    program_.observers.push_back(std::move(observer));
  }

  static model::Op store(model::CellId cell, std::uint64_t raw) {
    model::op::WriteDescriptor write;
    write.cell = cell;
    write.value.set = raw;
    return {write, {}, "store"};
  }

  static model::Op barrier() {
    return {model::op::Barrier{{arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kAll}},
            {},
            "dsb ish"};
  }

  // A broadcast invalidation of everything that the stage has.
  [[nodiscard]] model::Op flush() const {
    const bool stage2 = geometry().stage == arch::Stage::kStage2;
    return {model::op::Tlbi{stage2 ? "vmalls12e1is" : "vmalle1is", {}}, {}, "flush"};
  }

 private:
  static constexpr std::uint64_t kFirstAddress = std::uint64_t{1} << 30;

  [[nodiscard]] const arch::Geometry& geometry() const { return program_.machine.geometry; }

  // Output addresses of pages, each the multiple of a root table's largest size.
  std::uint64_t next_address() {
    address_ += std::uint64_t{1} << 20;
    return address_;
  }

  model::TableId add_table(int level) {
    const auto table = static_cast<model::TableId>(program_.tables.size());
    model::Table t;
    t.name = "table " + std::to_string(table);
    t.address = next_address();
    t.level = level;
    program_.tables.push_back(std::move(t));
    return table;
  }

  // The table of page descriptors for an address, with what leads to it.
  model::TableId last_table(model::RootId root, std::uint64_t va) {
    model::TableId table = program_.roots[root].table;
    for (int level = arch::start_level(geometry()); level < arch::kPageLevel; ++level) {
      table = next_table(table, level, va);
    }
    return table;
  }

  model::TableId next_table(model::TableId table, int level, std::uint64_t va) {
    const auto index = static_cast<std::uint32_t>(arch::table_index(geometry(), va, level));
    if (const model::CellId known = program_.find_cell(table, index); known != model::kNone) {
      return below_[known];
    }
    const model::TableId next = add_table(level + 1);
    arch::Fields fields;
    fields.kind = arch::Kind::kTable;
    fields.address = program_.tables[next].address;
    const std::uint64_t raw = arch::encode(geometry(), fields, level).raw;
    const model::CellId added = program_.add_cell(table, index, raw, program_.tables[next].name);
    below_.resize(added + std::size_t{1});
    below_[added] = next;
    return next;
  }

  model::Program program_;
  std::uint64_t address_ = 0;
  std::vector<model::TableId> below_;  // by cell that holds a table descriptor
};

}  // namespace amalgam::test
