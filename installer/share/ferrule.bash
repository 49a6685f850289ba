# SPDX-License-Identifier: MIT
# Completions of ferrule for bash.
_ferrule() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words='run pack verify self check status top profile info --help --version'
    else
        case ${COMP_WORDS[1]} in
        run) words='--workers --isolation --memory --cpu --files --priority --write
            --no-network --help' ;;
        pack) words='--output --runtime --key --new-key --quiet --help' ;;
        self) words='rollback uninstall --help' ;;
        check) words='--json --dump --help' ;;
        profile) words='--json --html --help' ;;
        info | status) words='--json --help' ;;
        *) words=--help ;;
        esac
    fi
    case $before in
    --isolation) words=interpreter ;;
    --priority) words='normal batch' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    case $word in
    -*) ;;
    *)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
        ;;
    esac
}
complete -F _ferrule ferrule
