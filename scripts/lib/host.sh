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
    # shellcheck disable=SC2034
    SCHEMA_PROGRAM=${LARDER_SCHEMA:-${WORKER_PROGRAM%/*}/larder-schema}
    # shellcheck disable=SC2034
    TOKEN_PROGRAM=${LARDER_TOKEN_PROGRAM:-${WORKER_PROGRAM%/*}/larder-token}
    # shellcheck disable=SC2034
    BULK_PROGRAM=${LARDER_BULK:-${WORKER_PROGRAM%/*}/larder-bulk}
    ACCOUNT=${LARDER_ACCOUNT:-larder}
    [[ ! -e $SETTINGS_FILE || -r $SETTINGS_FILE ]] || fail "$SETTINGS_FILE cannot be read: run it as root"
    load_host_settings
    # shellcheck disable=SC2034
    DESCRIBED=$RESOURCES_DIR LIVE=$STATE/resources CHANGES=${LARDER_CHANGES:-/etc/larder/sql}
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

need_root() {
    ((EUID == 0)) || fail "run it as root"
}

has_systemd() {
    [[ -d /run/systemd/system ]]
}

# With AUTH=on a request would need a token, and the command is the operator's anyway.
clear_caches() {
    if is_on AUTH && ((WORKERS > 0)); then
        [[ ! -e $LIVE ]] || local -x RESOURCES_DIR=$LIVE
        "${RUN_AS[@]}" "$WORKER_PROGRAM" --clear-caches
        return
    fi
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
    [[ ! -e $LIVE ]] || RESOURCES_DIR=$LIVE
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

command_plan() {
    run_schema plan "$@"
}

# As the account: what it makes in RUN_DIR must be the workers' own.
command_token() {
    exec "${RUN_AS[@]}" "$TOKEN_PROGRAM" "$@"
}

command_backup() {
    make_backup "$BACKUP"
}

# The workers are stopped from the last check to the end, and serve again whatever comes of it.
command_restore() {
    need_root
    with_service check_target "$BACKUP" "$REPLACED"
    note_former_database
    trap serve_again EXIT
    trap 'exit 130' INT TERM HUP
    stop_units
    with_service replace_database "$BACKUP"
    step database "is that of the backup"
    restore_files "$BACKUP"
    trap - EXIT INT TERM HUP
    command_migrate
    command_apply
    tell_settings "$BACKUP"
}

serve_again() {
    local status=$?
    trap '' INT TERM HUP
    (end_restore_early) || true
    start_units || true
    exit "$status"
}

# With the descriptions that are live, as the account; the files are open (open_import_files).
command_import() {
    run_bulk import "$@"
}

command_export() {
    run_bulk export "$@"
}

run_bulk() {
    [[ ! -e $LIVE ]] || RESOURCES_DIR=$LIVE
    exec "${RUN_AS[@]}" "$BULK_PROGRAM" "$@"
}

# A description that exists stays as it is.
command_adopt() {
    need_root
    local work file
    work=$("${RUN_AS[@]}" mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    run_schema adopt --to "$work" "$@" >/dev/null || exit
    mkdir -p "$DESCRIBED"
    while read -r file; do
        [[ ! -e $DESCRIBED/$file ]] || fail "$DESCRIBED/$file exists: remove it first"
    done < <(descriptions_in "$work")
    while read -r file; do
        "${RUN_AS[@]}" cat "$work/$file" >"$DESCRIBED/$file"
        step adopted "$DESCRIBED/$file"
    done < <(descriptions_in "$work")
    step next "larder plan, then larder apply"
}

# shellcheck disable=SC2120
# command_apply [--drop NAME]...: interrupted anywhere, it can be run again. While workers of two
# descriptions run, this host leaves Redis alone.
command_apply() {
    need_root
    local is_changed=0
    write_changes "$@"
    expand_database
    check_worker
    copy_descriptions
    if [[ -n $COPIED ]] || is_held; then
        is_changed=1
        hold_redis
    fi
    take_descriptions
    apply_site
    apply_units
    renew_access
    deploy_changes
    apply_feed
    ((is_changed == 0)) || release_redis
}

# check_worker: with the settings and the program that are to go live.
check_worker() {
    local answer
    answer=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --check 2>&1) ||
        fail "nothing was restarted: $(check_failure "$answer")"
}

# Where the feed cannot follow, clearing renews all caches.
command_upgrade() {
    need_root
    command_migrate
    command_apply
    clear_caches || step caches "were not cleared: nothing answers at $(url)"
}
