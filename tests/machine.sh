# shellcheck shell=bash
# What the tests share that need a machine of their own: a bare Debian in WORK/machine, run by
# systemd-nspawn. ROOT and WORK are set, and `fail` is there.

# Whatever could still be mounted there must not be deleted with it.
remove_machine() {
    [[ -d $WORK/machine ]] || return 0
    if findmnt -rno TARGET | grep -qF "$WORK/"; then
        fail "something is mounted below $WORK"
    fi
    rm -rf "$WORK/machine"
}

# report_passed TEST KIND...: the last line of a test in which all of these have passed.
report_passed() {
    printf '\n%s: passed: %s\n' "$1" "${*:2}"
}

copy_machine() {
    remove_machine
    cp -a "$ROOT/build/bare-debian" "$WORK/machine"
}

# nspawn [--setenv=NAME=VALUE...] COMMAND...
nspawn() {
    systemd-nspawn --quiet --register=no --keep-unit --directory="$WORK/machine" --pipe --as-pid2 \
        --setenv=DEBIAN_FRONTEND=noninteractive --setenv=HOME=/root "$@"
}

# Of the network that it shares with this machine.
free_port() {
    local port
    while port=$((RANDOM % 20000 + 10240)); ss -Hltn "sport = :$port" | grep -q .; do :; done
    printf '%s' "$port"
}
