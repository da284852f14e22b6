# shellcheck shell=bash
# What the tests share that need a machine of their own: a bare Debian in
# WORK/machine, run by systemd-nspawn. ROOT and WORK are set, and `fail` is there.

# Those that are supported; DEBIAN='trixie' chooses.
# shellcheck disable=SC2034
read -ra RELEASES <<<"${DEBIAN:-bookworm trixie}"

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

# copy_machine RELEASE
copy_machine() {
    remove_machine
    "$ROOT/tests/bare_debian" "$1" "$ROOT/build/bare-$1"
    mkdir -p "$WORK"
    cp -a "$ROOT/build/bare-$1" "$WORK/machine"
    # It trusts whom this machine was told to trust, such as a proxy in front of the npm registry.
    mkdir -p "$WORK/machine/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$WORK/machine/usr/local/share/ca-certificates/"
}

# In the machine, with the network of this one.
install_packages() {
    nspawn sh -euc "apt-get update -q && apt-get install -q -y --no-install-recommends $*" \
        >"$WORK/prepare.log" 2>&1 ||
        fail "packages cannot be installed: $(tail -n 1 "$WORK/prepare.log")"
}

# A clone of this checkout in the machine's /srv/larder.git.
put_sources() {
    git clone -q --bare "$ROOT" "$WORK/machine/srv/larder.git"
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
