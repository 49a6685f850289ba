#compdef ferrule
# SPDX-License-Identifier: MIT
# Completions of ferrule for zsh.
_ferrule() {
    local -a commands
    local -a help=({-h,--help}'[say what there is]')
    commands=(
        'run:run a script, a folder or a packed agent'
        'pack:make a package of an agent'
        'verify:check the signature of a package'
        'self:roll back or uninstall'
        'check:look over a manifest, a configuration or a JSON Schema'
        'status:what the agents of running launchers do'
        'top:the same, drawn again and again'
        'profile:where the time of each turn went'
        'info:versions, modules, sizes, kernel features'
    )
    if ((CURRENT == 2)); then
        _describe command commands
        _arguments $help '--version[versions of Ferrule and of its CPython]'
        _files -g '*.(py|ferrule|toml)'
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
    run) _arguments $help '--workers[agents in parallel]:number:' \
        '--isolation[what keeps them apart]:kind:(interpreter process)' \
        '--memory[private memory]:size:' '--cpu[processor time]:seconds:' \
        '--files[open descriptors]:number:' \
        '--priority[give way to others]:priority:(normal batch)' \
        '--write[change files only below these]:folders:_files -/' \
        '--no-network[no internet sockets]' '*:agent:_files' ;;
    pack) _arguments $help {-o,--output}'[the package]:package:_files' \
        '--runtime[.run file whose runtime goes in]:file:_files -g "*.run"' \
        '--key[sign with this key]:file:_files' \
        '--new-key[make a key to sign with]:file:_files' \
        {-q,--quiet}'[say nothing but mistakes]' '*:folder:_files -/' ;;
    self) _arguments $help '1:what:(rollback uninstall)' ;;
    check) _arguments $help '--json[as JSON]' '--dump[the compiled schema]' '*:file:_files' ;;
    profile) _arguments $help '--json[as JSON]' '--html[a page with a timeline]:file:_files' \
        '*:agent:_files' ;;
    info | status) _arguments $help '--json[as JSON]' ;;
    top) _arguments $help ;;
    *) _files ;;
    esac
}
_ferrule "$@"
