// A kernel in C: its vmemmap in live tables, and the page structures of one huge page shared (HVO).
// On plain memory, so that it runs anywhere; docs/c-interface.md says what changes on hardware.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amalgam/pgtable.h"

#define PAGE_BYTES 4096U
#define PAGES 64U

// Physical memory: page n is at n * PAGE_BYTES. Tables are taken from the first pages; what the
// vmemmap maps lies in the last ones.
static uint64_t memory[PAGES][PAGE_BYTES / sizeof(uint64_t)];

enum { FIRST_TABLE = 1, ZONE_PAGE = 32, FRESH = 40, VMEMMAP = 48, VMEMMAP_PAGES = 8 };

static const uint64_t vmemmap_va = 0xfffffdffc0000000;

// A kernel's page allocator: pages in a stack.
struct allocator {
  size_t free_count;
  size_t reserved;
  uint64_t free[ZONE_PAGE];
};

static uint64_t address_of(unsigned page) { return (uint64_t)page * PAGE_BYTES; }
static void* memory_at(uint64_t pa) { return memory[pa / PAGE_BYTES]; }

static void* open_page(void* context, uint64_t pa) {
  (void)context;
  return memory_at(pa);
}

static bool reserve(void* context, size_t count) {
  struct allocator* a = context;
  if (a->free_count - a->reserved < count) return false;
  a->reserved += count;
  return true;
}

static uint64_t take(void* context) {
  struct allocator* a = context;
  a->reserved--;
  return a->free[--a->free_count];
}

static void release(void* context, size_t count) {
  struct allocator* a = context;
  a->reserved -= count;
}

static void give_back(void* context, uint64_t pa) {
  struct allocator* a = context;
  a->free[a->free_count++] = pa;
}

static void copy_page(void* context, uint64_t from, uint64_t to) {
  (void)context;
  memcpy(memory_at(to), memory_at(from), PAGE_BYTES);
}

static bool same_contents(void* context, uint64_t a, uint64_t b) {
  (void)context;
  return memcmp(memory_at(a), memory_at(b), PAGE_BYTES) == 0;
}

static void print(void* context, const char* text, size_t length) {
  (void)context;
  fwrite(text, 1, length, stdout);
}

static struct amalgam_port make_port(struct allocator* pages) {
  struct amalgam_port port;
  memset(&port, 0, sizeof port);
  amalgam_port_on_memory(&port);  // amalgam_port_on_hardware(&port) on a CPU
  port.context = pages;
  port.open = open_page;
  port.reserve = reserve;
  port.take = take;
  port.release = release;
  port.give_back = give_back;
  port.copy_page = copy_page;
  port.same_contents = same_contents;
  return port;
}

static struct amalgam_config make_config(uint64_t root) {
  struct amalgam_config config;
  const struct amalgam_knowledge nothing = AMALGAM_KNOWLEDGE_INIT;
  memset(&config, 0, sizeof config);
  config.geometry = AMALGAM_4K_48;
  config.root = root;
  config.upper_half = true;
  config.features.tlbi_range = true;  // amalgam_features_of(), of amalgam_read_id_registers()
  config.tlb.all_asids = true;
  config.knowledge = nothing;
  return config;
}

// What every call says of itself.
static bool done(const char* what, struct amalgam_status status) {
  printf("%s: %s", what, status.error == AMALGAM_OK ? "done" : amalgam_error_name(status.error));
  if (status.rule != 0) printf(" [%s]", amalgam_rule_label(status.rule));
  printf("\n");
  return status.error == AMALGAM_OK;
}

static void show(const struct amalgam_tables* tables) {
  amalgam_dump(tables, vmemmap_va, VMEMMAP_PAGES * PAGE_BYTES, print, NULL);
}

// The page structures of a huge page of 2 MB: one page that differs, and seven that are alike.
static void fill_page_structures(void) {
  memory[VMEMMAP][0] = 0x1;
  for (unsigned page = VMEMMAP + 1; page < VMEMMAP + VMEMMAP_PAGES; page++) memory[page][0] = 0x2;
  memory[ZONE_PAGE][0] = 0x2;
}

static bool share_and_restore(struct amalgam_tables* tables, const struct amalgam_hvo_config* hvo) {
  const struct amalgam_huge_page huge = {vmemmap_va, VMEMMAP_PAGES * PAGE_BYTES};
  uint64_t freed[VMEMMAP_PAGES - 1];
  uint64_t fresh[VMEMMAP_PAGES - 1];
  struct amalgam_hvo_cost cost;
  char text[256];
  const struct amalgam_plan plan = amalgam_hvo_plan_share(tables, hvo, &huge, 1);
  amalgam_plan_text(&plan, text, sizeof text);
  printf("plan: %s\n", text);
  if (!done("share", amalgam_hvo_share(tables, hvo, &huge, 1, address_of(ZONE_PAGE), freed,
                                       VMEMMAP_PAGES - 1, &cost))) {
    return false;
  }
  printf("%" PRIu64 " pages freed, by %" PRIu64 " stores and %" PRIu64 " flushes\n", cost.pages,
         cost.live_stores, cost.flushes);
  show(tables);
  for (unsigned i = 0; i < VMEMMAP_PAGES - 1; i++) fresh[i] = address_of(FRESH + i);
  if (!done("restore",
            amalgam_hvo_restore(tables, hvo, &huge, 1, fresh, VMEMMAP_PAGES - 1, &cost))) {
    return false;
  }
  show(tables);
  return memory[FRESH][0] == 0x2;
}

int main(void) {
  struct allocator pages = {0, 0, {0}};
  for (unsigned page = ZONE_PAGE - 1; page > FIRST_TABLE; page--) {
    give_back(&pages, address_of(page));
  }
  const struct amalgam_port port = make_port(&pages);
  const struct amalgam_config config = make_config(address_of(FIRST_TABLE));
  const struct amalgam_leaf_sizes pages_alone = {false, false};
  struct amalgam_hvo_config hvo = {AMALGAM_ATTRIBUTES_INIT, false, false, AMALGAM_PERMITS_INIT};
  struct amalgam_tables tables;

  hvo.attributes.writable = true;
  fill_page_structures();
  if (!done("init", amalgam_init(&tables, &port, &config))) return 1;
  amalgam_clear_root(&tables);
  if (!done("map", amalgam_map(&tables, vmemmap_va, VMEMMAP_PAGES * PAGE_BYTES, address_of(VMEMMAP),
                               &hvo.attributes, &pages_alone, NULL))) {
    return 1;
  }
  amalgam_activate(&tables);
  show(&tables);
  if (!share_and_restore(&tables, &hvo)) return 1;
  return done("unmap", amalgam_unmap(&tables, vmemmap_va, VMEMMAP_PAGES * PAGE_BYTES, NULL, NULL))
             ? 0
             : 1;
}
