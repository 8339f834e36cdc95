// Live arm64 page tables for programs in C: the operations of amalgam/pgtable.hpp, a function each.
// C99, freestanding. The library behind it, libamalgam_pgtable_c.a, has no heap, no exceptions and
// no state of its own, and needs memcpy, memmove, memset and memcmp of whoever links it.
// docs/c-interface.md says how to begin; the contracts of operations are those of page_table.hpp.
#pragma once

// NOLINTBEGIN(readability-identifier-naming, bugprone-reserved-identifier): names as C has them
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The shapes of tables to choose from at run time: granule, input address bits, and whose they are.
// A library may be built with some of them alone (AMALGAM_C_GEOMETRIES).
enum amalgam_geometry {
  AMALGAM_4K_48,         // stage 1 of EL1&0
  AMALGAM_4K_52,         // the same with FEAT_LPA2, TCR.DS = 1
  AMALGAM_16K_48,        // stage 1 of EL1&0
  AMALGAM_64K_52,        // stage 1 of EL1&0, 52-bit output addresses (FEAT_LPA, FEAT_LVA)
  AMALGAM_EL2_4K_48,     // stage 1 of EL2
  AMALGAM_STAGE2_4K_40,  // stage 2: the root is two pages side by side
  AMALGAM_GEOMETRY_COUNT
};

// Why a call was refused; nothing was changed. Up to AMALGAM_SHARED as in pgtable/status.hpp.
enum amalgam_error {
  AMALGAM_OK,
  AMALGAM_MISALIGNED,      // an address or a size is not a multiple of the page
  AMALGAM_OUT_OF_RANGE,    // an address that the geometry cannot translate or hold
  AMALGAM_EMPTY_RANGE,     // a range of no bytes
  AMALGAM_ALREADY_MAPPED,  // something is mapped where nothing may be
  AMALGAM_NOT_MAPPED,      // nothing is mapped where something must be
  AMALGAM_NO_MEMORY,       // no table pages left, or an array too short
  AMALGAM_NOT_PERMITTED,   // legal only by a strategy that is not permitted; `rule` says why
  AMALGAM_PARTIAL_BLOCK,   // part of a block or group, which must not be split
  AMALGAM_FOREIGN_ENTRY,   // an invalid entry that is not zero
  AMALGAM_CANNOT_COPY,     // contents are to be copied, and the port has no copy_page
  AMALGAM_NOT_SHARED,      // tails to be restored are not shared
  AMALGAM_OVERLAP,         // what is to be read and what is to be written share pages
  AMALGAM_SHARED,          // tails share a page already

  // Of this interface alone.
  AMALGAM_NO_SUCH_GEOMETRY = 128,  // not a geometry, or one that the library was built without
  AMALGAM_MISSING_CALLBACK,        // the port lacks one that has no default, or half of a pair
  AMALGAM_BAD_CONFIG,              // an upper half where there is none, or tables without VA
  AMALGAM_WRONG_BATCH              // the batch belongs to other tables
};

// How a call ended. `va` is where it stopped; `rule` the row of the change table that stands in the
// way, 0 where it is no rule.
struct amalgam_status {
  uint32_t error;  // enum amalgam_error
  uint32_t rule;   // see amalgam_rule_label
  uint64_t va;
};

// By which route a change to live descriptors is made, from the cheapest.
enum amalgam_strategy {
  AMALGAM_PLAIN_STORES,       // nobody walks the tables yet
  AMALGAM_IN_PLACE,           // one store a descriptor
  AMALGAM_BREAK_BEFORE_MAKE,  // invalid, TLBI, new: accesses fault in between
  AMALGAM_NO_TRANSLATION,     // FEAT_BBML1: a size changes through nT
  AMALGAM_READ_ONLY_STAGING,  // read-only, TLBI, equal contents, new address, TLBI, writable
  AMALGAM_STOP_OTHERS,        // break-before-make while every other CPU waits
  AMALGAM_REFUSED             // no legal route is permitted
};

// What the caller bears beyond changes in place; see pgtable/permits.hpp. NULL stands for
// AMALGAM_PERMITS_INIT.
struct amalgam_permits {
  bool fault_window;      // accesses may fault for the time of one TLBI
  bool no_translation;    // accesses to a block may fault or abort while nT is set
  bool conflict_abort;    // accesses may meet a TLB conflict abort, which is handled
  bool read_only_window;  // stores may fault for the time of two TLBIs and a copy
  bool stop_others;       // the other CPUs may be stopped; not without the port's stop_others
  bool split;             // blocks and groups that stick out of the range may be split
};
#define AMALGAM_PERMITS_INIT {false, false, false, false, false, true}

// What a mapping permits and how it is cached; see pgtable/attributes.hpp. What a regime does not
// have is ignored there.
struct amalgam_attributes {
  bool readable;  // stage 2 only
  bool writable;
  bool user;
  bool executable;       // by the privileged level; at stage 2 and EL2 by any
  bool user_executable;  // stage 1 of EL1&0
  bool global;
  bool accessed;         // false: the first access faults, or hardware notes it
  bool dirty_tracking;   // DBM
  bool guarded;          // BTI
  uint8_t memory;        // index into MAIR; at stage 2 the MemAttr field
  uint8_t shareability;  // 3: inner shareable
  uint8_t software;      // bits 58:55
};
// Readable and nothing else; global, accessed, memory type 0, inner shareable.
#define AMALGAM_ATTRIBUTES_INIT \
  {true, false, false, false, false, true, true, false, false, 0, 3, 0}

// What the CPUs that share the tables implement; see arch/features.hpp.
struct amalgam_features {
  uint8_t bbm;             // FEAT_BBM level 0..3
  bool no_conflict_abort;  // level 2 that is known never to raise a TLB conflict abort
  uint8_t ets;             // FEAT_ETS: 0, 2 or 3
  bool hardware_af;
  bool hardware_dirty;
  bool ttl;
  bool tlbi_range;
  bool tlbi_os;
  bool xs;
  bool lpa;
  bool lpa2;
  bool cnp;
  bool fwb;
  bool xnx;
  bool two_ipa_spaces;
};

// ID_AA64MMFR0_EL1 to ID_AA64MMFR2_EL1, ID_AA64ISAR0_EL1 and ID_AA64ISAR1_EL1.
struct amalgam_id_registers {
  uint64_t mmfr0;
  uint64_t mmfr1;
  uint64_t mmfr2;
  uint64_t isar0;
  uint64_t isar1;
};

// The features of one CPU for tables of the geometry; none for what is no geometry.
struct amalgam_features amalgam_features_of(const struct amalgam_id_registers* ids,
                                            uint32_t geometry);
// What tables may rely upon that are shared by CPUs with `a` and CPUs with `b`.
struct amalgam_features amalgam_weakest_features(const struct amalgam_features* a,
                                                 const struct amalgam_features* b);
#ifdef __aarch64__
// Of the calling CPU, at EL1 or above.
struct amalgam_id_registers amalgam_read_id_registers(void);
#endif

enum amalgam_barrier_kind { AMALGAM_DMB, AMALGAM_DSB, AMALGAM_ISB };
enum amalgam_domain { AMALGAM_NSH, AMALGAM_ISH, AMALGAM_OSH, AMALGAM_SY };
enum amalgam_access { AMALGAM_LOADS, AMALGAM_STORES, AMALGAM_ALL_ACCESSES };

struct amalgam_barrier {
  uint8_t kind;    // enum amalgam_barrier_kind
  uint8_t domain;  // enum amalgam_domain
  uint8_t access;  // enum amalgam_access: the accesses before it that it orders
  bool nxs;
};

enum amalgam_tlbi_kind {
  AMALGAM_TLBI_VA,
  AMALGAM_TLBI_VA_ALL_ASIDS,
  AMALGAM_TLBI_ASID,
  AMALGAM_TLBI_VMALL,
  AMALGAM_TLBI_VMALLS12,
  AMALGAM_TLBI_ALL,
  AMALGAM_TLBI_IPA
};
enum amalgam_regime { AMALGAM_EL10, AMALGAM_EL2, AMALGAM_EL20 };
enum amalgam_shareability { AMALGAM_LOCAL, AMALGAM_INNER, AMALGAM_OUTER };

// A TLBI instruction and what its register holds, encoded as the architecture has it.
struct amalgam_tlbi {
  uint8_t kind;  // enum amalgam_tlbi_kind
  bool last_level;
  uint8_t regime;  // enum amalgam_regime
  bool range;
  uint8_t shareability;  // enum amalgam_shareability
  bool nxs;
  uint64_t operand;
};

enum amalgam_notify_phase { AMALGAM_NOTIFY_START, AMALGAM_NOTIFY_NOW, AMALGAM_NOTIFY_END };

// Everything that the library asks of the machine; docs/ports.md and pgtable/port.hpp say what each
// promises. `context` is handed to every callback. NULL is permitted where a default is named, and
// for the two optional pairs, without which what needs them is refused.
struct amalgam_port {
  void* context;

  // A table page in view, and out of it. NULL for close: nothing to be done.
  void* (*open)(void* context, uint64_t pa);
  void (*close)(void* context, void* view);

  // Descriptors of a view. All three, or NULL for all: a view is then a pointer to them, and they
  // are accessed as memory.
  uint64_t (*load)(void* context, void* view, size_t index);
  void (*store)(void* context, void* view, size_t index, uint64_t raw);
  bool (*compare_exchange)(void* context, void* view, size_t index, uint64_t* expected,
                           uint64_t raw);

  // amalgam_port_on_hardware and amalgam_port_on_memory have these two.
  void (*barrier)(void* context, const struct amalgam_barrier* barrier);
  void (*tlbi)(void* context, const struct amalgam_tlbi* tlbi);

  // Table pages: no lock of the tables' may be needed to get one.
  bool (*reserve)(void* context, size_t count);
  uint64_t (*take)(void* context);
  void (*release)(void* context, size_t count);
  void (*give_back)(void* context, uint64_t pa);

  // Secondary MMUs: the change to [start, end). NULL: there are none.
  void (*notify)(void* context, uint32_t phase, uint64_t start, uint64_t end);

  // Optional, both or none: every other CPU waits between the two.
  void (*stop_others)(void* context);
  void (*resume_others)(void* context);

  // Optional, both or none: memory of one page of the granule, through addresses that no operation
  // changes.
  void (*copy_page)(void* context, uint64_t from, uint64_t to);
  bool (*same_contents)(void* context, uint64_t a, uint64_t b);
};

// Sets barrier and tlbi for memory that no walker uses: a fence between threads, and nothing.
void amalgam_port_on_memory(struct amalgam_port* port);
#ifdef __aarch64__
// Sets barrier and tlbi to the instructions of this CPU.
void amalgam_port_on_hardware(struct amalgam_port* port);
#endif

// Whose entries batches remove; see pgtable/flush_batch.hpp.
struct amalgam_tlb_context {
  uint16_t asid;
  bool all_asids;
  bool non_global_only;
  bool single_cpu;
  bool non_secure_ipa;
};

enum amalgam_contents { AMALGAM_SAME, AMALGAM_DIFFERENT, AMALGAM_UNKNOWN };

// What the caller knows that descriptors do not say; see pgtable/permits.hpp.
struct amalgam_knowledge {
  uint8_t contents;  // enum amalgam_contents, of memory at the old and the new output address
  bool hardware_af;
  bool hardware_dirty;
  uint64_t mair;  // MAIR_ELx; 0 stands for the one of Linux
};
#define AMALGAM_KNOWLEDGE_INIT {AMALGAM_UNKNOWN, false, false, 0}

struct amalgam_config {
  uint32_t geometry;  // enum amalgam_geometry
  uint64_t root;      // physical address of the root: amalgam_shape_of says how many pages
  bool upper_half;    // TTBR1
  struct amalgam_features features;
  struct amalgam_tlb_context tlb;
  struct amalgam_knowledge knowledge;
};

// What the caller has to know of a geometry.
struct amalgam_shape {
  uint64_t page_bytes;
  uint32_t entries_in_page;
  uint32_t root_pages;  // side by side, aligned to the size of them all
  uint8_t va_bits;
  uint8_t pa_bits;
  int8_t start_level;
  bool stage2;
};

// False, and nothing written, for what is no geometry of this library.
bool amalgam_shape_of(uint32_t geometry, struct amalgam_shape* shape);
// The bytes that one entry at `level` translates; 0 where the geometry has no leaves there.
uint64_t amalgam_leaf_bytes(uint32_t geometry, int level);

// Tables, in memory of the caller's that must not be moved. Nothing need be done to end them, once
// their batches are.
#define AMALGAM_TABLES_BYTES 384
struct amalgam_tables {
  union {
    uint64_t align;
    unsigned char bytes[AMALGAM_TABLES_BYTES];
  } opaque;
};

// What has to leave the TLBs, and the table pages that can be freed then; see
// pgtable/flush_batch.hpp. Where a call takes a batch NULL stands for one that is flushed before
// the call returns.
#define AMALGAM_BATCH_BYTES 1024
struct amalgam_batch {
  union {
    uint64_t align;
    unsigned char bytes[AMALGAM_BATCH_BYTES];
  } opaque;
};

// Before the first use of `tables`. Port and config are copied.
struct amalgam_status amalgam_init(struct amalgam_tables* tables, const struct amalgam_port* port,
                                   const struct amalgam_config* config);
// Zeroes the root. Only before amalgam_activate.
void amalgam_clear_root(struct amalgam_tables* tables);
// From here on hardware may walk the tables.
void amalgam_activate(struct amalgam_tables* tables);
bool amalgam_is_live(const struct amalgam_tables* tables);

struct amalgam_flush_cost {
  uint64_t tlbis;
  uint64_t barriers;
  uint64_t tables_freed;
};

void amalgam_batch_begin(struct amalgam_batch* batch, struct amalgam_tables* tables);
void amalgam_batch_flush(struct amalgam_batch* batch);
bool amalgam_batch_is_stale(const struct amalgam_batch* batch);
struct amalgam_flush_cost amalgam_batch_cost(const struct amalgam_batch* batch);
// Flushes what is left. The batch is not to be used after it, but by amalgam_batch_begin.
void amalgam_batch_end(struct amalgam_batch* batch);

// Which sizes of leaf a mapping may use. NULL: all.
struct amalgam_leaf_sizes {
  bool blocks;
  bool contiguous;
};

struct amalgam_status amalgam_map(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                  uint64_t output, const struct amalgam_attributes* attributes,
                                  const struct amalgam_leaf_sizes* sizes,
                                  struct amalgam_batch* batch);
// One leaf of `level`, without the lock.
struct amalgam_status amalgam_install(struct amalgam_tables* tables, uint64_t va, int level,
                                      uint64_t output, const struct amalgam_attributes* attributes);
struct amalgam_status amalgam_unmap(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                    const struct amalgam_permits* permits,
                                    struct amalgam_batch* batch);
struct amalgam_status amalgam_protect(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                      const struct amalgam_attributes* attributes,
                                      const struct amalgam_permits* permits,
                                      struct amalgam_batch* batch);

// Where a range is to go.
struct amalgam_move {
  uint64_t output;
  struct amalgam_attributes attributes;
  bool carry_contents;  // what is at the old address is copied to the new one
};

struct amalgam_status amalgam_remap(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                    const struct amalgam_move* move,
                                    const struct amalgam_permits* permits,
                                    struct amalgam_batch* batch);
struct amalgam_status amalgam_split(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                    const struct amalgam_permits* permits,
                                    struct amalgam_batch* batch);
// So that no leaf in the range is larger than one of `level`, and none is in a group.
struct amalgam_status amalgam_refine(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                     int level, const struct amalgam_permits* permits,
                                     struct amalgam_batch* batch);
struct amalgam_status amalgam_collapse(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                       const struct amalgam_permits* permits,
                                       struct amalgam_batch* batch);
struct amalgam_status amalgam_fold(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                   const struct amalgam_permits* permits,
                                   struct amalgam_batch* batch);
struct amalgam_status amalgam_unfold(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                     const struct amalgam_permits* permits,
                                     struct amalgam_batch* batch);

// Told of each leaf or group that was accessed, or dirty. NULL: nobody is told.
typedef void (*amalgam_range_visitor)(void* context, uint64_t va, uint64_t bytes);

struct amalgam_status amalgam_age(struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                  amalgam_range_visitor visit, void* context,
                                  struct amalgam_batch* batch);
struct amalgam_status amalgam_harvest_dirty(struct amalgam_tables* tables, uint64_t va,
                                            uint64_t bytes, amalgam_range_visitor visit,
                                            void* context, struct amalgam_batch* batch);

// What `va` leads to now. False where a walk would fault.
struct amalgam_translation {
  uint64_t output;
  uint64_t raw;
  int level;
};
bool amalgam_query(const struct amalgam_tables* tables, uint64_t va,
                   struct amalgam_translation* translation);

// Leaves of one size beside one another, to output addresses beside one another, alike in
// everything else. `end_va` is exclusive; 0 is the end of all addresses.
struct amalgam_mapping {
  uint64_t start_va;
  uint64_t end_va;
  uint64_t output;
  int level;
  bool contiguous;
  struct amalgam_attributes attributes;
};
typedef void (*amalgam_mapping_visitor)(void* context, const struct amalgam_mapping* mapping);
// Text that is not terminated.
typedef void (*amalgam_text_sink)(void* context, const char* text, size_t length);

struct amalgam_status amalgam_for_each_mapping(const struct amalgam_tables* tables, uint64_t va,
                                               uint64_t bytes, amalgam_mapping_visitor visit,
                                               void* context);
// The same as text, a line a run.
struct amalgam_status amalgam_dump(const struct amalgam_tables* tables, uint64_t va, uint64_t bytes,
                                   amalgam_text_sink sink, void* context);

// What an operation is going to do; see pgtable/plan.hpp.
struct amalgam_plan {
  struct amalgam_status status;
  uint32_t strategy;        // enum amalgam_strategy
  uint32_t split_strategy;  // for splitting what sticks out of the range
  uint32_t rule;            // that owes a break, or forbids
  uint64_t leaves;
  uint64_t changed;
  uint64_t breaks;
  uint64_t splits;
  uint64_t unfolds;
  uint64_t collapses;
  uint64_t folds;
  uint64_t tables;
  uint64_t copies;
};

struct amalgam_plan amalgam_plan_unmap(const struct amalgam_tables* tables, uint64_t va,
                                       uint64_t bytes, const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_protect(const struct amalgam_tables* tables, uint64_t va,
                                         uint64_t bytes,
                                         const struct amalgam_attributes* attributes,
                                         const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_remap(const struct amalgam_tables* tables, uint64_t va,
                                       uint64_t bytes, const struct amalgam_move* move,
                                       const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_split(const struct amalgam_tables* tables, uint64_t va,
                                       uint64_t bytes, const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_refine(const struct amalgam_tables* tables, uint64_t va,
                                        uint64_t bytes, int level,
                                        const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_collapse(const struct amalgam_tables* tables, uint64_t va,
                                          uint64_t bytes, const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_fold(const struct amalgam_tables* tables, uint64_t va,
                                      uint64_t bytes, const struct amalgam_permits* permits);
struct amalgam_plan amalgam_plan_unfold(const struct amalgam_tables* tables, uint64_t va,
                                        uint64_t bytes, const struct amalgam_permits* permits);

// Writes the plan in one line, cut off and terminated at `size` bytes; says how long it is without
// the terminator, as snprintf does.
size_t amalgam_plan_text(const struct amalgam_plan* plan, char* text, size_t size);

// The page structures of one huge page in the vmemmap mapping; the first page is the head.
struct amalgam_huge_page {
  uint64_t vmemmap_va;
  uint64_t vmemmap_bytes;
};

// HVO; see pgtable/hvo.hpp. Stage 1 only, and only on a port that copies pages.
struct amalgam_hvo_config {
  struct amalgam_attributes attributes;  // of the vmemmap mapping
  bool share_head;       // tails share the head of their huge page, not a page of the zone
  bool heads_are_still;  // nobody stores to heads meanwhile
  struct amalgam_permits permits;
};

struct amalgam_hvo_cost {
  uint64_t pages;
  uint64_t tables;
  uint64_t live_stores;
  uint64_t private_stores;
  uint64_t copies;
  uint64_t flushes;
  struct amalgam_flush_cost flush;
};

// Tails of the huge pages: as many pages are freed by sharing, and needed to restore.
uint64_t amalgam_hvo_tails(const struct amalgam_tables* tables,
                           const struct amalgam_huge_page* pages, size_t count);
struct amalgam_plan amalgam_hvo_plan_share(struct amalgam_tables* tables,
                                           const struct amalgam_hvo_config* config,
                                           const struct amalgam_huge_page* pages, size_t count);
// `freed` receives the pages that nobody uses any more. `cost` may be NULL.
struct amalgam_status amalgam_hvo_share(struct amalgam_tables* tables,
                                        const struct amalgam_hvo_config* config,
                                        const struct amalgam_huge_page* pages, size_t count,
                                        uint64_t zone_page, uint64_t* freed, size_t freed_count,
                                        struct amalgam_hvo_cost* cost);
struct amalgam_status amalgam_hvo_restore(struct amalgam_tables* tables,
                                          const struct amalgam_hvo_config* config,
                                          const struct amalgam_huge_page* pages, size_t count,
                                          const uint64_t* fresh, size_t fresh_count,
                                          struct amalgam_hvo_cost* cost);

// Names, for ever and terminated. What is out of range is "unknown", or "" for a rule.
const char* amalgam_error_name(uint32_t error);
const char* amalgam_strategy_name(uint32_t strategy);
const char* amalgam_rule_title(uint32_t rule);
const char* amalgam_rule_label(uint32_t rule);   // the label in the Arm ARM, or another source
const char* amalgam_rule_reason(uint32_t rule);  // in one sentence
// "" where the combination has no name.
const char* amalgam_barrier_name(const struct amalgam_barrier* barrier);
// Written and measured as by amalgam_plan_text: "vae1is".
size_t amalgam_tlbi_name(const struct amalgam_tlbi* tlbi, char* text, size_t size);

#ifdef __cplusplus
}
#endif
// NOLINTEND(readability-identifier-naming, bugprone-reserved-identifier)
