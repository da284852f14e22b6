# shellcheck shell=bash
# What an nginx needs to serve Larder, private or the system's.

# fill_template FILE NAME...: prints it with each @NAME@ replaced by the variable of that name.
fill_template() {
    local text name
    text=$(<"$1")
    for name in "${@:2}"; do
        text=${text//@"$name"@/"${!name}"}
    done
    printf '%s\n' "$text"
}

# render_site DIRECTORY: writes what an nginx needs to serve Larder, all but its main file, to
# DIRECTORY, which that file has to know as larder/. The cache of lists is in CACHE_DIR, ACCESS_LOG
# is the argument of access_log.
# shellcheck disable=SC2034
render_site() {
    local lists LISTEN WORKER_SERVERS
    cp "$ROOT"/nginx/*.conf "$1/"
    lists=$(render_lists)
    printf '%s\n' "$lists" >"$1/lists.conf"
    LISTEN=$(listen_address)
    WORKER_SERVERS=$(worker_servers)
    fill_template "$ROOT/nginx/http.conf.in" CACHE_DIR WORKER_SERVERS >"$1/http.conf"
    fill_template "$ROOT/nginx/server.conf.in" LISTEN ACCESS_LOG BODY_LIMIT_BYTES >"$1/server.conf"
}

# The lines of an upstream. A lone server is tried again at once, whatever has happened; of several,
# one that cannot be reached is left alone for a while.
worker_servers() {
    local address addresses options=max_fails=0
    IFS=, read -ra addresses <<<"$(worker_address)"
    ((${#addresses[@]} == 1)) || options='max_fails=1 fail_timeout=10s'
    for address in "${addresses[@]}"; do
        printf 'server %s %s;\n' "$address" "$options"
    done
}

# One location for each list that the worker names.
render_lists() {
    local names path collection kind
    names=$("$WORKER_PROGRAM" --print-lists) || fail "larder-worker --print-lists failed"
    while read -r path collection kind; do
        [[ $path =~ ^/[A-Za-z0-9/._-]+$ && $collection =~ ^[a-z0-9_]+$ && $kind =~ ^(plain|flagged)$ ]] ||
            fail "larder-worker --print-lists: cannot read '$path $collection $kind'"
        printf 'location = %s {\n    root %s/%s.list;\n    include larder/list.conf;\n' \
            "$path" "$RUN_DIR" "$collection"
        if [[ $kind == flagged ]]; then
            printf '    include larder/list_flagged.conf;\n'
        fi
        printf '}\n'
    done <<<"$names"
}
