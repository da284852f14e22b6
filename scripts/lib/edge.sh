# shellcheck shell=bash
# What nginx decides before any worker: pages of which origins may call, how much one client may ask for,
# and who may read the metrics.

# render_edge DIRECTORY: of each, *_http.conf is for `http`, the other file for the server or its locations.
# Without the setting, the files are empty.
render_edge() {
    origin_maps >"$1/origins_http.conf"
    origin_headers >"$1/origins.conf"
    origin_param >"$1/origin_param.conf"
    limit_zones >"$1/limits_http.conf"
    limits >"$1/limits.conf"
    metrics_maps >"$1/metrics_http.conf"
    metrics_guard >"$1/metrics_allow.conf"
}

# An origin, a number with its unit, and a path: see fcgi_app/settings.cpp.
readonly ORIGIN='[A-Za-z][A-Za-z0-9-]*://([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?'
readonly RATE='[1-9][0-9]{0,6}/(s|min)'
readonly PATH_SEGMENT='/[A-Za-z0-9._~-]+'

check_edge_settings() {
    : "${CORS_ORIGINS:=}" "${PUBLIC_PATH:=}" "${RATE_LIMIT:=}" "${CONNECTIONS_PER_ADDRESS:=}"
    [[ $CORS_ORIGINS == '*' || $CORS_ORIGINS =~ ^($ORIGIN|\ )*$ ]] ||
        fail "CORS_ORIGINS=$CORS_ORIGINS: expected origins such as https://app.example, with spaces between" \
            "them and without a path, or *"
    if [[ ! $PUBLIC_PATH =~ ^($PATH_SEGMENT)*$ || $PUBLIC_PATH/ =~ /\.\.?/ ]]; then
        fail "PUBLIC_PATH=$PUBLIC_PATH: expected a path such as /api, without a slash at its end"
    fi
    [[ -z $RATE_LIMIT || $RATE_LIMIT =~ ^$RATE$ ]] ||
        fail "RATE_LIMIT=$RATE_LIMIT: expected a number with /s or /min, such as 100/s"
    [[ -z $CONNECTIONS_PER_ADDRESS ]] || require_integer CONNECTIONS_PER_ADDRESS 0 1000000
    export CORS_ORIGINS PUBLIC_PATH RATE_LIMIT CONNECTIONS_PER_ADDRESS
}

allows_every_origin() {
    [[ $CORS_ORIGINS == '*' ]]
}

has_origins() {
    [[ -n ${CORS_ORIGINS// /} ]]
}

# The origin of a request, if it is allowed. A preflight (Fetch, section 3.2.2) of such an origin is
# answered by nginx. It has no token. Volatile, because an error page is a GET whatever the request was.
# shellcheck disable=SC2016
origin_maps() {
    local origin
    local -a origins
    has_origins || return 0
    echo 'map $http_origin $larder_allowed_origin {'
    if allows_every_origin; then
        echo '    default "*";'
    else
        read -ra origins <<<"$CORS_ORIGINS"
        echo '    default "";'
        for origin in "${origins[@]}"; do
            printf '    "~^%s$" $http_origin;\n' "$(origin_pattern "${origin,,}")"
        done
    fi
    cat <<'TEXT'
}
map $larder_allowed_origin $larder_exposed_headers {
    default "ETag, Link, Location, Retry-After, X-Cache, X-Total-Count, X-Request-Id, WWW-Authenticate, Idempotent-Replayed";
    "" "";
}
map "$request_method:$http_access_control_request_method:$larder_allowed_origin" $larder_preflight {
    volatile;
    default 0;
    "~^OPTIONS:[^:]+:." 1;
}
TEXT
}

# origin_pattern ORIGIN: as a regular expression. A browser leaves out the default port.
origin_pattern() {
    local origin=$1
    [[ $origin != http://* ]] || origin=${origin%:80}
    [[ $origin != https://* ]] || origin=${origin%:443}
    origin=${origin//./\\.}
    origin=${origin//[/\\[}
    printf '%s' "${origin//]/\\]}"
}

# Access-Control-Allow-Credentials is never sent: a page sends its token itself, and there are no cookies.
# shellcheck disable=SC2016
origin_headers() {
    has_origins || return 0
    cat <<'TEXT'
add_header Access-Control-Allow-Origin $larder_allowed_origin always;
add_header Access-Control-Expose-Headers $larder_exposed_headers always;
add_header Access-Control-Allow-Methods $larder_preflight_methods always;
add_header Access-Control-Allow-Headers $larder_preflight_headers always;
add_header Access-Control-Max-Age $larder_preflight_age always;
TEXT
    allows_every_origin || echo 'add_header Vary Origin always;'
    cat <<'TEXT'
if ($larder_preflight) {
    rewrite ^ /.preflight last;
}
location = /.preflight {
    internal;
    include larder/refusals.conf;
    set $larder_preflight_methods "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    set $larder_preflight_headers "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Cache-Control, Pragma, Traceparent, Tracestate";
    set $larder_preflight_age 7200;
    return 204;
}
TEXT
}

# A worker lets pages of this origin write (fcgi_app/http/origin.hpp).
# shellcheck disable=SC2016
origin_param() {
    ! has_origins || echo 'fastcgi_param ORIGIN_ALLOWED $larder_allowed_origin if_not_empty;'
}

# An address: of IPv6 the network of 64 bits, in which one client can take any address. (Where `::` stands for
# some of these bits, it is what comes before.) A client: with AUTH=on a token, else an address. nginx cannot
# know whether a token is valid, and a flood of invented ones has as many clients. So all tokens of an address
# together have a limit too. nginx does not load a zone again under another key, so each key has its own zone.
# Of a token the end counts, which is its random part or its signature: so all entries of a zone are of one size in
# nginx's memory. A zone that is full of invented tokens has room for another entry of that size only, and nginx
# refuses a client that it finds no room for.
# shellcheck disable=SC2016
limit_zones() {
    local count=${RATE_LIMIT%/*} unit=s pause=1
    if [[ $RATE_LIMIT == */min ]]; then
        unit=m pause=$(((60 + count - 1) / count))
    fi
    printf 'map $status $larder_wait {\n    503 1;\n    429 %s;\n}\n' "$pause"
    [[ -n $RATE_LIMIT || $CONNECTIONS_PER_ADDRESS != 0 ]] || return 0
    cat <<'TEXT'
map $remote_addr $larder_address {
    default $binary_remote_addr;
    "~^(?<larder_network>(?:[0-9a-f]+:){4})" $larder_network;
    "~^(?<larder_zeros>[0-9a-f:]*::)" $larder_zeros;
}
TEXT
    connection_zone
    [[ -n $RATE_LIMIT ]] || return 0
    if is_on AUTH; then
        cat <<'TEXT'
map $http_authorization $larder_client {
    default $larder_address;
    "~*^Bearer +[A-Za-z0-9._~+/=-]*(?<larder_bearer>[A-Za-z0-9._~+/=-]{43})$" $larder_bearer;
    "~*^Bearer +(?<larder_short>[A-Za-z0-9._~+/=-]{1,42})$" $larder_short;
}
map $http_authorization $larder_address_of_tokens {
    default $larder_address;
    "" "";
}
TEXT
        printf 'limit_req_zone $larder_client zone=larder_clients_rate:16m rate=%sr/%s;\n' "$count" "$unit"
        printf 'limit_req_zone $larder_address_of_tokens zone=larder_tokens_rate:16m rate=%sr/%s;\n' \
            $((count * TOKENS_OF_ADDRESS)) "$unit"
    else
        printf 'limit_req_zone $larder_address zone=larder_rate:16m rate=%sr/%s;\n' "$count" "$unit"
    fi
}

# Unless it is set: a server in front that is on this host asks for everybody. The key is under another name then,
# for the same reason as above.
# shellcheck disable=SC2016
connection_zone() {
    case $CONNECTIONS_PER_ADDRESS in
        0) ;;
        '')
            cat <<'TEXT'
geo $larder_is_local {
    default 0;
    127.0.0.0/8 1;
    ::1 1;
}
map $larder_is_local $larder_peer {
    default $larder_address;
    1 "";
}
limit_conn_zone $larder_peer zone=larder_remote_addresses:16m;
TEXT
            ;;
        *) echo 'limit_conn_zone $larder_address zone=larder_addresses:16m;' ;;
    esac
}

# The rate of an address with any number of tokens, as a multiple of that of one.
readonly TOKENS_OF_ADDRESS=10

# A client may send all requests of a second, or of a minute, at once; then as many as the rate lets through.
limits() {
    local count=${RATE_LIMIT%/*}
    case $CONNECTIONS_PER_ADDRESS in
        0) ;;
        '') printf 'limit_conn larder_remote_addresses 1000;\n' ;;
        *) printf 'limit_conn larder_addresses %s;\n' "$CONNECTIONS_PER_ADDRESS" ;;
    esac
    printf '%s;\n' 'limit_conn_status 429' 'limit_conn_log_level info'
    [[ -n $RATE_LIMIT ]] || return 0
    if is_on AUTH; then
        limit_rate larder_clients_rate "$count"
        limit_rate larder_tokens_rate $((count * TOKENS_OF_ADDRESS))
    else
        limit_rate larder_rate "$count"
    fi
    printf '%s;\n' 'limit_req_status 429' 'limit_req_log_level info'
}

# limit_rate ZONE COUNT
limit_rate() {
    if (($2 == 1)); then
        printf 'limit_req zone=%s;\n' "$1"
    else
        printf 'limit_req zone=%s burst=%s nodelay;\n' "$1" $(($2 - 1))
    fi
}

# What a proxy says of the client that it asks for.
readonly FORWARDING='forwarded x_forwarded x_forwarded_for x_forwarded_host x_forwarded_port x_forwarded_prefix
    x_forwarded_proto x_forwarded_server x_real_ip x_client_ip x_cluster_client_ip x_original_forwarded_for
    x_envoy_external_address cf_connecting_ip true_client_ip fastly_client_ip via'

# A proxy asks for clients anywhere. So what a proxy forwards is refused, whatever address it has, unless nginx
# knows the client itself (set_real_ip_from). HTTP/1.0 is what nginx's proxy_pass sends by default, without
# any header that tells of the client.
# shellcheck disable=SC2016
metrics_maps() {
    local network name headers=''
    printf 'geo $larder_metrics_network {\n    default 0;\n'
    if [[ $METRICS_ALLOW != none ]]; then
        for network in $METRICS_ALLOW; do
            printf '    %s 1;\n' "$network"
        done
    fi
    printf '}\n'
    for name in $FORWARDING; do
        headers+=\$http_$name
    done
    printf 'map "$larder_metrics_network $server_protocol $remote_addr $realip_remote_addr %s" %s {\n' \
        "$headers" '$larder_metrics'
    cat <<'TEXT'
    default "";
    "~^1 HTTP/(?!1\.0)\S+ (\S+) \1 $" 1;
    "~^1 \S+ (\S+) (?!\1 )" 1;
}
TEXT
}

# With AUTH=on a token may allow what the address does not: a worker decides, and is told of the address.
# shellcheck disable=SC2016
metrics_guard() {
    if is_on AUTH; then
        echo 'fastcgi_param METRICS_ALLOWED $larder_metrics if_not_empty;'
    else
        printf '%s\n' 'if ($larder_metrics = "") {' '    return 403;' '}'
    fi
}
