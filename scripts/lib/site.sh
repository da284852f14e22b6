# shellcheck shell=bash
# What an nginx needs to serve Larder, private or the system's, and what can be seen of it.

# fill_template FILE NAME...: prints it with each @NAME@ replaced by the variable of that name.
fill_template() {
    local text name
    text=$(<"$1")
    for name in "${@:2}"; do
        text=${text//@"$name"@/"${!name}"}
    done
    printf '%s\n' "$text"
}

# write_description DIRECTORY: the OpenAPI document of the resources, as openapi.json.
write_description() {
    "$WORKER_PROGRAM" --print-openapi >"$1/openapi.json" || fail "larder-worker --print-openapi failed"
}

# render_site DIRECTORY: writes what an nginx needs to serve Larder, all but its main file, to
# DIRECTORY, which that file has to know as larder/. The cache of lists is in CACHE_DIR, temporary files
# of FastCGI are in TEMP_DIR, the pages are in WWW, the OpenAPI document in DESCRIPTION_ROOT (default
# WWW), and LOG_DIR has the access log, if there is one.
# shellcheck disable=SC2034
render_site() {
    local lists LISTEN WORKER_SERVERS LOGGED_TO
    cp "$ROOT"/nginx/*.conf "$1/"
    lists=$(read_lists)
    render_lists "$lists" >"$1/lists.conf"
    render_list_tags "$lists" >"$1/list_tags.conf"
    server_names >"$1/server_names.conf"
    printf 'root %s;\n' "${DESCRIPTION_ROOT:-$WWW}" >"$1/description.conf"
    LISTEN=$(listen_address)
    WORKER_SERVERS=$(worker_servers)
    LOGGED_TO=$(access_log)
    fill_template "$ROOT/nginx/http.conf.in" CACHE_DIR WORKER_SERVERS >"$1/http.conf"
    fill_template "$ROOT/nginx/server.conf.in" LISTEN LOGGED_TO BODY_LIMIT_BYTES WWW \
        >"$1/server.conf"
    answer_log answers >"$1/answers.conf"
    answer_log kept >"$1/kept.conf"
    answer_log refusals >"$1/refusals.conf"
    read_ids >"$1/read_ids.conf"
    list_ids >"$1/list_ids.conf"
    authorization >"$1/authorization.conf"
    render_edge "$1"
    nginx_disks >"$1/disks.conf"
}

# Where nginx writes an answer to before it sends it: a worker that finds no room there has it sent
# without that (fcgi_app/server/disk_room.hpp). Relative paths are below STACK.
nginx_disks() {
    local directory disks=''
    for directory in "$TEMP_DIR" "$CACHE_DIR"; do
        [[ -z $directory || $directory == /* ]] || directory=$STACK/$directory
        disks+=:$directory
    done
    printf 'fastcgi_param NGINX_DISKS "%s";\n' "${disks#:}"
}

# The argument of access_log.
access_log() {
    if is_on DEBUG || is_on ACCESS_LOG; then
        printf '%s/access.log larder_%s buffer=32k flush=1s' "$LOG_DIR" "$LOG_FORMAT"
    else
        printf 'off'
    fi
}

# answer_log FORMAT: the lines that the workers of this host count. A log of its own replaces the one
# that a location inherits.
answer_log() {
    local access
    access=$(access_log)
    if ((WORKERS > 0)); then
        printf 'access_log %s/answers larder_%s buffer=32k flush=1s;\n' "$RUN_DIR" "$1"
    fi
    if [[ $access != off ]]; then
        printf 'access_log %s;\n' "$access"
    fi
}

# Ids for all reads would cost a tenth of the throughput (docs/monitoring.md), so nginx makes one only if
# told to; a worker makes one where the cache does not have the answer.
read_ids() {
    if is_on TRACE_READS; then
        echo 'include larder/ids.conf;'
    fi
}

list_ids() {
    if is_on TRACE_READS; then
        printf '%s;\n' 'fastcgi_hide_header X-Request-Id' "set \$larder_answer \$request_id"
    fi
}

# What a worker judges. Without AUTH=on it would be a secret that nobody needs.
authorization() {
    if is_on AUTH; then
        # shellcheck disable=SC2016
        echo 'fastcgi_param HTTP_AUTHORIZATION $http_authorization if_not_empty;'
    fi
}

# list_root COLLECTION: where nginx looks for the links of its lists: in RUN_DIR, with AUTH=on by way of the link
# of the client's token, which is there as long as this token may read the collection
# (fcgi_app/access/links.hpp). So there is no check beside this path: without the right, nginx finds no list.
list_root() {
    if is_on AUTH; then
        # shellcheck disable=SC2016
        printf '%s/access/$larder_period/$larder_token/%s' "$RUN_DIR" "$1"
    else
        printf '%s' "$RUN_DIR"
    fi
}

# guard_log INDENT: a path with a token in it must not get into the log. nginx would write it if the token was
# revoked between two looks at the path. What else goes wrong here goes wrong in the next location too, which
# has a log.
guard_log() {
    if is_on AUTH; then
        printf '%serror_log /dev/null emerg;\n' "$1"
    fi
}

# The lines of an upstream. A lone server is tried again at once, whatever has happened; of several,
# one that has failed is left alone for a while. For that, the death of a single worker is enough, so
# each of them is its own backup too: where all have failed, all are tried.
worker_servers() {
    local addresses
    IFS=, read -ra addresses <<<"$(worker_address)"
    if ((${#addresses[@]} == 1)); then
        printf 'server %s max_fails=0;\n' "${addresses[@]}"
        return
    fi
    printf 'server %s max_fails=1 fail_timeout=10s;\n' "${addresses[@]}"
    printf 'server %s max_fails=0 backup;\n' "${addresses[@]}"
}

# read_lists: the worker's lists, one a line.
read_lists() {
    local names path collection kind file tag fields
    names=$("$WORKER_PROGRAM" --print-lists) || fail "larder-worker --print-lists failed"
    while read -r path collection kind file tag fields; do
        [[ $path =~ ^/[A-Za-z0-9/._-]+$ && $collection =~ ^[a-z0-9_]+$ &&
            $kind =~ ^(plain|flagged)$ && $file =~ ^[A-Za-z0-9._-]+$ && $tag =~ ^(-|[a-z0-9_-]+)$ &&
            $fields =~ ^(-|[a-z0-9_,]+)$ ]] ||
            fail "larder-worker --print-lists: cannot read '$path $collection $kind $file $tag $fields'"
    done <<<"$names"
    printf '%s\n' "$names"
}

# render_lists LISTS: one location for each list, where it is a file, and one for the lists of each tag that
# are not: of a collection, and of a named list with a condition of its own.
render_lists() {
    local path collection kind file tag fields former=''
    while read -r path collection kind file tag fields; do
        if [[ $collection != "$former" ]]; then
            render_list_fallback "$collection" "$kind" "$collection" "$fields"
        fi
        former=$collection
        if [[ $tag != - ]]; then
            render_list_fallback "$collection" "$kind" "$collection.$tag" -
            render_list_file "$path" "$collection" "$collection.$tag" ".list/$file\$larder_list_file_suffix"
        elif [[ $path == "/$collection" && $fields != - ]]; then
            render_list_file "$path" "$collection" "$collection" "\$larder_file_of_$collection"
        else
            render_list_file "$path" "$collection" "$collection" ".list/$file\$larder_list_file_suffix"
        fi
    done <<<"$1"
}

# render_list_file PATH COLLECTION LINK FILE: the first error_page for a status counts.
render_list_file() {
    printf 'location = %s {\n    alias %s/%s%s;\n' "$1" "$(list_root "$2")" "$3" "$4"
    guard_log '    '
    printf '    error_page 403 404 405 500 = @%s.list;\n    include larder/list_file.conf;\n}\n' "$3"
}

# render_list_tags LISTS: which tag a query of a collection names, with a dot in front, by a field that it
# names once; and which file its answer may be in. The worker has its own opinion (api/list_answer.hpp).
# shellcheck disable=SC2016
render_list_tags() {
    local path collection fields file field names value='[A-Za-z0-9._-]{1,64}'
    while read -r path collection _ file _ fields; do
        [[ $path == "/$collection" && $fields != - ]] || continue
        printf 'map $request_uri $larder_tag_of_%s {\n    default "";\n' "$collection"
        IFS=, read -ra names <<<"$fields"
        for field in "${names[@]}"; do
            printf '    "~^[^?#%%]*\\?(?:(?!%s=)[^&]*&)*%s=(%s)(?:&(?!%s=)[^&]*)*$" .%s=$1;\n' \
                "$field" "$field" "$value" "$field" "$field"
        done
        printf '}\nmap $larder_past$request_uri $larder_file_of_%s {\n    default .list/%s?;\n' \
            "$collection" "$file"
        printf '    "~^0(/[^/.?#%%][^/?#%%]*)+$" .list/%s;\n' "$file"
        printf '    "~^0[^?#%%]*\\?(%s)=(%s)$" .$1=$2.list/%s;\n}\n' "${fields//,/|}" "$value" "$file"
    done <<<"$1"
}

# The names that are answered, as a map. One regular expression, because a long name does not fit into
# the buckets of a map's hash, whose size is a setting of the operator's.
# shellcheck disable=SC2016
server_names() {
    local name pattern='' default=''
    local -a names
    read -ra names <<<"$(answered_names)"
    for name in "${names[@]}"; do
        pattern+="|$(name_pattern "${name,,}")"
    done
    [[ -n $pattern ]] || default=1
    printf 'map $host $larder_known {\n    default "%s";\n' "$default"
    # Of a client that sends no Host (HTTP/1.0).
    printf '    "" 1;\n'
    [[ -z $pattern ]] || printf '    "~^(%s)$" 1;\n' "${pattern#|}"
    printf '}\n'
}

# name_pattern NAME: as a regular expression.
name_pattern() {
    local name=${1%.} prefix=''
    if [[ $name == '*.'* ]]; then
        prefix='[^.].*\.'
        name=${name#'*.'}
    fi
    name=${name//./\\.}
    name=${name//[/\\[}
    printf '%s%s' "$prefix" "${name//]/\\]}"
}

# render_list_fallback COLLECTION KIND LINK FIELDS: of a link in RUN_DIR, without its suffix, or of the links
# of values of these fields too. That of a tag is not there when a write has removed it, or nobody has read the
# list yet: the worker makes it. So it is with the link of a token. nginx would log it as critical.
# shellcheck disable=SC2016
render_list_fallback() {
    local flagged='' uncached=$3.uncached link tag='' may_lack=0
    link=$(list_root "$1")/$3.list
    [[ $2 != flagged ]] || flagged=$'    include larder/list_flagged.conf;\n'
    if [[ $4 != - ]]; then
        link=$(list_root "$1")/$3\$larder_tag_of_$1.list
        tag="    fastcgi_param LIST_TAG \$larder_tag_of_$1 if_not_empty;"$'\n'
    fi
    if [[ $3 != "$1" || $4 != - ]] || is_on AUTH; then
        may_lack=1
    fi
    printf 'location @%s.list {\n    root %s;\n    error_page 418 500 = @%s;\n' "$3" "$link" "$uncached"
    guard_log '    '
    printf '    error_page 419 = @list_in_form;\n    if ($larder_list_form) {\n        return 419;\n    }\n'
    if ((may_lack == 1)); then
        printf '    open_file_cache off;\n    if (!-d %s) {\n        return 418;\n    }\n' "$link"
    fi
    printf '    include larder/list_cache.conf;\n    include larder/list.conf;\n%s%s}\n' "$tag" "$flagged"
    printf 'location @%s {\n    include larder/list.conf;\n%s' "$uncached" "$tag"
    if ((may_lack == 1)); then
        printf '    set $larder_file_cache $larder_cold;\n'
    fi
    # A worker that has made the link of the token sends the request back, once.
    if is_on AUTH; then
        printf '    set $larder_looks "${larder_looks}1";\n    fastcgi_param LIST_LOOKS $larder_looks;\n'
    fi
    printf '%s}\n' "$flagged"
}

# Two servers of one account could share a port unnoticed (reuseport), so nginx's own check is not
# enough.
check_port() {
    local line address owner
    need_program ss
    while read -r line; do
        address=$(awk '{print $4}' <<<"$line")
        address=${address%:*}
        if [[ $address =~ ^(0\.0\.0\.0|\*|\[::\])$ || ! $API_HOST =~ ^[0-9.]+$|: ||
            $API_HOST =~ ^(0\.0\.0\.0|::)$ || $address == "$API_HOST" ||
            $address == "[$API_HOST]" ]]; then
            owner=$(sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ by \1 (process \2)/p' <<<"$line")
            fail "port $API_PORT is taken$owner: choose another one, such as API_PORT=$((API_PORT % 65535 + 1))"
        fi
    done < <(ss -Hltnp "sport = :$API_PORT" 2>/dev/null)
}

# Also fails as long as no worker answers behind nginx.
server_answers() {
    [[ $(curl -s --noproxy '*' -o /dev/null -m 5 -H "$(host_field)" -w '%{http_code}' "$(url)/health") == 200 ]]
}

print_examples() {
    local base
    base=$(url)
    cat <<TEXT

Larder is at $base, its documentation at $base/docs. Try:
  curl $base/employees/top2-by-department
  curl -i $base/products
  curl -X POST $base/items -H 'Content-Type: application/json' -d '{"name": "Lamp"}'
TEXT
}
