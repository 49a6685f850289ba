#!/bin/sh
# SPDX-License-Identifier: MIT
# @TITLE@ @VERSION@ - installs itself: sh THIS-FILE [--system]. Behind this script
# follow a small unpacker (gzip) and the files (xz); `--help` says what can be done.
set -eu

name=@NAME@ title='@TITLE@' version=@VERSION@ kind=@KIND@
machine=@MACHINE@ glibc=@GLIBC@ kernel=@KERNEL@
unpacker_at=@UNPACKER_AT@ unpacker_size=@UNPACKER_SIZE@ payload_at=@PAYLOAD_AT@
file_size=@FILE_SIZE@ sha256=@SHA256@ kilobytes=@KILOBYTES@

usage() {
    cat <<EOF
usage: sh $0 [OPTIONS]

Installs $title $version for this user, without root; nothing else is needed.

  --system       install for all users, into /usr/local (as root)
  --verify       only check that this file is whole
  --extract DIR  only unpack the files into DIR
  --uninstall    remove what this file installed; your data stays
  --quiet        say nothing but mistakes
EOF
}
say() { [ -n "$quiet" ] || printf '%s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$name" "$*" >&2; exit 1; }
wrong() { printf '%s: %s\n' "$name" "$*" >&2; exit 2; }

# ---- what is wanted -----------------------------------------------------------------

action=install system= quiet= target=
while [ $# -gt 0 ]; do
    case $1 in
    --system) system=--system ;;
    --verify) action=verify ;;
    --uninstall) action=uninstall ;;
    --extract)
        [ $# -gt 1 ] || wrong "--extract needs a folder"
        action=extract target=$2
        shift
        ;;
    --quiet | -q) quiet=--quiet ;;
    --help | -h) usage; exit 0 ;;
    *) wrong "unknown option $1; --help lists them" ;;
    esac
    shift
done

# ---- whether it can be had ----------------------------------------------------------

# at_least HAVE WANTED: dotted numbers.
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$2" ]
}

check_machine() {
    [ "$(uname -s)" = Linux ] || fail "this is for Linux, not for $(uname -s)"
    [ "$(uname -m)" = "$machine" ] ||
        fail "this is for $machine, the processor here is $(uname -m)"
    release=$(uname -r | sed 's/[^0-9.].*//')
    at_least "$release" "$kernel" ||
        fail "needs a Linux kernel from $kernel on, this is $(uname -r)"
    have=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/.* //') || have=
    [ -n "$have" ] ||
        fail "needs glibc from $glibc on; this system has another C library"
    at_least "$have" "$glibc" || fail "needs glibc from $glibc on, this system has $have"
}

check_file() {
    have=$(wc -c <"$0") || fail "cannot read $0"
    [ "$((have))" = "$file_size" ] ||
        fail "this file has $((have)) bytes and should have $file_size: fetch it again"
    have=$(tail -c +"$unpacker_at" "$0" | sha256sum) ||
        fail "cannot check this file: sha256sum is missing"
    [ "${have%% *}" = "$sha256" ] || fail "this file is damaged: fetch it again"
}

# The nearest folder that is there, of $1 and those above it.
nearest() {
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    printf '%s\n' "$folder"
}

check_place() {
    above=$(nearest "$1")
    [ -w "$above" ] || fail "cannot write to $above: @PLACE_HINT@"
    free=$(df -Pk "$above" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$kilobytes" ] ||
        fail "$above has $free KB free, $kilobytes KB are needed"
}

# ---- unpacking ----------------------------------------------------------------------

made= # folders that were not there before, one a line, the innermost last
make_folder() {
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname "$1")"
    mkdir "$1" || fail "cannot make the folder $1"
    made="$made$1
"
}

staging=
undo() {
    [ -z "$staging" ] || rm -rf "$staging"
    staging=
    printf '%s' "$made" | sed '1!G;h;$!d' | while IFS= read -r folder; do
        rmdir "$folder" 2>/dev/null || :
    done
}

# unpack FOLDER: the files, below a folder that is there.
unpack() {
    tail -c +"$unpacker_at" "$0" | head -c "$unpacker_size" | gzip -dc >"$1/unpack" ||
        fail "cannot write to $1"
    chmod 755 "$1/unpack"
    "$1/unpack" 2>/dev/null || [ $? -ne 126 ] ||
        fail "$1 is on a file system mounted noexec: @PLACE_HINT@"
    if [ -z "$quiet" ] && [ -t 2 ]; then
        "$1/unpack" "$0" "$((payload_at - 1))" "$1" "$title $version" || fail "not installed"
    else
        "$1/unpack" "$0" "$((payload_at - 1))" "$1" || fail "not installed"
    fi
    rm "$1/unpack"
}

# The second half, in Python, by the runtime in FOLDER.
setup() {
    runtime=$1/lib/ferrule/ferrule
    shift
    "$runtime" -Ic 'import sys
from ferrule._installer import setup
sys.exit(setup.main(sys.argv[1:]))' "$@" $quiet
}

# Whether the publisher is who it was before: by the version that is installed, at a
# first installation by the one in this file.
check_signature() {
    runtime=$root/current/lib/ferrule/ferrule first=
    if [ ! -x "$runtime" ]; then
        runtime=$staging/lib/ferrule/ferrule
        [ -n "$quiet" ] || [ "$kind" != agent ] || first=--first-use
    fi
    "$runtime" -Ic 'import sys
from ferrule._installer import trust
sys.exit(trust.check_installer(sys.argv[1:]))' "$0" "$name" $first
}

# ---- the actions --------------------------------------------------------------------

root_folder() {
    if [ -n "$system" ]; then
        base=/usr/local/lib
    else
        [ -n "${XDG_DATA_HOME:-}${HOME:-}" ] || fail "HOME is not set"
        base=${XDG_DATA_HOME:-$HOME/.local/share}
    fi
    case $kind in
    runtime) printf '%s\n' "$base/ferrule" ;;
    agent) printf '%s\n' "$base/ferrule-agents/$name" ;;
    esac
}

install() {
    check_machine
    check_file
    root=$(root_folder)
    check_place "$root"
    trap undo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    make_folder "$root/versions"
    staging=$root/versions/.staging-$$
    mkdir "$staging" || fail "cannot write to $root"
    unpack "$staging"
    check_signature
    FERRULE_MADE=$made setup "$staging" install --staging "$staging" --root "$root" $system
    staging= made=
}

uninstall() {
    root=$(root_folder)
    [ -d "$root/versions" ] || fail "$title is not installed in $root"
    if [ -x "$root/current/lib/ferrule/ferrule" ]; then
        setup "$root/current" uninstall --root "$root"
        return
    fi
    # An installation that was interrupted: the runtime for it is in this file.
    check_machine
    check_file
    trap undo EXIT
    staging=$root/versions/.staging-$$
    mkdir "$staging"
    unpack "$staging"
    setup "$staging" uninstall --root "$root"
}

extract() {
    check_machine
    check_file
    check_place "$target"
    [ ! -e "$target" ] || [ -z "$(ls -A "$target")" ] || fail "$target is not empty"
    trap undo EXIT
    make_folder "$target"
    unpack "$target"
    made=
    say "$title $version is in $target"
}

umask 022
case $action in
verify)
    check_file
    say "$0 is whole: $title $version, sha256 $sha256"
    ;;
*) "$action" ;;
esac
exit 0
