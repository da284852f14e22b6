# shellcheck shell=bash
# The commands of scripts/stack.

command_up() {
    trap abandon_start EXIT
    trap 'exit 130' INT TERM HUP
    check_started_auth
    take_new_programs
    if anything_runs; then
        step stack "runs already at $(url); starting only what is missing"
    fi
    if ! part_runs nginx; then
        stop_nginx
        check_port
    fi
    make_run_dir
    ensure_postgresql
    ensure_redis
    migrate
    seed_if_wanted
    bring_live
    record_settings
    trap - EXIT INT TERM HUP
    release_lock
    print_examples
}

# bring_live [--drop NAME]...: interrupted anywhere, it can be run again. While workers of two descriptions
# run, this host leaves Redis alone.
bring_live() {
    local is_changed=0
    write_changes "$@"
    expand_database
    ((WORKERS == 0)) || check_worker
    copy_descriptions
    if part_runs worker && { [[ -n $COPIED ]] || is_held; }; then
        is_changed=1
        hold_redis
    fi
    take_descriptions
    ensure_workers
    ((is_changed == 0)) || restart_workers
    renew_access
    deploy_changes
    ensure_feed
    ((is_changed == 0)) || restart_feed
    release_redis
    ensure_nginx
    ((is_changed == 0)) || reload_nginx
}

command_apply() {
    check_started_auth
    take_new_programs
    part_runs worker || fail "no worker runs: start the stack with make up"
    bring_live "$@"
}

command_plan() {
    take_new_programs
    with_database run_schema plan "$@"
}

command_adopt() {
    take_new_programs
    with_database run_schema adopt "$@"
}

# Takes no lock: a token is to be revoked whatever else is at work on the stack.
command_token() {
    [[ -x $TOKEN_PROGRAM ]] || fail "there is no program $TOKEN_PROGRAM: run make build and make up"
    if database_is_private && ! part_runs postgresql; then
        fail "PostgreSQL does not run: start the stack with make up"
    fi
    exec "$TOKEN_PROGRAM" "$@"
}

# Takes no lock, for it may take long. The files are open (open_import_files).
command_import() {
    run_bulk import "$@"
}

command_export() {
    run_bulk export "$@"
}

run_bulk() {
    [[ -x $BULK_PROGRAM ]] || fail "there is no program $BULK_PROGRAM: run make build and make up"
    if database_is_private && ! part_runs postgresql; then
        fail "PostgreSQL does not run: start the stack with make up"
    fi
    exec "$BULK_PROGRAM" "$@"
}

# abandon_start [STATUS]: leaves nothing running that this command has started.
abandon_start() {
    local status=${1:-$?}
    trap '' INT TERM HUP
    stop_parts "${STARTED[@]}"
    if ! anything_runs; then
        remove_run_dir
    fi
    exit "$status"
}

# In the order in which no part loses one that it still needs.
stop_parts() {
    local part
    for part in nginx worker feed redis postgresql; do
        if [[ " $* " == *" $part "* ]]; then
            "stop_$part"
        fi
    done
}

command_down() {
    local part running=()
    for part in "${PARTS[@]}"; do
        if [[ -e $STACK/pids/$part ]]; then
            running+=("$part")
        fi
    done
    if ((${#running[@]} == 0)); then
        step stack "does not run"
    else
        stop_parts "${running[@]}"
        step stack "stopped; its data stays in $STACK"
    fi
    remove_run_dir
    rm -f "$STACK/settings"
}

command_run() {
    command_up
    echo "Ctrl-C stops it."
    trap 'STOPPING=1' INT TERM HUP
    STOPPING=0
    local pause=
    while ((STOPPING == 0)) && part_runs nginx; do
        sleep 1 &
        pause=$!
        wait "$pause" || true
    done
    trap '' INT TERM HUP
    # It ignores SIGINT, as all that a script starts in the background.
    { kill "$pause" && wait "$pause"; } 2>/dev/null || true
    take_lock
    if ((STOPPING == 0)) && ! anything_runs; then
        step stack "was stopped by another command"
        return
    fi
    command_down
    ((STOPPING == 1)) || fail "nginx has ended: see $STACK/logs/nginx.log"
}

command_status() {
    local part state=running count=0
    for part in "${PARTS[@]}"; do
        if part_runs "$part"; then
            count=$((count + 1))
        elif part_is_expected "$part"; then
            state=degraded
        fi
    done
    ((count > 0)) || state=stopped
    printf '%s=%s\n' state "$state" url "$(url)" stack "$STACK" run_dir "$RUN_DIR"
    local worker feed
    worker=$(part_pid worker || true)
    feed=$(part_pid feed || true)
    printf '%s=%s\n' \
        postgresql_pid "$(part_pid postgresql || true)" \
        postgresql_socket "$(! database_is_private || echo "$RUN_DIR")" \
        database_url "$DATABASE_URL" \
        redis_pid "$(part_pid redis || true)" \
        redis_socket "$(! redis_is_private || echo "$RUN_DIR/redis.sock")" \
        redis_url "$(redis_address)" \
        worker_supervisor_pid "$worker" \
        worker_pid "$(list_children "$worker")" \
        worker_address "$(worker_address)" \
        worker_socket "$(worker_socket)" \
        feed_supervisor_pid "$feed" \
        feed_pid "$(list_children "$feed")" \
        nginx_pid "$(part_pid nginx || true)" \
        nginx_conf "$STACK/nginx/nginx.conf"
}

part_is_expected() {
    case $1 in
        postgresql) database_is_private ;;
        redis) redis_is_private ;;
        worker) ((WORKERS > 0)) ;;
        feed) [[ -x $STACK/bin/larder-feed ]] ;;
    esac
}

list_children() {
    if [[ -n $1 ]]; then
        children "$1" | paste -sd ' '
    fi
}

command_logs() {
    local logs=("$STACK"/logs/*.log)
    [[ -e ${logs[0]} ]] || fail "there are no logs in $STACK/logs yet"
    if [[ ${1:-} == -f ]]; then
        exec tail -n 10 -F "${logs[@]}"
    fi
    tail -n 25 "${logs[@]}"
}

# Takes no lock, for it may take long and changes nothing.
command_backup() {
    [[ -x $WORKER_PROGRAM ]] || fail "there is no program $WORKER_PROGRAM: run make build and make up"
    if database_is_private && ! part_runs postgresql; then
        fail "PostgreSQL does not run: start the stack with make up"
    fi
    make_backup "$BACKUP"
}

# Also into a stack that is down, which then runs.
command_restore() {
    check_started_auth
    take_new_programs
    trap abandon_restore EXIT
    trap 'exit 130' INT TERM HUP
    part_runs nginx || check_port
    make_run_dir
    ensure_postgresql
    ensure_redis
    with_service check_target "$BACKUP" "$REPLACED"
    note_former_database
    HELD_UP=1
    stop_feed
    stop_worker
    step workers "are stopped until all is restored"
    with_service replace_database "$BACKUP"
    step database "is that of the backup"
    HELD_UP=
    restore_files "$BACKUP"
    migrate
    bring_live
    # It may have other lists than before.
    reload_nginx
    record_settings
    trap - EXIT INT TERM HUP
    tell_settings "$BACKUP"
    [[ -n $HAS_OTHER_DESCRIPTIONS ]] || return 0
    step descriptions "make up takes those of the checkout, or of RESOURCES_DIR, again: copy those of $DESCRIBED there"
}

# Starts again what was stopped while nothing was changed.
abandon_restore() {
    local status=$?
    trap '' INT TERM HUP
    if [[ -n ${HELD_UP:-} ]]; then
        (end_restore_early) || true
        (ensure_workers && ensure_feed) || true
        exit "$status"
    fi
    [[ -z ${FORMER_DATABASE+set} ]] || step database "is that of the backup, but not all else is: run the command again"
    abandon_start "$status"
}

# Works on a stack that is down too: PostgreSQL then runs for just as long.
with_database() {
    trap abandon_start EXIT
    trap 'exit 130' INT TERM HUP
    make_run_dir
    if ! part_runs postgresql; then
        ensure_postgresql
    fi
    "$@"
}

command_migrate() {
    take_new_programs
    with_database migrate
}

command_seed() {
    take_new_programs
    with_database seed_past_caches
}

# Rows that appear behind the back of running workers make the cached lists wrong.
seed_past_caches() {
    seed
    if part_runs nginx && is_on AUTH; then
        "$WORKER_PROGRAM" --clear-caches
    elif part_runs nginx; then
        curl -sS -H "$(host_field)" --noproxy '*' -o /dev/null -X POST "$(url)/cache/clear"
    fi
}

command_reload() {
    check_started_auth
    reload_nginx
    record_settings
    step nginx "loads its configuration again"
}

take_new_programs() {
    if [[ ! $ROOT -ef $STACK/app ]]; then
        install_programs
    fi
}

command_restart_workers() {
    if [[ -n ${1:-} && ! $1 =~ ^[1-9][0-9]{0,2}$ ]]; then
        fail "restart-workers $1: expected a number of workers"
    fi
    check_started_auth
    take_new_programs
    check_worker
    copy_descriptions
    take_descriptions
    restart_workers "$@"
    renew_access
    step workers "restarted"
}

command_restart_feed() {
    take_new_programs
    restart_feed
    step feed "restarted"
}

command_destroy() {
    command_down
    local real
    real=$(cd "$STACK" && pwd -P)
    find "$real" -mindepth 1 -delete
    # The account of a stack that root has started may not do this; root does it then.
    rmdir "$real" 2>/dev/null || true
    step stack "deleted"
}
