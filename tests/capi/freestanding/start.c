// A kernel of which the linker takes everything that it references.
#include "amalgam/pgtable.h"

static struct amalgam_tables tables;
static struct amalgam_batch batch;

uint32_t start(struct amalgam_port* port, struct amalgam_config* config) {
  const struct amalgam_attributes attributes = AMALGAM_ATTRIBUTES_INIT;
  const struct amalgam_permits permits = AMALGAM_PERMITS_INIT;
  const struct amalgam_id_registers ids = amalgam_read_id_registers();
  amalgam_port_on_hardware(port);
  config->features = amalgam_features_of(&ids, config->geometry);
  struct amalgam_status status = amalgam_init(&tables, port, config);
  if (status.error != AMALGAM_OK) return status.error;
  amalgam_batch_begin(&batch, &tables);
  status = amalgam_protect(&tables, 0, 4096, &attributes, &permits, &batch);
  amalgam_batch_end(&batch);
  return status.error;
}
