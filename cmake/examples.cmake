# examples/NAME.cpp, and NAME.c on the C interface, is examples/NAME in the build directory.
function(amalgam_example source library)
  cmake_path(GET source STEM name)
  add_executable(example_${name} "${source}")
  target_link_libraries(example_${name} PRIVATE ${library} amalgam_options)
  set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
endfunction()

file(GLOB cpp_examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
foreach(source IN LISTS cpp_examples)
  amalgam_example("${source}" amalgam_pgtable)
endforeach()
file(GLOB c_examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.c")
foreach(source IN LISTS c_examples)
  amalgam_example("${source}" amalgam_capi)
endforeach()
