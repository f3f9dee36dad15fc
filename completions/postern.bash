# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of postern(1) in bash. Verbs and options are those that the program itself tells, and
# domains those that libvirt lists: no guest is asked.

# The verbs, one a line.
_postern_verbs() {
    LC_ALL=C postern --help 2>/dev/null | sed -n '/^Verbs:$/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# The options of a verb, one a line; those that take a value end in `=`.
_postern_options() {
    LC_ALL=C postern "$@" --help 2>/dev/null |
        sed -n 's/^  \(-., \)\{0,1\}\(--[a-z][a-z-]*=\{0,1\}\).*/\2/p'
}

_postern_domains() {
    virsh -q ${1:+-c "$1"} list --all --name 2>/dev/null </dev/null
}

_postern_policies() {
    local folder file

    for folder in /etc/postern/policies /usr/share/postern/policies; do
        for file in "$folder"/*.conf; do
            [[ -e $file ]] && basename "$file" .conf
        done
    done
}

# The value of an option.
_postern_value() {
    case $1 in
    --policy | -p)
        mapfile -t COMPREPLY < <(compgen -W "$(_postern_policies)" -- "$2"; compgen -f -- "$2")
        compopt -o filenames 2>/dev/null
        ;;
    --format) mapfile -t COMPREPLY < <(compgen -W "text json junit" -- "$2") ;;
    --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$2") ;;
    --user | -u) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
    --baseline | -b | --undo | --profile | --output | -o | --key | --directory | --package | --shim-conf)
        mapfile -t COMPREPLY < <(compgen -f -- "$2")
        compopt -o filenames 2>/dev/null
        ;;
    *) COMPREPLY=() ;;
    esac
}

_postern() {
    local current=${COMP_WORDS[COMP_CWORD]} verb='' uri='' verbs word i

    COMPREPLY=()
    verbs=$(_postern_verbs)
    # An `=` is a word of its own here.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == -c || $word == --connect ]]; then
            uri=${COMP_WORDS[i + 1]}
            [[ $uri == = ]] && uri=${COMP_WORDS[i + 2]}
        elif [[ -z $verb && $'\n'$verbs$'\n' == *$'\n'"$word"$'\n'* ]]; then
            verb=$word
        fi
    done

    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $current == = ]]; then
        _postern_value "$previous" ''
    elif [[ $previous == = ]]; then
        _postern_value "${COMP_WORDS[COMP_CWORD - 2]}" "$current"
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_postern_options ${verb:+"$verb"})" -- "$current")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    elif [[ $previous == -[pubo] ]]; then
        _postern_value "$previous" "$current"
    elif [[ -z $verb ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
    elif [[ $verb == power && $previous != power && $previous != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "status reset stop start cycle" -- "$current")
    elif [[ $verb == snapshot && $previous != snapshot && $previous != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "list create revert" -- "$current")
    elif [[ $verb == exec && $previous != exec && $previous != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "list attach logs wait send signal" -- "$current")
    elif [[ $verb == diff || $verb == audit ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
    else
        mapfile -t COMPREPLY < <(compgen -W "$(_postern_domains "$uri")" -- "$current")
    fi
}

complete -F _postern postern
