# What every target of this project is compiled with.
add_library(amalgam_options INTERFACE)
target_compile_options(amalgam_options INTERFACE -Wall -Wextra -Wshadow -Werror)
target_compile_definitions(amalgam_options INTERFACE AMALGAM_VERSION="${PROJECT_VERSION}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overlapping copies in std::string's operator+ where there are none (its bug 105651).
  target_compile_options(amalgam_options INTERFACE -Wno-restrict)
endif()

if(AMALGAM_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(amalgam_options INTERFACE ${sanitizers})
  target_link_options(amalgam_options INTERFACE ${sanitizers})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns falsely in code that a sanitizer has rewritten.
    target_compile_options(amalgam_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

if(AMALGAM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "AMALGAM_FUZZ needs clang: libFuzzer comes with it")
  endif()
  target_compile_options(amalgam_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(AMALGAM_TIDY)
  find_program(AMALGAM_CLANG_TIDY NAMES clang-tidy-19 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${AMALGAM_CLANG_TIDY}" --quiet)
  # A changed list of checks changes the command line, so that every file is looked at again.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/.clang-tidy")
  file(SHA256 "${PROJECT_SOURCE_DIR}/.clang-tidy" tidy_digest)
  target_compile_definitions(amalgam_options INTERFACE AMALGAM_TIDY_CHECKS=0x${tidy_digest})
endif()

find_program(AMALGAM_CCACHE ccache)
if(AMALGAM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AMALGAM_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${AMALGAM_CCACHE}")
endif()
