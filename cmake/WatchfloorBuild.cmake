# SPDX-License-Identifier: MIT
#
# Compiler flags and the shape of the build tree.
#
# The build tree has the shape of an install prefix (bin/, lib/watchfloor/plugins/,
# share/watchfloor/), so that programs find plugins and configuration relative to
# themselves in exactly one way.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET default)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(WATCHFLOOR_STAGE_PLUGINS "${PROJECT_BINARY_DIR}/lib/watchfloor/plugins")
set(WATCHFLOOR_STAGE_SHARE "${PROJECT_BINARY_DIR}/share/watchfloor")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "kind of build" FORCE)
endif()

add_library(wf_flags INTERFACE)
target_compile_options(wf_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion
    -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 -fno-strict-aliasing)
target_compile_definitions(wf_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(wf_flags INTERFACE "$<$<CONFIG:RelWithDebInfo>:-O2;-fno-omit-frame-pointer>")
if(WATCHFLOOR_WERROR)
    target_compile_options(wf_flags INTERFACE -Werror)
endif()
if(WATCHFLOOR_SANITIZE)
    target_compile_options(wf_flags INTERFACE -fsanitize=${WATCHFLOOR_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(wf_flags INTERFACE -fsanitize=${WATCHFLOOR_SANITIZE})
endif()

if(WATCHFLOOR_FUZZ)
    target_compile_options(wf_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# wf_program(NAME SOURCES... LIBRARIES...): one installed program.
function(wf_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE wf_flags watchfloor ${ARG_LIBRARIES})
    target_compile_definitions(${name} PRIVATE WF_VERSION_TEXT="${PROJECT_VERSION}")
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                               "${CMAKE_CURRENT_SOURCE_DIR}/src")
    set_target_properties(${name} PROPERTIES
        INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()
