# Tests, fuzz targets and benchmarks. A test finds the tree and the program by these definitions or,
# where it is a script, by environment variables of the same names. AMALGAM_CORPORA, an environment
# variable in both cases, overrides where the published corpora are looked for.
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
include(GoogleTest)

unset(CMAKE_CXX_CLANG_TIDY)

set(tests_dir "${PROJECT_SOURCE_DIR}/tests")
set(program "${PROJECT_BINARY_DIR}/amalgam")
set(default_corpora "${PROJECT_SOURCE_DIR}/../shared/corpora")
set(timeout_seconds 900)
set(every_room amalgam_cli amalgam_report amalgam_hvo amalgam_plan amalgam_monitor amalgam_lang amalgam_explore
               amalgam_model amalgam_pgtable amalgam_arch)

# Links a target with one room, or with all where no room has the name, and tells it where things are.
function(amalgam_test_target target room)
  if(TARGET amalgam_${room})
    target_link_libraries(${target} PRIVATE amalgam_${room})
  else()
    target_link_libraries(${target} PRIVATE ${every_room})
  endif()
  target_link_libraries(${target} PRIVATE amalgam_options)
  target_include_directories(${target} PRIVATE "${tests_dir}")
  target_compile_definitions(${target} PRIVATE
    AMALGAM_BINARY="${program}"
    AMALGAM_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    AMALGAM_DEFAULT_CORPORA="${default_corpora}")
endfunction()

# tests/ROOM/*.cpp is the binary amalgam_ROOM_tests.
function(amalgam_cpp_tests room)
  file(GLOB sources CONFIGURE_DEPENDS "${tests_dir}/${room}/*.cpp")
  if(NOT sources)
    return()
  endif()
  set(target amalgam_${room}_tests)
  add_executable(${target} ${sources})
  amalgam_test_target(${target} ${room})
  target_link_libraries(${target} PRIVATE rapidcheck GTest::gmock GTest::gtest_main)
  if(TARGET amalgam)
    add_dependencies(${target} amalgam)
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${room}." DISCOVERY_MODE PRE_TEST
                       DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT ${timeout_seconds})
endfunction()

# tests/ROOM/*_test.sh and *_test.py pass by exit status 0; 77 means skipped. What they build for
# themselves knows no sanitizer: they run in builds without.
function(amalgam_script_tests room)
  if(AMALGAM_SANITIZE AND NOT TARGET amalgam_${room})
    return()
  endif()
  file(GLOB scripts CONFIGURE_DEPENDS "${tests_dir}/${room}/*_test.sh" "${tests_dir}/${room}/*_test.py")
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM name)
    add_test(NAME ${room}.${name} COMMAND "${script}")
    set_tests_properties(${room}.${name} PROPERTIES TIMEOUT ${timeout_seconds} SKIP_RETURN_CODE 77
      ENVIRONMENT "AMALGAM_BINARY=${program};AMALGAM_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  endforeach()
endfunction()

file(GLOB rooms CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE "${tests_dir}" "${tests_dir}/*")
foreach(room IN LISTS rooms)
  if(IS_DIRECTORY "${tests_dir}/${room}" AND NOT room STREQUAL "fuzz")
    amalgam_cpp_tests(${room})
    amalgam_script_tests(${room})
  endif()
endforeach()

# tests/fuzz/NAME_fuzz.cpp is a libFuzzer target. Without libFuzzer it replays its corpus as a test:
# tests/fuzz/corpus/NAME, and what tests/fuzz/NAME.seeds lists, one path from the root a line.
file(GLOB fuzz_sources CONFIGURE_DEPENDS "${tests_dir}/fuzz/*_fuzz.cpp")
foreach(source IN LISTS fuzz_sources)
  cmake_path(GET source STEM target)
  string(REGEX REPLACE "_fuzz$" "" name ${target})
  add_executable(${target} "${source}")
  amalgam_test_target(${target} fuzz)
  if(AMALGAM_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE "${tests_dir}/fuzz/replay_main.cpp")
    set(inputs "${tests_dir}/fuzz/corpus/${name}")
    if(EXISTS "${tests_dir}/fuzz/${name}.seeds")
      file(STRINGS "${tests_dir}/fuzz/${name}.seeds" seeds REGEX "^[^#]")
      list(TRANSFORM seeds PREPEND "${PROJECT_SOURCE_DIR}/")
      list(APPEND inputs ${seeds})
    endif()
    add_test(NAME fuzz.${name} COMMAND ${target} ${inputs})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${timeout_seconds})
  endif()
endforeach()

# bench/NAME.cpp is bench/NAME in the build directory; `cmake --build DIR --target bench` makes them all.
add_custom_target(bench)
file(GLOB bench_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
foreach(source IN LISTS bench_sources)
  cmake_path(GET source STEM name)
  add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
  amalgam_test_target(bench_${name} bench)
  set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  add_dependencies(bench bench_${name})
endforeach()
