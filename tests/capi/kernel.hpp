// A kernel on plain memory, as a C program would be one: callbacks and a context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "amalgam/pgtable.h"

namespace amalgam::capi::test {

inline constexpr std::uint64_t kRoot = 0x4'0000;

// Physical memory from 0 on, pages of the geometry, and a log of what the library asks for.
class Kernel {
 public:
  explicit Kernel(std::uint32_t geometry, std::size_t memory_pages = 64)
      : config{.geometry = geometry,
               .root = kRoot,
               .upper_half = false,
               .features = {},
               .tlb = {},
               .knowledge = AMALGAM_KNOWLEDGE_INIT} {
    (void)amalgam_shape_of(geometry, &shape);
    memory_.assign((kRoot + memory_pages * shape.page_bytes) / 8, 0);
    free_from_ = kRoot + shape.root_pages * shape.page_bytes;
    make_port();
  }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  amalgam_status init() { return amalgam_init(&tables, &port, &config); }

  // Empty tables that hardware walks.
  amalgam_status boot() {
    const amalgam_status status = init();
    if (status.error != AMALGAM_OK) return status;
    amalgam_clear_root(&tables);
    amalgam_activate(&tables);
    return status;
  }

  // A page of memory that tables do not use.
  std::uint64_t page() {
    const std::uint64_t pa = free_from_;
    free_from_ += shape.page_bytes;
    return pa;
  }
  std::uint64_t& word(std::uint64_t pa) { return memory_.at(pa / 8); }

  [[nodiscard]] std::uint64_t output_of(std::uint64_t va) const {
    amalgam_translation found{};
    return amalgam_query(&tables, va, &found) ? found.output : ~std::uint64_t{0};
  }
  [[nodiscard]] int level_of(std::uint64_t va) const {
    amalgam_translation found{};
    return amalgam_query(&tables, va, &found) ? found.level : -2;
  }

  amalgam_port port{};
  amalgam_config config;
  amalgam_shape shape{};
  amalgam_tables tables{};

  std::vector<std::string> tlbis;     // mnemonics
  std::vector<std::string> barriers;  // names
  std::vector<std::uint32_t> phases;  // of notifications
  std::size_t stops = 0;
  std::size_t resumes = 0;
  std::size_t copies = 0;
  std::size_t reserved = 0;
  std::size_t given_back = 0;
  std::size_t page_limit = ~std::size_t{0};

 private:
  static Kernel& of(void* context) { return *static_cast<Kernel*>(context); }

  void make_port() {
    port.context = this;
    port.open = [](void* c, std::uint64_t pa) -> void* { return &of(c).word(pa); };
    port.barrier = [](void* c, const amalgam_barrier* b) {
      of(c).barriers.emplace_back(amalgam_barrier_name(b));
    };
    port.tlbi = [](void* c, const amalgam_tlbi* t) {
      char text[32];
      (void)amalgam_tlbi_name(t, text, sizeof text);
      of(c).tlbis.emplace_back(text);
    };
    port.reserve = [](void* c, std::size_t count) { return of(c).reserve(count); };
    port.take = [](void* c) {
      --of(c).reserved;
      return of(c).page();
    };
    port.release = [](void* c, std::size_t count) { of(c).reserved -= count; };
    port.give_back = [](void* c, std::uint64_t) { ++of(c).given_back; };
    port.notify = [](void* c, std::uint32_t phase, std::uint64_t, std::uint64_t) {
      of(c).phases.push_back(phase);
    };
    port.stop_others = [](void* c) { ++of(c).stops; };
    port.resume_others = [](void* c) { ++of(c).resumes; };
    port.copy_page = [](void* c, std::uint64_t from, std::uint64_t to) {
      ++of(c).copies;
      std::memcpy(&of(c).word(to), &of(c).word(from), of(c).shape.page_bytes);
    };
    port.same_contents = [](void* c, std::uint64_t a, std::uint64_t b) {
      return std::memcmp(&of(c).word(a), &of(c).word(b), of(c).shape.page_bytes) == 0;
    };
  }

  bool reserve(std::size_t count) {
    const std::uint64_t end = memory_.size() * 8;
    const std::size_t left = (end - free_from_) / shape.page_bytes;
    if (reserved + count > (left < page_limit ? left : page_limit)) return false;
    reserved += count;
    return true;
  }

  std::vector<std::uint64_t> memory_;
  std::uint64_t free_from_ = 0;
};

inline amalgam_attributes attributes(bool writable) {
  amalgam_attributes a = AMALGAM_ATTRIBUTES_INIT;
  a.writable = writable;
  return a;
}

}  // namespace amalgam::capi::test
