# SPDX-License-Identifier: MIT
# Completions of ferrule for fish.
set -l commands run pack verify self check status top profile info
set -l first "not __fish_seen_subcommand_from $commands"
complete -c ferrule -s h -l help -d 'Say what there is'
complete -c ferrule -n $first -l version -d 'Versions of Ferrule and of its CPython'
complete -c ferrule -n $first -a run -d 'Run a script, a folder or a packed agent'
complete -c ferrule -n $first -a pack -d 'Make a package of an agent'
complete -c ferrule -n $first -a verify -d 'Check the signature of a package'
complete -c ferrule -n $first -a self -d 'Roll back or uninstall'
complete -c ferrule -n $first -a check -d 'Look over a manifest, a configuration or a JSON Schema'
complete -c ferrule -n $first -a status -d 'What the agents of running launchers do'
complete -c ferrule -n $first -a top -d 'The same, drawn again and again'
complete -c ferrule -n $first -a profile -d 'Where the time of each turn went'
complete -c ferrule -n $first -a info -d 'Versions, modules, sizes, kernel features'

set -l run '__fish_seen_subcommand_from run'
complete -c ferrule -n $run -l workers -x -d 'Agents in parallel'
complete -c ferrule -n $run -l isolation -xa 'interpreter process' -d 'What keeps them apart'
complete -c ferrule -n $run -l memory -x -d 'Private memory'
complete -c ferrule -n $run -l cpu -x -d 'Seconds of processor time'
complete -c ferrule -n $run -l files -x -d 'Open descriptors'
complete -c ferrule -n $run -l priority -xa 'normal batch' -d 'Give way to others'
complete -c ferrule -n $run -l write -r -d 'Change files only below these'
complete -c ferrule -n $run -l no-network -d 'No internet sockets'

set -l pack '__fish_seen_subcommand_from pack'
complete -c ferrule -n $pack -s o -l output -r -d 'The package'
complete -c ferrule -n $pack -l runtime -r -d '.run file whose runtime goes in'
complete -c ferrule -n $pack -l key -r -d 'Sign with this key'
complete -c ferrule -n $pack -l new-key -r -d 'Make a key to sign with'
complete -c ferrule -n $pack -s q -l quiet -d 'Say nothing but mistakes'

complete -c ferrule -n '__fish_seen_subcommand_from self' -xa 'rollback uninstall'
complete -c ferrule -n '__fish_seen_subcommand_from info check status profile' -l json -d 'As JSON'
complete -c ferrule -n '__fish_seen_subcommand_from check' -l dump -d 'The compiled schema'
complete -c ferrule -n '__fish_seen_subcommand_from profile' -l html -r -d 'A page with a timeline'
