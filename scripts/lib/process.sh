# shellcheck shell=bash
# The parts of a stack as processes. Each is started in a session of its own and known by its id and
# its start time, which together no other process ever has until the next boot.

PARTS=(postgresql redis worker feed nginx)
STARTED=()

# process_identity PID: state and start time (in clock ticks since boot); fails if there is none.
process_identity() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    printf '%s %s\n' "${fields[0]}" "${fields[19]}"
}

# recorded_process PART: the id and the start time that were noted when it was started.
recorded_process() {
    [[ -r $STACK/pids/$1 ]] && cat "$STACK/pids/$1"
}

# part_pid PART: the process id, if this part runs. A zombie does not.
part_pid() {
    local pid start state now
    read -r pid start < <(recorded_process "$1") || return 1
    read -r state now < <(process_identity "$pid") || return 1
    [[ $state != Z && $now == "$start" ]] && printf '%s' "$pid"
}

part_runs() {
    part_pid "$1" >/dev/null
}

# In a trap, `return` alone gives the status of the command before the trap.
anything_runs() {
    local part
    for part in "${PARTS[@]}"; do
        if part_runs "$part"; then
            return 0
        fi
    done
    return 1
}

# start_part PART COMMAND...: in the background, with its output in the part's log.
start_part() {
    local part=$1
    shift
    reap_session "$part"
    rotate_log "$part"
    (
        close_inherited_descriptors
        ulimit -Sn "$(descriptor_limit)"
        # A shell leaves SIGINT and SIGQUIT ignored in what it starts in the background.
        exec setsid env --default-signal=INT,QUIT,HUP,TERM "$@" \
            </dev/null >>"$STACK/logs/$part.log" 2>&1
    ) &
    local pid=$!
    disown "$pid"
    local identity
    identity=$(process_identity "$pid")
    printf '%s %s\n' "$pid" "${identity#* }" >"$STACK/pids/$part"
    STARTED+=("$part")
}

# start_batch_part PART COMMAND...: the same for a server of many small requests, so that a wakeup does
# not interrupt whoever runs (sched(7), SCHED_BATCH; workers do so themselves). Some containers do not
# allow it.
start_batch_part() {
    local policy=()
    if chrt --batch 0 true 2>/dev/null; then
        policy=(chrt --batch 0)
    fi
    start_part "$1" "${policy[@]}" "${@:2}"
}

# What the caller of this program waits on, a pipe say, must not stay open in the background.
close_inherited_descriptors() {
    local path
    for path in /proc/self/fd/*; do
        local descriptor=${path##*/}
        if ((descriptor > 2)); then
            exec {descriptor}>&-
        fi
    done
}

descriptor_limit() {
    local hard
    hard=$(ulimit -Hn)
    if [[ $hard == unlimited ]] || ((hard > 65536)); then
        hard=65536
    fi
    printf '%s' "$hard"
}

rotate_log() {
    local log=$STACK/logs/$1.log
    if [[ -f $log && $(stat -c %s "$log") -gt 16777216 ]]; then
        mv "$log" "$log.1"
    fi
}

# part_failed PART: the last line that it logged says best why.
part_failed() {
    local log=$STACK/logs/$1.log
    fail "$1 did not start: $(tail -n 1 "$log") (more in $log)"
}

children() {
    pgrep -P "$1" || true
}

# stop_part PART SIGNAL SECONDS: asks it to end, waits, and kills what is left of it.
stop_part() {
    local part=$1 pid
    if pid=$(part_pid "$part"); then
        kill "-$2" "$pid" 2>/dev/null || true
        wait_for "$3" part_has_ended "$part" || step "$part" "did not end within $3 s: killed"
    fi
    reap_session "$part"
    rm -f "$STACK/pids/$part"
}

part_has_ended() {
    ! part_runs "$1"
}

# Kills what a part has left behind, when its first process was killed for example. The kernel gives
# no new process an id that is still in use as a session, so the session is known by it.
reap_session() {
    local part=$1 pid start state now
    read -r pid start < <(recorded_process "$part") || return 0
    if read -r state now < <(process_identity "$pid") && [[ $now != "$start" ]]; then
        return 0
    fi
    pkill -KILL -s "$pid" || return 0
    wait_for 5 session_is_empty "$pid" || fail "$part (session $pid) cannot be killed"
}

# But for zombies, which wait for their parent only.
session_is_empty() {
    ! pgrep -s "$1" -r D,I,R,S,T,t >/dev/null
}
