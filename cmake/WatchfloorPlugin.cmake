# SPDX-License-Identifier: MIT
#
# From schemas to code, in this tree and out of it (find_package(watchfloor)).
#
#   watchfloor_add_plugin(NAME
#       [SCHEMA name.ini]         the subsystem type this folder defines
#       [USES other.ini ...]      further schemas whose <name>_info.h the modules include
#       [DISPLAY src.c ...]       one display module per source file
#       [ALERT src.c ...]         one alert module per source file
#       [DECODER src.c ...]       one decoder module per source file
#       [NOTIFY src.c ...])       one notification module per source file
#
# A module is named like its source (bus_gauge.c -> bus-gauge.so); MODULE=a.c,b.c makes one
# module of several files. All lands in <prefix>/lib/watchfloor/plugins/NAME/, where
# programs look for it, in the build tree and after `cmake --install` alike.
#
#   watchfloor_embed_schema(TARGET file.ini ...)
#
# Compiles the text of schemas into TARGET (<name>_schema.h) and makes <name>_info.h, for a
# program that publishes subsystems of its own.
#
#   watchfloor_use_schema(TARGET file.ini ...)
#
# Only makes <name>_info.h, for a program that fills or reads the struct of a plugin's schema.

if(NOT WATCHFLOOR_STAGE_PLUGINS)
    set(WATCHFLOOR_STAGE_PLUGINS "${CMAKE_BINARY_DIR}/lib/watchfloor/plugins")
endif()
set(WATCHFLOOR_INSTALL_PLUGINS "lib/watchfloor/plugins")

# Where this build has the generator and the library: its own targets, or the installed package's.
# (In this tree folders may come before the one that makes the target.)
function(_watchfloor_target out name)
    if(TARGET ${name} OR PROJECT_NAME STREQUAL "watchfloor")
        set(${out} ${name} PARENT_SCOPE)
    else()
        set(${out} watchfloor::${name} PARENT_SCOPE)
    endif()
endfunction()

# <name>_info.h (and with EMBED the text) of one schema file; sets OUT to the files made.
function(_watchfloor_generate out schema)
    cmake_parse_arguments(ARG "EMBED" "" "" ${ARGN})
    get_filename_component(path "${schema}" ABSOLUTE)
    get_filename_component(name "${schema}" NAME_WE)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/schema")
    file(MAKE_DIRECTORY "${folder}")
    set(files "${folder}/${name}_info.h")
    set(flags --out "${folder}")
    if(ARG_EMBED)
        list(APPEND files "${folder}/${name}_schema.h" "${folder}/${name}_schema.c")
        list(APPEND flags --embed)
    endif()
    _watchfloor_target(generator wf-schemagen)
    add_custom_command(OUTPUT ${files}
        COMMAND ${generator} "${path}" ${flags}
        # The generator leaves equal files alone; the build needs to see that it ran.
        COMMAND ${CMAKE_COMMAND} -E touch ${files}
        DEPENDS "${path}" ${generator}
        COMMENT "schema ${name}" VERBATIM)
    set(${out} ${files} PARENT_SCOPE)
endfunction()

function(watchfloor_embed_schema target)
    foreach(schema ${ARGN})
        _watchfloor_generate(files "${schema}" EMBED)
        target_sources(${target} PRIVATE ${files})
    endforeach()
    target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_BINARY_DIR}/schema")
endfunction()

function(watchfloor_use_schema target)
    foreach(schema ${ARGN})
        _watchfloor_generate(files "${schema}")
        target_sources(${target} PRIVATE ${files})
    endforeach()
    target_include_directories(${target} PUBLIC "${CMAKE_CURRENT_BINARY_DIR}/schema")
endfunction()

function(_watchfloor_add_module plugin spec infos)
    if(spec MATCHES "^([^=]+)=(.+)$")
        set(module "${CMAKE_MATCH_1}")
        string(REPLACE "," ";" sources "${CMAKE_MATCH_2}")
    else()
        get_filename_component(module "${spec}" NAME_WE)
        set(sources "${spec}")
    endif()
    string(REPLACE "_" "-" module "${module}")
    if(NOT module MATCHES "^[a-z0-9-]+$")
        message(FATAL_ERROR "plugin module '${module}': names may hold a-z, 0-9 and '-' only")
    endif()
    set(target "plugin-${plugin}-${module}")
    add_library(${target} MODULE ${sources} ${infos})
    _watchfloor_target(library watchfloor)
    target_link_libraries(${target} PRIVATE ${library})
    if(TARGET wf_flags)
        target_link_libraries(${target} PRIVATE wf_flags)
    endif()
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/schema")
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME "${module}"
        C_VISIBILITY_PRESET hidden INSTALL_RPATH "$ORIGIN/../../.."
        LIBRARY_OUTPUT_DIRECTORY "${WATCHFLOOR_STAGE_PLUGINS}/${plugin}")
    # The loader refuses what others could have written; a lax umask must not decide.
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND chmod go-w "$<TARGET_FILE:${target}>" "$<TARGET_FILE_DIR:${target}>" VERBATIM)
    install(TARGETS ${target}
        LIBRARY DESTINATION "${WATCHFLOOR_INSTALL_PLUGINS}/${plugin}"
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                    WORLD_READ WORLD_EXECUTE)
endfunction()

function(watchfloor_add_plugin plugin)
    cmake_parse_arguments(ARG "" "SCHEMA" "USES;DISPLAY;ALERT;DECODER;NOTIFY" ${ARGN})
    if(ARG_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "watchfloor_add_plugin(${plugin}): unknown ${ARG_UNPARSED_ARGUMENTS}")
    endif()
    set(infos "")
    foreach(schema ${ARG_SCHEMA} ${ARG_USES})
        _watchfloor_generate(files "${schema}")
        list(APPEND infos ${files})
    endforeach()
    if(ARG_SCHEMA)
        get_filename_component(name "${ARG_SCHEMA}" NAME_WE)
        if(NOT name STREQUAL plugin)
            message(FATAL_ERROR "plugin ${plugin}: its schema must be ${plugin}.ini, not ${ARG_SCHEMA}")
        endif()
        configure_file("${ARG_SCHEMA}" "${WATCHFLOOR_STAGE_PLUGINS}/${plugin}/${plugin}.ini" COPYONLY)
        install(FILES "${ARG_SCHEMA}" DESTINATION "${WATCHFLOOR_INSTALL_PLUGINS}/${plugin}")
    endif()
    # One target that makes the headers, so that modules compiled in parallel share them.
    add_custom_target(plugin-${plugin} ALL DEPENDS ${infos})
    foreach(spec ${ARG_DISPLAY} ${ARG_ALERT} ${ARG_DECODER} ${ARG_NOTIFY})
        _watchfloor_add_module(${plugin} "${spec}" "${infos}")
    endforeach()
    get_property(modules DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target ${modules})
        if(target MATCHES "^plugin-${plugin}-")
            add_dependencies(${target} plugin-${plugin})
        endif()
    endforeach()
endfunction()
