#compdef ferrule
# SPDX-License-Identifier: MIT
# Completions of ferrule for zsh.
_ferrule() {
    local -a commands
    commands=(
        'run:run a script, a folder or a packed agent'
        'check:look over a manifest, a configuration or a JSON Schema'
        'info:versions, modules, sizes, kernel features'
        'pack:make a package of an agent'
        'profile:where the time of each turn went'
        'verify:check the signature of a package'
        'self:roll back or uninstall'
    )
    if ((CURRENT == 2)); then
        _describe command commands
        _files -g '*.(py|ferrule|toml)'
        return
    fi
    case $words[2] in
    run) _arguments '--memory[private memory]:size' '--cpu[seconds]:seconds' \
        '--files[descriptors]:count' '--write[folders]:folders:_files -/' \
        '--no-network[no internet sockets]' '*:agent:_files' ;;
    info) _arguments '--json[as JSON]' ;;
    check) _arguments '--json[as JSON]' '--dump[compiled schema]' '*:file:_files' ;;
    pack) _arguments {-o,--output}'[the package]:package:_files' \
        '--runtime[.run file whose runtime goes in]:file:_files -g "*.run"' \
        '--key[sign with this key]:file:_files' {-q,--quiet}'[say nothing]' \
        '*:folder:_files -/' ;;
    self) _values 'what' rollback uninstall ;;
    *) _files ;;
    esac
}
_ferrule "$@"
