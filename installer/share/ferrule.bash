# SPDX-License-Identifier: MIT
# Completions of ferrule for bash.
_ferrule() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words='run check info pack profile verify self --help --version'
    else
        case $command in
        run) words='--memory --cpu --files --write --no-network --workers --help' ;;
        info) words='--json --help' ;;
        check) words='--json --dump --help' ;;
        pack) words='--output --runtime --key --quiet --help' ;;
        self) words='rollback uninstall --help' ;;
        esac
    fi
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
    *)
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
        ;;
    esac
}
complete -F _ferrule ferrule
