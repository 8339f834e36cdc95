# A room is a directory of sources and the target amalgam_ROOM named after it. A room without sources
# is an INTERFACE target, so that what links it need not know.
include(GNUInstallDirs)

# amalgam_public_headers(TARGET SCOPE): include/, here and where it is installed.
function(amalgam_public_headers target scope)
  target_include_directories(${target} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                             "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
endfunction()

# amalgam_header_room(ROOM [LINK targets...]): headers under include/amalgam/ROOM.
function(amalgam_header_room room)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(amalgam_${room} INTERFACE)
  amalgam_public_headers(amalgam_${room} INTERFACE)
  target_compile_features(amalgam_${room} INTERFACE cxx_std_20)
  target_link_libraries(amalgam_${room} INTERFACE ${arg_LINK})
endfunction()

# amalgam_room(ROOM [LINK targets...]): a static library of src/ROOM/**/*.cpp, main.cpp left out.
function(amalgam_room room)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${room}/*.cpp")
  list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/src/${room}/main.cpp")
  if(sources)
    add_library(amalgam_${room} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(amalgam_${room} PRIVATE "$<BUILD_INTERFACE:amalgam_options>")
  else()
    add_library(amalgam_${room} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(amalgam_${room} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>")
  target_link_libraries(amalgam_${room} ${scope} ${arg_LINK})
endfunction()

# amalgam_program(ROOM [LINK targets...]): the room, and from its main.cpp the executable `amalgam` at
# the top of the build directory. What is not main.cpp is a library, so that tests may call it.
function(amalgam_program room)
  amalgam_room(${room} ${ARGN})
  file(GLOB main CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${room}/main.cpp")
  if(main)
    add_executable(amalgam ${main})
    target_link_libraries(amalgam PRIVATE amalgam_${room} amalgam_options)
    set_target_properties(amalgam PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  endif()
endfunction()

# amalgam_check_headers(): compiles each public header alone, as a freestanding user does: without
# exceptions and without run-time types.
function(amalgam_check_headers)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
       "${PROJECT_SOURCE_DIR}/include/*.hpp")
  set(sources "")
  foreach(header IN LISTS headers)
    set(source "${PROJECT_BINARY_DIR}/headers/${header}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"  // IWYU pragma: keep\n")
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(amalgam_headers OBJECT ${sources})
    target_compile_options(amalgam_headers PRIVATE -fno-exceptions -fno-rtti)
    target_link_libraries(amalgam_headers PRIVATE amalgam_options amalgam_pgtable)
  endif()
endfunction()
