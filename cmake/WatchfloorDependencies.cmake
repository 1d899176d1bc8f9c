# SPDX-License-Identifier: MIT
#
# Every library we stand on, packaged by the distribution, as wf_dep::NAME.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(wf_dependency name module package)
    pkg_check_modules(${name} IMPORTED_TARGET ${module})
    if(NOT ${name}_FOUND)
        message(FATAL_ERROR "${module} is missing; on Debian or Ubuntu: apt-get install ${package}")
    endif()
    add_library(wf_dep::${name} ALIAS PkgConfig::${name})
endfunction()

wf_dependency(inih inih libinih-dev)
wf_dependency(sqlite sqlite3 libsqlite3-dev)
wf_dependency(uv libuv libuv1-dev)
wf_dependency(jansson jansson libjansson-dev)
wf_dependency(ncurses ncursesw libncurses-dev)
wf_dependency(expat expat libexpat1-dev)

# Without it a part is left out, and says so: wf_dep::NAME is there or not.
function(wf_optional_dependency name module package without)
    pkg_check_modules(${name} IMPORTED_TARGET ${module})
    if(${name}_FOUND)
        add_library(wf_dep::${name} ALIAS PkgConfig::${name})
    else()
        message(STATUS "${module} is missing (Debian or Ubuntu: apt-get install ${package}): ${without}")
    endif()
endfunction()

wf_optional_dependency(curl libcurl libcurl4-openssl-dev "no webhook and mail notifications")
wf_optional_dependency(crypto libcrypto libssl-dev "webhooks are not signed")
if(WATCHFLOOR_TESTS)
    wf_dependency(cmocka cmocka libcmocka-dev)
endif()
