# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What ./demo and ./tests/run share: bringing a machine to where Watchfloor builds, and
# building with progress. To be sourced, from the top of the tree.

say() { printf '%s: %s\n' "$WF_SCRIPT" "$*" >&2; }
die() {
    say "$*"
    exit 2
}

# --- packages -------------------------------------------------------------------------------------

# A machine can do something, or lacks a package of Debian and Ubuntu. `need TEST PACKAGE WHAT`
# notes the package when TEST fails.
WF_MISSING=()
WF_REASONS=()
need() {
    if ! eval "$1" >/dev/null 2>&1; then
        WF_MISSING+=("$2")
        WF_REASONS+=("$2: $3")
    fi
}
has_command() { command -v "$1"; }
has_library() { command -v pkg-config && pkg-config --exists "$1"; }
# Can the compiler link with these flags? Headers and sanitizer runtimes are packages of their own.
can_link() {
    local folder status=0
    folder=$(mktemp -d) || return 1
    printf 'int main(void) { return 0; }\n' >"$folder/a.c"
    "$@" -o "$folder/a" "$folder/a.c" || status=1
    rm -rf "$folder"
    return $status
}

need_for_building() {
    need 'can_link cc' gcc 'the C compiler'
    need 'can_link cc' libc6-dev 'headers of the C library'
    need 'has_command cmake' cmake 'the build system'
    need 'has_command ninja' ninja-build 'runs the build'
    need 'has_command pkg-config' pkg-config 'finds libraries'
    need 'has_library inih' libinih-dev 'reads INI files'
    need 'has_library sqlite3' libsqlite3-dev 'keeps history'
    need 'has_library libuv' libuv1-dev 'event loops'
    need 'has_library jansson' libjansson-dev 'writes JSON'
    need 'has_library ncursesw' libncurses-dev 'draws on the terminal'
    need 'has_library expat' libexpat1-dev 'reads XML'
    need 'has_library libcurl' libcurl4-openssl-dev 'notifies by web and mail'
    need 'has_library libcrypto' libssl-dev 'signs what goes to the web'
}

need_for_testing() {
    need 'has_library cmocka' libcmocka-dev 'runs unit tests'
    need 'has_command python3' python3 'runs end-to-end tests'
    need 'can_link clang' clang 'the second compiler'
    if ! can_link clang -fsanitize=thread >/dev/null 2>&1 &&
        [ -n "$(apt-cache --names-only search '^libclang-rt-dev$' 2>/dev/null)" ]; then
        need false libclang-rt-dev 'sanitizers of clang'
    fi
    # Suppressions of TSan name functions, which it knows only through the symbolizer.
    need 'has_command llvm-symbolizer' llvm 'names functions in reports of sanitizers'
    need 'has_command readelf' binutils 'looks into programs'
}

# Install what is noted, saying what and why first. Only apt's machines can be helped.
install_missing() {
    local as_root=() log
    [ ${#WF_MISSING[@]} -gt 0 ] || return 0
    say "missing on this machine:"
    printf '    %s\n' "${WF_REASONS[@]}" >&2
    command -v apt-get >/dev/null ||
        die "there is no apt-get here; install the equivalents of these packages, then start again"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            die "run as root, or: apt-get install ${WF_MISSING[*]}"
        as_root=(sudo)
    fi
    say "installing them with apt-get${as_root[0]:+ (sudo)}"
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "${WF_MISSING[@]}"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "apt-get failed; see above"
    fi
    rm -f "$log"
}

# After an installation the same questions must have other answers. $@: the need_for_* functions.
bring_machine_up() {
    local wish first=()
    for wish in "$@"; do "$wish"; done
    first=("${WF_MISSING[@]}")
    install_missing
    WF_MISSING=() WF_REASONS=()
    [ ${#first[@]} -gt 0 ] || return 0
    for wish in "$@"; do "$wish"; done
    [ ${#WF_MISSING[@]} -eq 0 ] || die "installed, yet still not usable: ${WF_MISSING[*]}"
}

# --- building --------------------------------------------------------------------------------------

# build PRESET [--target T ...] [-- CMAKE_ARGUMENTS...]: configure once, build, with progress: one
# line that changes on a terminal, a line every quarter otherwise. The log stays in the build folder.
build() {
    local preset=$1 targets=() log line percent shown=-1 folder status=0
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        targets+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    folder=build/$preset
    log=$folder/build.log
    mkdir -p "$folder"
    if [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER=ccache
    fi
    if [ ! -f "$folder/build.ninja" ] || [ $# -gt 0 ]; then
        say "configuring $preset"
        if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
            tail -n 20 "$log" >&2
            return 1
        fi
    fi
    say "building $preset"
    : >"$log"
    NINJA_STATUS='[%p] ' cmake --build "$folder" "${targets[@]}" 2>&1 |
        while IFS= read -r line; do
            printf '%s\n' "$line" >>"$log"
            [[ $line =~ ^\[\ *([0-9]+)%\] ]] || continue
            percent=${BASH_REMATCH[1]}
            if [ -t 2 ]; then
                printf '\r%s: building %s: %s%% ' "$WF_SCRIPT" "$preset" "$percent" >&2
            elif [ $((percent / 25)) -gt "$shown" ]; then
                shown=$((percent / 25))
                say "building $preset: $percent%"
            fi
        done || status=$?
    [ ! -t 2 ] || printf '\r\033[K' >&2
    if [ "$status" != 0 ]; then
        grep -E -A 12 'error|FAILED' "$log" | head -n 60 >&2
        say "building $preset failed; all of it: $log"
        return 1
    fi
}
