# shellcheck shell=bash
# The workers and the feed, each under multiwatch, which starts a killed one again at once.

# install_programs [PREFIX...]: copies what was built into the stack, so that a later build does not
# disturb what runs. With a prefix, that command line does the writing.
install_programs() {
    local worker=${LARDER_WORKER:-$ROOT/build/bin/larder-worker}
    local feed=${LARDER_FEED:-$ROOT/build/bin/larder-feed}
    local schema=${LARDER_SCHEMA:-${worker%/*}/larder-schema}
    local token=${LARDER_TOKEN_PROGRAM:-${worker%/*}/larder-token}
    local bulk=${LARDER_BULK:-${worker%/*}/larder-bulk}
    [[ -x $worker ]] || fail "there is no program $worker: run make build"
    install_file 0755 "$worker" bin/larder-worker "$@"
    if [[ -x $feed ]]; then
        install_file 0755 "$feed" bin/larder-feed "$@"
    fi
    [[ ! -x $schema ]] || install_file 0755 "$schema" bin/larder-schema "$@"
    [[ ! -x $token ]] || install_file 0755 "$token" bin/larder-token "$@"
    [[ ! -x $bulk ]] || install_file 0755 "$bulk" bin/larder-bulk "$@"
    install_resources "$worker" "$@"
    install_pages "$@"
}

# The operator's directory of descriptions.
resources_source() {
    printf '%s' "${RESOURCES_SOURCE:-${RESOURCES_DIR:-$ROOT/resources}}"
}

# install_resources WORKER [PREFIX...]: what is wrong with them changes nothing. Workers take them only
# when they go live (take_descriptions).
install_resources() {
    local worker=$1 source file
    shift
    source=$(resources_source)
    RESOURCES_DIR=$source "$worker" --print-lists >/dev/null ||
        fail "the resource descriptions in $source have mistakes; nothing was changed"
    while read -r file; do
        install_file 0644 "$source/$file" "described/$file" "$@"
    done < <(descriptions_in "$source")
    while read -r file; do
        [[ -e $source/$file ]] || "$@" rm -f "$STACK/described/$file"
    done < <(descriptions_in "$STACK/described")
}

# install_pages [PREFIX...]: what nginx serves from files; without it the server works, but for its
# documentation. The OpenAPI document follows the descriptions that are live.
install_pages() {
    local www=${LARDER_WWW:-$ROOT/build/www} file
    [[ -d $www ]] || return 0
    while read -r file; do
        [[ $file == openapi.json ]] || install_file 0644 "$www/$file" "www/$file" "$@"
    done < <(find "$www" -type f -printf '%P\n')
}

# install_file MODE SOURCE TARGET [PREFIX...]: TARGET is relative to the stack.
install_file() {
    local mode=$1 source=$2 target=$STACK/$3
    shift 3
    cmp -s "$source" "$target" && return
    # shellcheck disable=SC2016
    "$@" sh -c 'mkdir -p "${1%/*}" && cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"' \
        sh "$target" "$mode" <"$source" ||
        fail "$target cannot be written: make room on its disk, or choose another directory with STACK="
}

# check_worker: with the descriptions that are to go live, before anything is changed.
check_worker() {
    local answer
    answer=$(RESOURCES_DIR=$DESCRIBED "$WORKER_PROGRAM" --check 2>&1) || fail "$(check_failure "$answer")"
}

# supervisor_command COUNT PATH: with -t 0 no number of crashes makes multiwatch give up. For
# "-s TERM" multiwatch 1.0.0 sends SIGQUIT, which means the same to what it runs here.
supervisor_command() {
    need_program multiwatch
    SUPERVISOR=("$(command -v multiwatch)" -f "$1" -t 0 -s TERM -- "$2")
}

ensure_workers() {
    if ((WORKERS == 0)); then
        step workers "none here: nginx uses those at $(worker_address)"
        return
    fi
    if workers_serve; then
        step workers "run already"
        return
    fi
    need_program spawn-fcgi
    stop_worker
    supervisor_command "$WORKERS" "$WORKER_PROGRAM"
    listener_options
    start_part worker spawn-fcgi -n "${LISTENER[@]}" -b 4096 -- "${SUPERVISOR[@]}"
    wait_for 5 workers_listen_or_ended || true
    workers_serve || part_failed worker
    step workers "started, $WORKERS processes"
}

# Sets LISTENER to the options of spawn-fcgi.
listener_options() {
    local address
    address=$(worker_address)
    case $address in
        *,*) fail "WORKER_ADDRESS names several: workers run here only with WORKERS=0" ;;
        unix:*) LISTENER=(-s "${address#unix:}" -M 0600) ;;
        *)
            local host=${address%:*}
            host=${host#[}
            LISTENER=(-a "${host%]}" -p "${address##*:}")
            ;;
    esac
}

# The socket in the file system, if the workers have such a one.
worker_socket() {
    local address
    address=$(worker_address)
    [[ $address != unix:* || $address == *,* ]] || printf '%s' "${address#unix:}"
}

workers_serve() {
    part_runs worker && worker_socket_is_there
}

worker_socket_is_there() {
    local socket
    socket=$(worker_socket)
    [[ -z $socket || -S $socket ]]
}

workers_listen_or_ended() {
    { worker_socket_is_there && has_children "$(part_pid worker)" "$WORKERS"; } ||
        ! part_runs worker
}

# has_children PID COUNT
has_children() {
    [[ $(children "$1" | wc -l) == "$2" ]]
}

# A worker may take 10 s to finish what it has accepted.
stop_worker() {
    stop_part worker TERM 12
    local socket
    socket=$(worker_socket)
    if [[ -n $socket ]] && ((WORKERS > 0)); then
        rm -f "$socket"
    fi
}

# restart_workers [COUNT]: with COUNT only that many of them: then two versions serve side by side.
restart_workers() {
    part_runs worker || fail "no worker runs: start the stack with make up"
    restart_processes worker "${1:-$WORKERS}"
}

# restart_processes PART COUNT: one after the other, so that the others serve meanwhile.
restart_processes() {
    local supervisor pid former
    supervisor=$(part_pid "$1")
    former=$(children "$supervisor")
    for pid in $(head -n "$2" <<<"$former"); do
        kill -TERM "$pid" 2>/dev/null || true
        wait_for 15 has_ended "$pid" || fail "$1 $pid does not end"
        wait_for 15 has_children "$supervisor" "$(wc -l <<<"$former")" ||
            fail "$1 $pid has no successor"
    done
}

has_ended() {
    ! ps -o pid= -p "$1" >/dev/null
}

ensure_feed() {
    [[ -x $STACK/bin/larder-feed ]] || return 0
    if part_runs feed; then
        step feed "runs already"
        return
    fi
    stop_feed
    supervisor_command 1 "$STACK/bin/larder-feed"
    start_part feed "${SUPERVISOR[@]}"
    step feed "started"
}

stop_feed() {
    stop_part feed TERM 12
}

restart_feed() {
    part_runs feed || fail "no feed runs: start the stack with make up"
    restart_processes feed 1
}
