#include "explore/operation.hpp"

#include <algorithm>

namespace amalgam::test {

namespace {

// A port whose counts outlive the call that it was made in.
class CountingPort : public MutantPort {
 public:
  CountingPort(explorer::Port& port, Mutation mutation, Tried& tried)
      : MutantPort(port, mutation), tried_(tried) {}
  CountingPort(const CountingPort&) = delete;
  CountingPort& operator=(const CountingPort&) = delete;
  ~CountingPort() {
    tried_.applied |= applied();
    for (std::size_t m = 0; m < kMistakes; ++m) {
      tried_.count[m] = std::max(tried_.count[m], count(static_cast<Mistake>(m)));
    }
  }

 private:
  Tried& tried_;
};

}  // namespace

namespace {

// Tables as the scene has them, live.
struct Stage {
  Stage(explorer::Machine& m, MutantPort& port, const explorer::Options& o, const Scene& scene)
      : tables(port, m.root(), stage_config(o, scene)) {
    for (std::uint64_t n = 0; n < scene.same_contents; ++n) {
      m.port().copy_page(m.page(n), m.page(kOther + n));
    }
    auto batch = tables.batch();
    (void)tables.map(kVa, scene.mapped_bytes, m.page(), scene.attributes, batch, scene.sizes);
    tables.activate();
  }
  static MutantTables::Config stage_config(const explorer::Options& o, const Scene& scene) {
    auto c = config<MutantPort>(o);
    c.knowledge.contents = scene.known.contents;
    return c;
  }

  MutantTables tables;
};

void observe(explorer::Machine& m, const Scene& scene) {
  explorer::Observation by_device = scene.observed;
  const explorer::DeviceTraits traits{.blocks = true, .mirrors = scene.has_mirror};
  if (scene.has_device) by_device.devices = {m.device("gpu", traits)};
  by_device.may_fault = true;
  for (const pgtable::Range& range : scene.observed_ranges) {
    m.observe(range.start, range.bytes(), scene.observed);
    if (scene.has_device) m.observe(range.start, range.bytes(), by_device);
  }
  for (const pgtable::Range& range : scene.loads_never_fault) {
    m.observe(range.start, range.bytes(), {.load = true});
  }
}

}  // namespace

Operation in_scene(const Scene& scene) {
  Operation operation{.name = scene.name,
                      .options = scene.options,
                      .levels = scene.levels,
                      .has_device = scene.has_device,
                      .others_change = scene.options.features.hardware_af,
                      .accepted = scene.accepted,
                      .only = scene.only};
  operation.describe = [=](explorer::Machine& m, MutantPort& port, const explorer::Options& o) {
    if (scene.prepare) scene.prepare(m);
    Stage stage(m, port, o, scene);
    observe(m, scene);
    m.spawn(scene.name, [&] {
      port.arm();
      bool done = false;
      {
        auto batch = stage.tables.batch();
        done = scene.change(stage.tables, batch, m);
      }
      port.finish();
      promise(m, done && (!scene.done || scene.done(stage.tables)));
      if (scene.afterwards) scene.afterwards(m);
    });
  };
  return operation;
}

bool maps_pages(const MutantTables& t, std::uint64_t first, std::uint64_t last) {
  const auto base = t.query(kVa + first * kPage);
  for (std::uint64_t n = first; n <= last; ++n) {
    const auto found = t.query(kVa + n * kPage);
    if (!base || !found || found->output != base->output + (n - first) * kPage) return false;
  }
  return true;
}

Operation with_device(Scene scene) {
  scene.name += ", with a device";
  scene.has_device = true;
  return in_scene(scene);
}

void take_route(Scene& scene, const Route& route) {
  scene.levels = route.levels;
  scene.observed.may_fault = route.may_fault;
  scene.accepted = route.accepted;
}

bool is_right(const Operation& operation, const Tried& tried) {
  const auto& findings = tried.result.findings;
  return tried.result.decided() &&
         std::all_of(findings.begin(), findings.end(), [&](const explorer::Finding& f) {
           return operation.accepted.count(f.name) != 0;
         });
}

Tried try_out(const Operation& operation, std::uint8_t bbm, Mutation mutation) {
  Tried tried;
  explorer::Options o = operation.options;
  o.bbm = bbm;
  tried.result = explore(o, [&](explorer::Machine& machine) {
    CountingPort port(machine.port(), mutation, tried);
    operation.describe(machine, port, o);
  });
  return tried;
}

std::vector<Operation> operations() {
  std::vector<Operation> all;
  for (const auto& part : {map_operations, change_operations, shape_operations, lock_operations,
                           split_operations, size_operations, mark_operations, move_operations,
                           install_operations, hvo_operations, root_operations}) {
    for (Operation& o : part()) all.push_back(std::move(o));
  }
  return all;
}

}  // namespace amalgam::test
