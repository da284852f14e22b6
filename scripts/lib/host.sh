# shellcheck shell=bash
# A host on which Larder is installed: its settings are those that the units see, which is to say
# those of one file and nothing of the caller's environment.

SETTINGS_FILE=${LARDER_SETTINGS:-/etc/larder/larder.env}

# program NAME: its path, in a build directory or in PREFIX/sbin.
program() {
    local path
    for path in "$ROOT/build/bin/$1" "$ROOT/../../sbin/$1"; do
        if [[ -x $path ]]; then
            realpath "$path"
            return
        fi
    done
    fail "there is no program $1"
}

enter_host() {
    umask 0022
    WORKER_PROGRAM=${LARDER_WORKER:-$(program larder-worker)}
    # shellcheck disable=SC2034
    FEED_PROGRAM=${LARDER_FEED:-$(program larder-feed)}
    ACCOUNT=${LARDER_ACCOUNT:-larder}
    [[ ! -e $SETTINGS_FILE || -r $SETTINGS_FILE ]] || fail "$SETTINGS_FILE cannot be read: run it as root"
    load_host_settings
    if ((EUID == 0)); then
        id -u "$ACCOUNT" >/dev/null 2>&1 || fail "there is no account $ACCOUNT: run systemd-sysusers"
        # The account may not be able to read the directory or the home of the caller.
        cd /
        export HOME=/
        RUN_AS=(setpriv --reuid="$ACCOUNT" --regid="$(id -g "$ACCOUNT")" --init-groups --)
    fi
}

load_host_settings() {
    local name
    for name in $(setting_names) "${!PG@}"; do
        unset "$name"
    done
    load_unit_settings "$SETTINGS_FILE"
    for name in $(setting_names); do
        [[ -n ${!name:-} ]] || unset "$name"
    done
    check_settings
    : "${RUN_DIR:=/run/larder}" "${DATABASE_URL:=postgresql:///larder}"
    # A checkout has the descriptions beside its scripts.
    if [[ -z ${RESOURCES_DIR:-} && -d $ROOT/resources ]]; then
        RESOURCES_DIR=$ROOT/resources
    fi
    : "${RESOURCES_DIR:=/etc/larder/resources}"
    export RUN_DIR DATABASE_URL RESOURCES_DIR
}

# shellcheck disable=SC2016
setting_names() {
    "$WORKER_PROGRAM" --print-settings | sed -nE 's/^\| `([A-Z_]+)` .*/\1/p'
}

need_root() {
    ((EUID == 0)) || fail "run it as root"
}

has_systemd() {
    [[ -d /run/systemd/system ]]
}

clear_caches() {
    curl -sf -H "$(host_field)" --noproxy '*' -o /dev/null -m 30 -X POST "$(url)/cache/clear"
}

command_clear() {
    clear_caches || fail "nothing at $(url) has cleared the caches: see larder check"
    step caches "are empty"
}

# For what supervises workers where there is no systemd.
command_exec() {
    (($# > 0)) || fail "exec: which program?"
    local path
    path=$(program "$1")
    exec "${RUN_AS[@]}" "$path" "${@:2}"
}

command_migrate() {
    local log
    log=$(mktemp)
    if ! deploy_schema "$log"; then
        cat "$log" >&2
        rm -f "$log"
        fail "the migration has failed; nothing was restarted"
    fi
    step schema "$(tail -n 1 "$log")"
    rm -f "$log"
}

command_apply() {
    need_root
    check_worker
    apply_site
    apply_units
}

# check_worker: with the settings and the program that are to go live.
check_worker() {
    local answer
    answer=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --check 2>&1) ||
        fail "nothing was restarted: $(check_failure "$answer")"
}

# The feed comes last, after the last worker of the former version: whenever it starts it renews all
# caches, and with that what the former version has left there. Where it cannot follow, clearing does.
command_upgrade() {
    need_root
    command_migrate
    command_apply
    clear_caches || step caches "were not cleared: nothing answers at $(url)"
}
