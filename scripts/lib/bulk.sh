# shellcheck shell=bash
# Files of imports. The caller's shell opens them, for the account that the program runs as may not be able to.

# open_import_files ARGUMENT...: takes RESOURCE [FILE] and options, and leaves in IMPORT_ARGUMENTS what the program
# takes: FILE (`-`: the standard input) has become the standard input, and that of --errors is descriptor 3. What
# it has left can be given to it again.
open_import_files() {
    local resource='' file='' errors=''
    IMPORT_ARGUMENTS=()
    while (($# > 0)); do
        case $1 in
            --errors)
                errors=${2:-}
                (($# > 1)) || wrong_import "--errors FILE"
                shift
                ;;
            --errors=*) errors=${1#*=} ;;
            --on-conflict | --key | --format | --file-name | --errors-descriptor | --resources)
                (($# > 1)) || wrong_import "$1 VALUE"
                IMPORT_ARGUMENTS+=("$1" "$2")
                shift
                ;;
            -?*) IMPORT_ARGUMENTS+=("$1") ;;
            *)
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
        IMPORT_ARGUMENTS+=(--file-name "$file")
    fi
    if [[ -n $errors ]]; then
        : 2>/dev/null >"$errors" || wrong_import "--errors FILE: $errors cannot be written"
        exec 3>"$errors"
        IMPORT_ARGUMENTS+=(--errors-descriptor 3)
    fi
}

wrong_import() {
    printf '%s: import %s\n' "${0##*/}" "$*" >&2
    exit 2
}
