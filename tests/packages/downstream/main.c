// Uses the C library as it is installed: succeeds when a mapping leads where it should.
#include <amalgam/pgtable.h>
#include <stdio.h>
#include <string.h>

static uint64_t pages[8][512];
static size_t next = 1;

static void* open_page(void* context, uint64_t pa) {
  (void)context;
  return pages[pa >> 12];
}
static bool reserve(void* context, size_t count) {
  (void)context;
  return next + count <= 8;
}
static uint64_t take(void* context) {
  (void)context;
  return (uint64_t)next++ << 12;
}
static void release(void* context, size_t count) {
  (void)context;
  (void)count;
}
static void give_back(void* context, uint64_t pa) {
  (void)context;
  (void)pa;
}

int main(void) {
  struct amalgam_port port;
  struct amalgam_config config;
  struct amalgam_tables tables;
  struct amalgam_translation found;
  const struct amalgam_attributes attributes = AMALGAM_ATTRIBUTES_INIT;
  memset(&port, 0, sizeof port);
  memset(&config, 0, sizeof config);
  amalgam_port_on_memory(&port);
  port.open = open_page;
  port.reserve = reserve;
  port.take = take;
  port.release = release;
  port.give_back = give_back;
  config.geometry = AMALGAM_64K_52;  // the library is built without it
  if (amalgam_init(&tables, &port, &config).error != AMALGAM_NO_SUCH_GEOMETRY) return 1;
  config.geometry = AMALGAM_4K_48;
  if (amalgam_init(&tables, &port, &config).error != AMALGAM_OK) return 1;
  amalgam_clear_root(&tables);
  if (amalgam_map(&tables, 0x1000, 0x1000, 0x5000, &attributes, NULL, NULL).error != AMALGAM_OK) {
    return 1;
  }
  if (!amalgam_query(&tables, 0x1234, &found)) return 1;
  printf("%#llx\n", (unsigned long long)found.output);
  return 0;
}
