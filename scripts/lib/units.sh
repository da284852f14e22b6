# shellcheck shell=bash
# What runs on a host. Under systemd these are its units: the socket, which outlives restarts, WORKERS
# instances of the worker, and the feed, all of them part of larder.target.

# One after the other, so that the others serve meanwhile. An instance that does not come up ends it,
# and what runs of the former ones goes on.
apply_units() {
    local number unit
    if ! has_systemd; then
        restart_running larder-worker
        return
    fi
    systemctl daemon-reload
    systemctl enable --quiet larder.target larder-worker.socket larder-feed.service
    if ((WORKERS > 0)); then
        systemctl start larder-worker.socket
    fi
    for ((number = 1; number <= WORKERS; number++)); do
        unit=larder-worker@$number.service
        systemctl enable --quiet "$unit"
        systemctl restart "$unit" || fail "$unit does not start: $(last_message "$unit")"
    done
    disable_surplus_workers
    step units "run: $WORKERS workers"
}

# The socket first, for it would start a worker. Without systemd, what supervises them would start them again.
stop_units() {
    local unit
    has_systemd || return 0
    systemctl stop larder-worker.socket larder-feed.service
    for unit in $(worker_units); do
        systemctl stop "$unit"
    done
    step units "are stopped until all is restored"
}

start_units() {
    local unit
    has_systemd || return 0
    if ((WORKERS > 0)); then
        systemctl start larder-worker.socket
    fi
    for unit in $(expected_units); do
        systemctl start "$unit"
    done
}

# The feed comes after the last worker of the former kind: when it starts it renews all caches, and with
# that what the former ones have left there.
apply_feed() {
    if ! has_systemd; then
        restart_running larder-feed
        return
    fi
    systemctl restart larder-feed.service ||
        fail "larder-feed does not start: $(last_message larder-feed.service)"
    systemctl start larder.target
    step units "run: the feed"
}

# restart_running NAME: without systemd; what supervises them starts them again with the program and
# the settings that are there now.
restart_running() {
    local pid former
    former=$(running "$1")
    for pid in $former; do
        kill -TERM "$pid"
        wait_for 15 has_ended "$pid" || fail "$1 $pid does not end"
        wait_for 15 as_many_run "$1" "$(wc -w <<<"$former")" ||
            fail "$1 $pid has no successor: does multiwatch supervise it?"
    done
    step "$1" "$(wc -w <<<"$former") restarted"
}

running() {
    pgrep -x -u "$ACCOUNT" "$1" || true
}

as_many_run() {
    [[ $(running "$1" | wc -l) == "$2" ]]
}

has_ended() {
    [[ ! -e /proc/$1 ]]
}

last_message() {
    journalctl -q -n 1 -o cat -u "$1"
}

disable_surplus_workers() {
    local unit number
    for unit in $(worker_units); do
        number=${unit#*@}
        number=${number%.service}
        if ((number > WORKERS)); then
            systemctl disable --quiet --now "$unit"
        fi
    done
    if ((WORKERS == 0)); then
        systemctl disable --quiet --now larder-worker.socket
    fi
}

# Those that run or are to run at boot.
worker_units() {
    {
        systemctl list-units --plain --no-legend --all 'larder-worker@*.service' | awk '{print $1}'
        systemctl list-unit-files --plain --no-legend 'larder-worker@*.service' | awk '{print $1}'
    } | grep -E '^larder-worker@[0-9]+\.service$' | sort -uV
}

expected_units() {
    local number
    printf 'larder-feed.service\n'
    if ((WORKERS > 0)); then
        printf 'larder-worker.socket\n'
    fi
    for ((number = 1; number <= WORKERS; number++)); do
        printf 'larder-worker@%s.service\n' "$number"
    done
}

command_status() {
    local unit state all=running answer
    if has_systemd; then
        for unit in $(expected_units); do
            state=$(systemctl is-active "$unit" || true)
            printf '%s=%s\n' "$unit" "$state"
            [[ $state == active ]] || all=degraded
        done
    fi
    answer=$(curl -s -H "$(host_field)" --noproxy '*' -m 5 "$(url)/health" || true)
    [[ $answer == *'"healthy"'* ]] || all=degraded
    printf '%s=%s\n' state "$all" url "$(url)" version "$("$WORKER_PROGRAM" --version)" \
        health "${answer:-no answer}"
    [[ $all == running ]]
}
