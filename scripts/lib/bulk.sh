# shellcheck shell=bash
# Files of imports and exports. The caller's shell opens them, for the account that the program runs as may not be
# able to.

# open_import_files ARGUMENT...: takes RESOURCE [FILE] and options, and leaves in IMPORT_ARGUMENTS what the program
# takes: FILE (`-`: the standard input) has become the standard input, and that of --errors is descriptor 3. What
# it has left can be given to it again.
open_import_files() {
    local resource='' file='' errors='' operands_only=''
    IMPORT_ARGUMENTS=()
    while (($# > 0)); do
        case $operands_only$1 in
            --) operands_only=operand: ;;
            --errors)
                errors=${2:-}
                [[ -n $errors ]] || wrong_import "--errors FILE"
                shift
                ;;
            --errors=?*) errors=${1#*=} ;;
            --on-conflict | --key | --format | --file-name | --errors-descriptor | --resources)
                (($# > 1)) || wrong_import "$1 VALUE"
                IMPORT_ARGUMENTS+=("$1" "$2")
                shift
                ;;
            -?*) IMPORT_ARGUMENTS+=("$1") ;;
            *)
                [[ -n $1 ]] || wrong_import "RESOURCE FILE"
                if [[ -z $resource ]]; then
                    resource=$1
                    IMPORT_ARGUMENTS+=("$resource")
                elif [[ -z $file ]]; then
                    file=$1
                else
                    wrong_import "RESOURCE FILE"
                fi
                ;;
        esac
        shift
    done
    if [[ -n $file && $file != - ]]; then
        [[ -f $file || -p $file ]] || wrong_import "RESOURCE FILE: there is no file $file"
        [[ -r $file ]] || wrong_import "RESOURCE FILE: $file cannot be read"
        exec <"$file"
        IMPORT_ARGUMENTS+=("--file-name=$file")
    fi
    if [[ -n $errors ]]; then
        [[ ! -f $errors || ! /dev/stdin -ef $errors ]] || wrong_import "--errors FILE: $errors is the file that is imported"
        open_report "$errors"
    fi
}

# open_report FILE: it stays as it is until the program, which knows whether all the options are right, empties it. A
# new one that is still empty at the end is removed: then this runs the rest of the import, and ends.
open_report() {
    local is_new=1 status=0
    [[ ! -e $1 && ! -L $1 ]] || is_new=''
    : 2>/dev/null >>"$1" || wrong_import "--errors FILE: $1 cannot be written"
    exec 3>>"$1"
    IMPORT_ARGUMENTS+=(--errors-descriptor 3)
    [[ -n $is_new ]] || return 0
    # shellcheck disable=SC2064
    trap "$(printf '[[ -s %q ]] || rm -f -- %q' "$1" "$1")" EXIT
    trap 'exit 130' INT TERM HUP
    "$0" import "${IMPORT_ARGUMENTS[@]}" || status=$?
    exit "$status"
}

wrong_import() {
    printf '%s: import %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# write_export_file ARGUMENT...: with --output FILE, runs this program again without it, gives its output the name when
# it is whole, and ends. Without it, nothing.
write_export_file() {
    local output='' target temporary status=0 arguments=()
    while (($# > 0)); do
        case $1 in
            --)
                arguments+=("$@")
                break
                ;;
            --output)
                output=${2:-}
                [[ -n $output ]] || wrong_export "--output FILE"
                shift
                ;;
            --output=?*) output=${1#*=} ;;
            *) arguments+=("$1") ;;
        esac
        shift
    done
    [[ -n $output ]] || return 0
    # What leads to a file goes on leading to it. A device or a pipe cannot be replaced.
    target=$output
    [[ ! -L $output ]] || target=$(realpath -m -- "$output")
    [[ ! -d $target ]] || wrong_export "--output $output: it is a directory"
    [[ ! -e $target || -f $target ]] || wrong_export "--output $output: it is no file; leave --output out"
    temporary=$(mktemp "$(dirname -- "$target")/.${target##*/}.XXXXXXXX" 2>/dev/null) ||
        wrong_export "--output $output: it cannot be written"
    # shellcheck disable=SC2064
    trap "$(printf 'rm -f -- %q' "$temporary")" EXIT
    trap 'exit 130' INT TERM HUP
    "$0" export "--file-name=$output" "${arguments[@]}" >"$temporary" || status=$?
    ((status == 0)) || exit "$status"
    # What a new file would have: mktemp has closed it to all others.
    chmod '=rw' -- "$temporary"
    mv -f -- "$temporary" "$target" || status=1
    exit "$status"
}

wrong_export() {
    printf '%s: export %s\n' "${0##*/}" "$*" >&2
    exit 2
}
