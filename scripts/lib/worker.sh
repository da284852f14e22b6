# shellcheck shell=bash
# The workers and the feed, each under multiwatch, which starts a killed one again at once.

# install_programs [PREFIX...]: copies what was built into the stack, so that a later build does not
# disturb what runs. With a prefix, that command line does the writing.
install_programs() {
    local worker=${LARDER_WORKER:-$ROOT/build/bin/larder-worker}
    local feed=${LARDER_FEED:-$ROOT/build/bin/larder-feed}
    [[ -x $worker ]] || fail "there is no program $worker: run make build"
    install_program "$worker" larder-worker "$@"
    if [[ -x $feed ]]; then
        install_program "$feed" larder-feed "$@"
    fi
}

install_program() {
    local source=$1 target=$STACK/bin/$2
    shift 2
    cmp -s "$source" "$target" && return
    "$@" mkdir -p "$STACK/bin"
    # shellcheck disable=SC2016
    "$@" sh -c 'cat >"$1.new" && chmod 0755 "$1.new" && mv "$1.new" "$1"' sh "$target" <"$source"
}

check_worker() {
    local answer
    answer=$("$STACK/bin/larder-worker" --check 2>&1) || fail "larder-worker: ${answer##*$'\n'}"
}

# supervisor_command COUNT PROGRAM: with -t 0 no number of crashes makes multiwatch give up.
supervisor_command() {
    need_program multiwatch
    SUPERVISOR=("$(command -v multiwatch)" -f "$1" -t 0 -s TERM -- "$STACK/bin/$2")
}

ensure_workers() {
    if workers_serve; then
        step workers "run already"
        return
    fi
    need_program spawn-fcgi
    stop_worker
    check_worker
    supervisor_command "$WORKERS" larder-worker
    start_part worker spawn-fcgi -n -s "$RUN_DIR/worker.sock" -M 0600 -b 4096 -- "${SUPERVISOR[@]}"
    wait_for 5 workers_listen_or_ended || true
    workers_serve || part_failed worker
    step workers "started, $WORKERS processes"
}

workers_serve() {
    part_runs worker && [[ -S $RUN_DIR/worker.sock ]]
}

workers_listen_or_ended() {
    [[ -S $RUN_DIR/worker.sock && $(children "$(part_pid worker)" | wc -l) == "$WORKERS" ]] ||
        ! part_runs worker
}

# A worker may take 10 s to finish what it has accepted.
stop_worker() {
    stop_part worker TERM 12
    rm -f "$RUN_DIR/worker.sock"
}

restart_workers() {
    local supervisor pid
    supervisor=$(part_pid worker) || fail "no worker runs: start the stack with make up"
    check_worker
    local former
    former=$(children "$supervisor")
    for pid in $former; do
        kill -TERM "$pid" 2>/dev/null || true
    done
    # shellcheck disable=SC2086
    wait_for 15 none_is_left $former || fail "workers do not end: ${former//$'\n'/ }"
}

none_is_left() {
    ! ps -o pid= -p "$*" >/dev/null
}

ensure_feed() {
    [[ -x $STACK/bin/larder-feed ]] || return 0
    if part_runs feed; then
        step feed "runs already"
        return
    fi
    stop_feed
    supervisor_command 1 larder-feed
    start_part feed "${SUPERVISOR[@]}"
    step feed "started"
}

stop_feed() {
    stop_part feed TERM 12
}
