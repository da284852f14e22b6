# shellcheck shell=bash
# Messages and waiting.

export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

step() {
    printf '%-12s %s\n' "$1" "$2"
}

# Ends the command with one line that says what is wrong and what to do.
fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# wait_for SECONDS COMMAND...: runs the command until it succeeds.
wait_for() {
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}

short_hash() {
    printf '%s' "$1" | sha256sum | cut -c1-8
}

need_program() {
    command -v "$1" >/dev/null || fail "$1 is not installed: $(how_to_install "$1")"
}

how_to_install() {
    if [[ -x $ROOT/scripts/deps ]]; then
        printf 'run scripts/deps'
    else
        printf 'apt install %s' "$1"
    fi
}
