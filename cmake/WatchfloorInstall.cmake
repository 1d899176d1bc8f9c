# SPDX-License-Identifier: MIT
#
# What `cmake --install` adds beyond programs and plugins: the library with its headers,
# the pkg-config and CMake packages, systemd units, documents. The tree can be moved as a
# whole: everything is found relative to the programs.

set(WF_PACKAGE_FOLDER "${CMAKE_INSTALL_LIBDIR}/cmake/watchfloor")

install(TARGETS watchfloor wf-schemagen EXPORT watchfloor-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/shared/core/include/watchfloor"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")

# find_package(watchfloor), from a prefix and from this build tree alike.
include(CMakePackageConfigHelpers)
install(EXPORT watchfloor-targets NAMESPACE watchfloor:: DESTINATION "${WF_PACKAGE_FOLDER}")
set(WF_BUILD_PACKAGE "${PROJECT_BINARY_DIR}/lib/cmake/watchfloor")
export(EXPORT watchfloor-targets NAMESPACE watchfloor::
    FILE "${WF_BUILD_PACKAGE}/watchfloor-targets.cmake")
configure_file("${PROJECT_SOURCE_DIR}/cmake/package/watchfloor-config.cmake.in"
    "${WF_BUILD_PACKAGE}/watchfloor-config.cmake" COPYONLY)
configure_file("${PROJECT_SOURCE_DIR}/cmake/WatchfloorPlugin.cmake"
    "${WF_BUILD_PACKAGE}/WatchfloorPlugin.cmake" COPYONLY)
write_basic_package_version_file("${WF_BUILD_PACKAGE}/watchfloor-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${WF_BUILD_PACKAGE}/watchfloor-config.cmake"
    "${WF_BUILD_PACKAGE}/watchfloor-config-version.cmake"
    "${WF_BUILD_PACKAGE}/WatchfloorPlugin.cmake"
    DESTINATION "${WF_PACKAGE_FOLDER}")

# pkg-config
file(RELATIVE_PATH WF_PC_TO_PREFIX "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file("${PROJECT_SOURCE_DIR}/cmake/package/watchfloor.pc.in"
    "${PROJECT_BINARY_DIR}/watchfloor.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/watchfloor.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# Units name absolute paths, which only the installation knows (cmake --install --prefix).
file(GLOB WF_UNITS "${PROJECT_SOURCE_DIR}/config/systemd/*.in")
install(CODE "
    set(WF_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    foreach(unit ${WF_UNITS})
        get_filename_component(name \"\${unit}\" NAME)
        string(REGEX REPLACE \"\\\\.in$\" \"\" name \"\${name}\")
        if(name MATCHES \"\\\\.sysusers$\")
            set(to \"lib/sysusers.d/watchfloor.conf\")
        else()
            set(to \"lib/systemd/system/\${name}\")
        endif()
        set(to \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/\${to}\")
        message(STATUS \"Installing: \${to}\")
        configure_file(\"\${unit}\" \"\${to}\" @ONLY)
    endforeach()")

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION share/doc/watchfloor)
install(FILES "${PROJECT_SOURCE_DIR}/plugins/README.md" DESTINATION share/doc/watchfloor
    RENAME plugins.md)
if(EXISTS "${PROJECT_SOURCE_DIR}/README.md")
    install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION share/doc/watchfloor)
endif()
