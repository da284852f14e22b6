# shellcheck shell=bash
# larder check: what an operator should know, a finding a line, as `larder-worker --diagnose` prints
# them: "ok: …", "advice: …" or "problem: …", with what to do.

command_check() {
    local findings
    findings=$(
        check_settings_file
        check_run_dir
        check_descriptions
        check_worker_address
        check_servers
        check_units
        check_nginx_site
        check_metrics
        check_names
        check_access
        check_origins
        check_limits
        check_answer
    )
    printf '%s\n' "$findings"
    ! grep -q '^problem:' <<<"$findings"
}

ok() {
    printf 'ok: %s\n' "$*"
}

advice() {
    printf 'advice: %s\n' "$*"
}

problem() {
    printf 'problem: %s\n' "$*"
}

# as_reader COMMAND...: as the account of nginx, where that can be had.
as_reader() {
    local ACCOUNT=www-data
    if ((EUID == 0)) && id -u "$ACCOUNT" >/dev/null 2>&1; then
        as_account "$@"
    else
        "$@"
    fi
}

check_settings_file() {
    local name known
    if [[ ! -e $SETTINGS_FILE ]]; then
        ok "settings: the defaults, for there is no $SETTINGS_FILE"
        return
    fi
    known=$(setting_names)
    while read -r name; do
        grep -qxF "$name" <<<"$known" || [[ $name == PG* ]] ||
            problem "settings: $name in $SETTINGS_FILE is not known; see man 5 larder for the names"
    done < <(names_in "$SETTINGS_FILE")
    check_secret_file "$SETTINGS_FILE"
    check_secret_file "${PGSERVICEFILE:-}"
    ok "settings: from $SETTINGS_FILE"
}

# check_secret_file FILE: a password in it is for root, and for the group of the service.
check_secret_file() {
    local group
    [[ -r $1 ]] && holds_password "$1" || return 0
    group=$(stat -L -c %G "$1")
    if [[ $(stat -L -c %a "$1") == *[4567] ]]; then
        problem "settings: every account of this host can read the password in $1; chgrp $ACCOUNT $1, chmod 0640 $1"
    elif [[ $(stat -L -c %a "$1") == *[4567]? && $group != root && $group != "$(id -gn "$ACCOUNT")" ]]; then
        problem "settings: the group $group can read the password in $1; chgrp $ACCOUNT $1"
    fi
}

# names_in FILE: the variables that it sets.
names_in() {
    [[ ! -r $1 ]] || sed -nE 's/^[[:space:]]*([A-Z_][A-Z0-9_]*)=.*/\1/p' "$1"
}

# holds_password FILE
holds_password() {
    grep -qE '^[^#]*(://[^/@]*:[^/@]*@|password[[:space:]]*=|PGPASSWORD=)' "$1"
}

# What is live may differ from what the operator has written.
check_descriptions() {
    if is_held; then
        problem "descriptions: a change of them was interrupted, and this host leaves Redis alone until larder apply has ended"
    elif [[ -e $LIVE ]] && descriptions_differ; then
        advice "descriptions: what is in $DESCRIBED is not live; larder plan says what it takes, larder apply does it"
    fi
}

check_run_dir() {
    if [[ ! -d $RUN_DIR ]]; then
        problem "directory: RUN_DIR $RUN_DIR does not exist; create it (systemd-tmpfiles --create, or install -d -o $ACCOUNT $RUN_DIR)"
    elif ! "${RUN_AS[@]}" test -w "$RUN_DIR" -a -x "$RUN_DIR"; then
        problem "directory: the workers' account may not write to $RUN_DIR; chown $ACCOUNT $RUN_DIR"
    elif ! as_reader test -x "$RUN_DIR"; then
        problem "directory: nginx may not enter $RUN_DIR, and so caches no list; chgrp www-data $RUN_DIR, chmod 2750 $RUN_DIR"
    elif [[ $(stat -L -c %a "$RUN_DIR") == *[1-7] ]]; then
        problem "directory: every account of this host can read the lists kept in $RUN_DIR; chgrp www-data $RUN_DIR, chmod 2750 $RUN_DIR"
    elif ! kept_lists_are_readable; then
        advice "directory: nginx may not read the lists kept in $RUN_DIR and asks workers for them; chgrp www-data $RUN_DIR, chmod 2750 $RUN_DIR, and larder clear"
    else
        ok "directory: $RUN_DIR can be used"
    fi
}

kept_lists_are_readable() {
    local link
    for link in "$RUN_DIR"/*.list; do
        [[ ! -e $link ]] || as_reader test -x "$link/." || return
    done
}

check_worker_address() {
    local address addresses
    IFS=, read -ra addresses <<<"$(worker_address)"
    for address in "${addresses[@]}"; do
        if [[ $address == unix:* ]]; then
            check_socket "${address#unix:}"
        else
            check_tcp "$address"
        fi
    done
}

check_socket() {
    if [[ ! -S $1 ]]; then
        problem "socket: there is no socket $1, so no worker can be reached; start them (systemctl start larder.target, or spawn-fcgi)"
    elif ! is_listened_on "$1"; then
        problem "socket: nobody listens on $1; start the workers again (systemctl restart larder-worker.socket, or spawn-fcgi)"
    elif ! as_reader test -w "$1"; then
        problem "socket: nginx may not connect to $1; chgrp www-data $1, chmod g+w $1"
    elif [[ $(stat -L -c %a "$1") == *[2367] ]] && others_reach "$1"; then
        problem "socket: every account of this host can use $1 and with it all records; chgrp www-data $1, chmod 0660 $1"
    else
        ok "socket: $1 is listened on"
    fi
}

# Whether its directory lets every account through.
others_reach() {
    [[ $(stat -L -c %a "${1%/*}") == *[1357] ]]
}

# The flags of a socket that accepts connections are 00010000.
is_listened_on() {
    awk -v path="$1" '$4 == "00010000" && $8 == path { found = 1 } END { exit !found }' /proc/net/unix
}

check_tcp() {
    local host=${1%:*}
    host=${host#[}
    # shellcheck disable=SC2016
    if timeout 3 "$BASH" -c 'exec 3<>"/dev/tcp/$1/$2"' bash "${host%]}" "${1##*:}" 2>/dev/null; then
        ok "socket: $1 accepts connections"
    else
        problem "socket: nobody accepts connections at $1; start the workers there, or mend WORKER_ADDRESS"
    fi
}

# What a program says of broken settings is a problem too; the feed would only repeat it.
check_servers() {
    local findings
    findings=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --resources "$(resources_to_check)" --diagnose 2>&1 |
        sed 's/^larder-worker: /problem: settings: /') || true
    printf '%s\n' "$findings"
    # Where PostgreSQL is out of reach or the schema is behind, that has been said.
    if ! grep -qE '^problem: ' <<<"$findings"; then
        RESOURCES_DIR=$(resources_to_check) "${RUN_AS[@]}" "$SCHEMA_PROGRAM" check 2>/dev/null || true
    fi
    # The feed would say the same once more.
    if ! grep -qE '^problem: (settings|resources): ' <<<"$findings"; then
        check_feed
    fi
}

# Mistakes come before all else; for what is not live yet there may be no tables.
resources_to_check() {
    if [[ -e $LIVE ]] && "$WORKER_PROGRAM" --resources "$DESCRIBED" --print-lists >/dev/null 2>&1; then
        printf '%s' "$LIVE"
    else
        printf '%s' "$DESCRIBED"
    fi
}

check_feed() {
    local answer
    if answer=$("${RUN_AS[@]}" "$FEED_PROGRAM" --resources "$(resources_to_check)" --check 2>&1); then
        ok "feed: ${answer#larder-feed: }"
    else
        problem "feed: edits past the workers do not reach the caches: ${answer#larder-feed: }"
    fi
}

check_units() {
    local unit state
    if ! has_systemd || ! systemctl cat larder.target >/dev/null 2>&1; then
        return
    fi
    for unit in $(expected_units); do
        state=$(systemctl is-active "$unit" || true)
        if [[ $state == active ]]; then
            ok "unit: $unit is active"
        else
            problem "unit: $unit is $state ($(last_message "$unit")); larder apply starts it"
        fi
    done
}

# Needs root, because nginx reads its certificates for it.
check_nginx_site() {
    local text connections
    if ((EUID != 0)) || [[ ! -d $NGINX_ETC/larder ]]; then
        return
    fi
    if ! text=$(nginx -T 2>/dev/null); then
        problem "nginx: its configuration is broken; nginx -t says where"
        return
    fi
    if ! grep -q '^# configuration file .*larder/server.conf:' <<<"$text"; then
        problem "nginx: Larder's site is not in use; larder apply puts it into sites-enabled"
        return
    fi
    connections=$(sed -nE 's/^[[:space:]]*worker_connections[[:space:]]+([0-9]+);.*/\1/p' <<<"$text" | head -n 1)
    if ((${connections:-512} < 4096)); then
        advice "nginx: a worker process of it takes ${connections:-512} connections; worker_connections 8192 in nginx.conf takes more"
    fi
    ok "nginx: Larder's site is in use"
}

# Whether there is a proxy cannot be seen from here, and not every one says for whom it asks.
check_metrics() {
    if [[ " $METRICS_ALLOW " =~ \ (127\.|::1[\ /]) ]]; then
        advice "metrics: /metrics is open to this host; where a proxy on it serves others, without saying so (X-Forwarded-For), have the proxy refuse /metrics, or set METRICS_ALLOW=none"
    fi
}

check_names() {
    if [[ -z ${SERVER_NAMES// /} ]] && ! listens_on_loopback; then
        advice "names: nginx listens on $API_HOST and answers whatever name is in Host, so a page of another site can reach it under a name of its own (DNS rebinding); set SERVER_NAMES to the names that Larder has"
    fi
}

# Of the key file, and of the database, larder-worker --diagnose tells.
check_access() {
    if is_on AUTH; then
        ok "access: every request needs a token with the right"
    elif ! faces_network; then
        ok "access: everything is open to this host"
    else
        advice "access: every client that reaches nginx can read and change everything; set AUTH=on, or listen on 127.0.0.1 behind a server that guards it"
    fi
}

# With AUTH=on, a page has to have a token of its own.
check_origins() {
    if allows_every_origin && ! is_on AUTH; then
        advice "origins: with CORS_ORIGINS=* every page that a user of this network opens can read and change all records; set CORS_ORIGINS to the origins of your pages, or AUTH=on"
    fi
}

# Whether nginx listens on another address than loopback, by API_HOST or by the operator's site.
faces_network() {
    ! listens_on_loopback || grep -Ehs '^[[:space:]]*listen[[:space:]]' "${NGINX_ETC:-/etc/nginx}/sites-enabled/larder" |
        grep -qvE 'listen[[:space:]]+(127\.|\[::1\]|localhost|unix:)'
}

check_limits() {
    if [[ -z $RATE_LIMIT ]] && faces_network; then
        advice "limits: nginx listens on an address of the network, and one client may ask for as much as it can; set RATE_LIMIT, such as RATE_LIMIT=100/s"
    fi
}

check_answer() {
    local answer
    answer=$(curl -s --noproxy '*' -m 10 -H "$(host_field)" -w ' %{http_code}' "$(url)/health" || true)
    case $answer in
        *\ 200) ok "answer: $(url) answers" ;;
        *\ 000) problem "answer: nothing answers at $(url); systemctl status nginx" ;;
        *) problem "answer: $(url)/health answers ${answer##* }: ${answer% *}" ;;
    esac
}
