# The C interface: the static library that programs in C, kernels above all, link.
set(AMALGAM_C_GEOMETRIES "" CACHE STRING
    "Geometries of the C interface, by the names of enum amalgam_geometry without AMALGAM_, such as 4K_48;STAGE2_4K_40; empty for all")

amalgam_room(capi LINK "$<BUILD_INTERFACE:amalgam_pgtable>")
amalgam_public_headers(amalgam_capi PUBLIC)
target_compile_options(amalgam_capi PRIVATE -ffreestanding -fno-exceptions -fno-rtti
                       -fno-threadsafe-statics -ffunction-sections -fdata-sections)
# -O3 takes longer and makes more code, for nothing that a walk of tables would notice.
target_compile_options(amalgam_capi PRIVATE "$<$<CONFIG:Release>:-O2>")
set_target_properties(amalgam_capi PROPERTIES OUTPUT_NAME amalgam_pgtable_c EXPORT_NAME pgtable_c)

if(AMALGAM_C_GEOMETRIES)
  set(wanted "")
  foreach(name IN LISTS AMALGAM_C_GEOMETRIES)
    list(APPEND wanted "1U << AMALGAM_${name}")
  endforeach()
  list(JOIN wanted " | " wanted)
  target_compile_definitions(amalgam_capi PRIVATE "AMALGAM_C_GEOMETRIES=(${wanted})")
endif()
