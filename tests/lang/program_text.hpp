// A program as text, without its locations, so that two programs can be compared and read.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>
#include <variant>

#include "model/program.hpp"

namespace amalgam::test {

class ProgramText {
 public:
  explicit ProgramText(const model::Program& program) { write(program); }
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  template <typename... Parts>
  void line(const Parts&... parts) {
    ((out_ << parts << ' '), ...);
    out_ << '\n';
  }

  template <typename List>
  std::string list(const List& values) {
    std::ostringstream out;
    for (const auto& value : values) {
      if constexpr (std::is_enum_v<std::decay_t<decltype(value)>> ||
                    sizeof(value) == sizeof(std::uint8_t)) {
        out << static_cast<int>(value) << ',';
      } else {
        out << value << ',';
      }
    }
    return out.str();
  }

  void write(const model::Program& p) {
    line(p.title, '|', p.question, '|', p.source, '|', p.reason);
    write(p.machine);
    for (const auto& a : p.assumptions) line("assume", a.name, a.value);
    for (const auto& f : p.frames) {
      line("frame", f.name, f.address, f.contents.value, f.contents.known, f.free);
    }
    for (const auto& t : p.tables) {
      line("table", t.name, t.address, t.level, t.junk, t.free, t.like);
    }
    for (const auto& c : p.cells) line("cell", c.name, c.table, c.index, c.initial);
    for (const auto& r : p.roots) line("root", r.name, r.table, r.tag);
    line("cpu roots", list(p.cpu_roots));
    for (const auto& r : p.regions) line("region", r.name, r.base, r.pages, r.root);
    line("values", list(p.value_names));
    line("locks", list(p.lock_names));
    for (const auto& d : p.devices) write(d);
    for (const auto& a : p.agents) write(a);
    for (const auto& o : p.observers) write(o);
    for (const auto& e : p.expectations) {
      line("expect", list(e.bbm_levels), list(e.ets_levels), e.clean, list(e.rules),
           list(e.effects));
    }
  }

  void write(const model::Machine& m) {
    const arch::Features& f = m.features;
    line("geometry", static_cast<int>(m.geometry.granule), int{m.geometry.va_bits},
         int{m.geometry.pa_bits}, m.geometry.lpa2, static_cast<int>(m.geometry.stage),
         static_cast<int>(m.geometry.regime));
    line("features", f.hardware_af, f.hardware_dirty, f.ttl, f.tlbi_range, f.tlbi_os, f.xs, f.lpa,
         f.lpa2, f.cnp, f.fwb, f.xnx);
    line("levels", list(m.bbm_levels), list(m.ets_levels), m.cpus);
  }

  void write(const model::Device& d) {
    line("device", d.name, d.caches_pages, d.caches_blocks, d.ignores_partial, d.mirrors,
         d.broadcast_tlbi);
  }

  void write(const model::Agent& a) {
    line("agent", a.name, a.cpu, a.device, list(a.register_names));
    for (const auto& o : a.ops) write(o);
    for (const auto& f : a.forbids) {
      for (const auto& r : f.all_of) line("forbid", r.reg, r.value);
      line("as", f.effect);
    }
  }

  void write(const model::Observer& o) {
    line("observer", o.name, list(o.cpus), o.device);
    for (const auto& a : o.accesses) {
      line("access", static_cast<int>(a.kind), a.region, a.first, a.last, a.may_fault,
           a.may_be_lost);
    }
  }

  void write(const model::Op& op) {
    line("op", op.operation.index(), op.text);
    std::visit([this](const auto& o) { write(o); }, op.operation);
  }

  void write(const model::DescriptorExpr& e) { line(" value", e.source, e.clear, e.set); }
  void write(const model::op::WriteDescriptor& o) {
    line(' ', o.cell, o.through ? o.through->region : model::kNone,
         o.through ? o.through->page : model::kNone);
    write(o.value);
  }
  void write(const model::op::ReadDescriptor& o) { line(' ', o.cell, o.into); }
  void write(const model::op::CompareExchangeDescriptor& o) {
    line(' ', o.cell);
    write(o.expected);
    write(o.desired);
  }
  void write(const model::op::UpdateDescriptor& o) { line(' ', o.cell, o.clear, o.set); }
  void write(const model::op::Access& o) {
    line(' ', o.page.region, o.page.page, static_cast<int>(o.kind), o.into, o.value, o.may_fault);
  }
  void write(const model::op::FrameAccess& o) {
    line(' ', o.frame, static_cast<int>(o.kind), o.into, o.value);
  }
  void write(const model::op::CopyFrame& o) { line(' ', o.from, o.to); }
  void write(const model::op::CompareFrames& o) { line(' ', o.a, o.b, o.equal); }
  void write(const model::op::ZeroFrame& o) { line(' ', o.frame); }
  void write(const model::op::ZeroTable& o) { line(' ', o.table); }
  void write(const model::op::CopyTables& o) { line(' ', o.from, o.to); }
  void write(const model::op::Allocate& o) { line(' ', o.page.is_table, o.page.id); }
  void write(const model::op::Free& o) { line(' ', o.page.is_table, o.page.id); }
  void write(const model::op::Barrier& o) { line(' ', arch::name(o.barrier)); }
  void write(const model::op::Tlbi& o) { line(' ', o.mnemonic, o.operand.value_or(1)); }
  void write(const model::op::WriteRoot& o) { line(' ', o.root); }
  void write(const model::op::Lock& o) { line(' ', o.lock); }
  void write(const model::op::Unlock& o) { line(' ', o.lock); }
  void write(const model::op::StopOthers& /*o*/) {}
  void write(const model::op::ResumeOthers& /*o*/) {}
  void write(const model::op::Interrupt& o) {
    for (const auto& inner : o.body) write(inner);
    line("end");
  }
  void write(const model::op::Notify& o) { line(' ', static_cast<int>(o.phase), o.start, o.end); }

  std::ostringstream out_;
};

inline std::string text_of(const model::Program& program) { return ProgramText(program).text(); }

}  // namespace amalgam::test
