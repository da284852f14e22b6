# shellcheck shell=bash
# Settings come from the environment, then from .env, then from the defaults here.

# Exports the KEY=value lines of a file, but never over the environment; of two lines for one key the
# latter counts. Nothing in it is executed.
load_env_file() {
    local file=$1 line number=0 key
    declare -A found=()
    [[ -r $file ]] || return 0
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Z_][A-Z0-9_]*)=(.*)$ ]] ||
            fail "$file, line $number: expected KEY=value"
        local value=${BASH_REMATCH[3]}
        key=${BASH_REMATCH[2]}
        if [[ $value =~ ^\"(.*)\"[[:space:]]*$ || $value =~ ^\'(.*)\'[[:space:]]*$ ]]; then
            value=${BASH_REMATCH[1]}
        fi
        found[$key]=$value
    done <"$file"
    for key in "${!found[@]}"; do
        [[ -v $key ]] || export "$key=${found[$key]}"
    done
}

# load_unit_settings FILE: exports what systemd makes of it as EnvironmentFile= (systemd.exec(5)), so that
# the scripts and the units of a host agree. Outside of quotes a backslash takes the meaning from the next
# character, also from the end of the line; in double quotes only from `"`, `\`, `` ` `` and `$`; in single
# quotes it means itself. What is quoted somewhere behind the beginning of a value is taken as it is, with
# the quotes. A line that systemd would pass over is an error.
load_unit_settings() {
    local file=$1 line number=0 state=key key='' value='' at kept=0
    [[ -r $file ]] || return 0
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line%$'\r'}
        if [[ $state == key || $state == comment ]]; then
            if [[ $state == comment || $line =~ ^[[:space:]]*([\#\;]|$) ]]; then
                state=key
                [[ $line =~ ^[[:space:]]*$ || ! $line =~ (^|[^\\])(\\\\)*\\$ ]] || state=comment
                continue
            fi
            [[ $line =~ ^[[:space:]]*([A-Z_][A-Z0-9_]*)[[:space:]]*=(.*)$ ]] ||
                fail "$file, line $number: expected KEY=value"
            key=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]} value='' kept=0 state=start
        fi
        for ((at = 0; at < ${#line}; at++)); do
            read_setting_character "${line:at:1}"
        done
        end_setting_line
    done <"$file"
    [[ $state == key || $state == comment ]] || export "$key=$value"
}

# The next two change the variables of load_unit_settings. `kept` is the length up to which white space at
# the end of the value stays.
read_setting_character() {
    local one=$1
    case $state$one in
        start[[:space:]]) ;;
        start\' | single\') [[ $state == start ]] && state=single || state=start ;;
        start\" | double\") [[ $state == start ]] && state=double || state=start ;;
        start\\ | plain\\) state=escape ;;
        double\\) state=double-escape ;;
        double-escape*)
            [[ $one == ['"\`$'] ]] || value+=\\
            value+=$one kept=${#value} state=double
            ;;
        escape*) value+=$one kept=${#value} state=plain ;;
        *)
            value+=$one
            [[ $state != start ]] || state=plain
            [[ $state == plain && $one == [[:space:]] ]] || kept=${#value}
            ;;
    esac
}

end_setting_line() {
    case $state in
        start | plain)
            export "$key=${value:0:kept}"
            state=key
            ;;
        escape) state=plain ;;
        double-escape) state=double ;;
        single | double) value+=$'\n' kept=${#value} ;;
    esac
}

# All that there are.
# shellcheck disable=SC2016
setting_names() {
    "$WORKER_PROGRAM" --print-settings | sed -nE 's/^\| `([A-Z_]+)` .*/\1/p'
}

# require_integer NAME MINIMUM MAXIMUM
require_integer() {
    local value=${!1}
    if [[ ! $value =~ ^(0|[1-9][0-9]{0,9})$ ]] || ((value < $2 || value > $3)); then
        fail "$1=$value: expected a whole number from $2 to $3"
    fi
}

# check_failure ANSWER: what `larder-worker --check` has found, which may be several lines.
check_failure() {
    grep '^larder-worker: ' <<<"$1" || tail -n 1 <<<"$1"
}

# Of workers, as nginx takes it.
readonly ADDRESS='unix:/[A-Za-z0-9._/-]*|[A-Za-z0-9._-]+:[0-9]{1,5}|\[[0-9a-fA-F:.]+\]:[0-9]{1,5}'

# A name, a name after `*.`, or an IPv6 address in brackets.
readonly SERVER_NAME='(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]'

check_settings() {
    : "${API_HOST:=127.0.0.1}" "${API_PORT:=8080}" "${WORKERS:=2}" "${BODY_LIMIT_BYTES:=1048576}"
    : "${DEBUG:=false}" "${ACCESS_LOG:=false}" "${TRACE_READS:=false}" "${LOG_FORMAT:=text}"
    : "${METRICS_ALLOW:=127.0.0.1 ::1}" "${SERVER_NAMES:=}" "${AUTH:=off}"
    require_integer API_PORT 1 65535
    require_integer WORKERS 0 256
    require_integer BODY_LIMIT_BYTES 1 1073741824
    [[ $API_HOST =~ ^[A-Za-z0-9.:_-]+$ ]] ||
        fail "API_HOST=$API_HOST: expected a host name or an IP address"
    if [[ ! ${WORKER_ADDRESS:-unix:/} =~ ^($ADDRESS)(,($ADDRESS))*$ ]]; then
        fail "WORKER_ADDRESS=$WORKER_ADDRESS: expected unix:/path or host:port, or several with commas"
    fi
    [[ $LOG_FORMAT =~ ^(text|json)$ ]] || fail "LOG_FORMAT=$LOG_FORMAT: expected text or json"
    [[ $METRICS_ALLOW =~ ^([0-9A-Fa-f.:/\ ]+|none)$ ]] ||
        fail "METRICS_ALLOW=$METRICS_ALLOW: expected addresses or networks with spaces between them, or none"
    [[ $SERVER_NAMES =~ ^($SERVER_NAME|\ )*$ ]] ||
        fail "SERVER_NAMES=$SERVER_NAMES: expected host names or addresses with spaces between them"
    check_edge_settings
    if [[ -v STACK_SEED && ! $STACK_SEED =~ ^[01]$ ]]; then
        fail "STACK_SEED=$STACK_SEED: expected 0 or 1"
    fi
    export API_HOST API_PORT WORKERS BODY_LIMIT_BYTES DEBUG LOG_FORMAT METRICS_ALLOW
    [[ $AUTH =~ ^(on|off|true|false|yes|no|1|0)$ ]] || fail "AUTH=$AUTH: expected on or off"
    export ACCESS_LOG TRACE_READS SERVER_NAMES AUTH
}

# is_on NAME: whether the setting is true.
is_on() {
    [[ ${!1} =~ ^(true|1|yes|on)$ ]]
}

database_is_private() {
    [[ -z ${DATABASE_URL:-} || $DATABASE_URL == "$(private_database_url)" ]]
}

redis_is_private() {
    [[ -z ${REDIS_URL:-}${REDIS_HOST:-}${REDIS_PORT:-}${REDIS_DB:-} ||
        ${REDIS_URL:-} == "$(private_redis_url)" ]]
}

# Whoever sets neither address gets the private servers; what is left of the libpq variables of the
# caller's shell must not redirect those.
point_at_servers() {
    if database_is_private; then
        unset "${!PG@}"
        unset DIRECT_DATABASE_URL
        DATABASE_URL=$(private_database_url)
        export DATABASE_URL
    fi
    if redis_is_private; then
        unset REDIS_HOST REDIS_PORT REDIS_DB
        REDIS_URL=$(private_redis_url)
        export REDIS_URL
    fi
}

redis_address() {
    printf '%s' "${REDIS_URL:-redis://${REDIS_HOST:-127.0.0.1}:${REDIS_PORT:-6379}/${REDIS_DB:-0}}"
}

worker_address() {
    printf '%s' "${WORKER_ADDRESS:-unix:$RUN_DIR/worker.sock}"
}

listen_address() {
    if [[ $API_HOST == *:* ]]; then
        printf '[%s]:%s' "$API_HOST" "$API_PORT"
    else
        printf '%s:%s' "$API_HOST" "$API_PORT"
    fi
}

listens_on_loopback() {
    [[ $API_HOST =~ ^127\.[0-9.]+$ || $API_HOST == ::1 || ${API_HOST,,} == localhost ]]
}

# The names in Host that are answered; nothing: any.
answered_names() {
    if [[ -n ${SERVER_NAMES// /} ]]; then
        printf '%s' "$SERVER_NAMES"
    elif listens_on_loopback; then
        printf 'localhost 127.0.0.1 [::1]'
        [[ $API_HOST =~ ^(127\.0\.0\.1|::1|localhost)$ ]] || printf ' %s' "$API_HOST"
    fi
}

# The header field for a request of our own to url, whose name need not be among SERVER_NAMES.
host_field() {
    local name
    read -r name _ <<<"$SERVER_NAMES"
    case $name in
        '') name=$(url) && printf 'Host: %s' "${name#http://}" ;;
        *) printf 'Host: %s' "${name/#\*./larder.}" ;;
    esac
}

# The address to type on this machine; a wildcard address is none.
url() {
    case $API_HOST in
        0.0.0.0) printf 'http://127.0.0.1:%s' "$API_PORT" ;;
        ::) printf 'http://[::1]:%s' "$API_PORT" ;;
        *) printf 'http://%s' "$(listen_address)" ;;
    esac
}

# What a running stack was started with holds for every later command on it.
recorded_names=(API_HOST API_PORT SERVER_NAMES WORKERS WORKER_ADDRESS RUN_DIR DATABASE_URL DIRECT_DATABASE_URL
    REDIS_URL REDIS_HOST REDIS_PORT REDIS_DB AUTH)

record_settings() {
    local name AUTH=${STARTED_AUTH:-$AUTH}
    for name in "${recorded_names[@]}"; do
        if [[ -n ${!name:-} ]]; then
            printf '%s=%s\n' "$name" "${!name}"
        fi
    done >"$STACK/settings.new"
    mv "$STACK/settings.new" "$STACK/settings"
}

# But for where the workers are if none are here: their hosts come and go while nginx runs. AUTH holds for a command
# that does not name it, so that none opens what tokens guard.
recall_settings() {
    local addresses=${WORKER_ADDRESS:-} auth=${AUTH:-}
    [[ -r $STACK/settings ]] || return 0
    unset "${recorded_names[@]}"
    load_env_file "$STACK/settings"
    if [[ ${WORKERS:-} == 0 && -n $addresses ]]; then
        export WORKER_ADDRESS=$addresses
    fi
    STARTED_AUTH=${AUTH:-}
    [[ -z $auth ]] || export AUTH=$auth
}

# Workers that run keep the AUTH that they were started with.
check_started_auth() {
    [[ -n ${STARTED_AUTH:-} ]] || return 0
    if is_on AUTH; then
        is_on STARTED_AUTH && return
    else
        is_on STARTED_AUTH || return 0
    fi
    fail "AUTH=$AUTH: the stack runs with AUTH=$STARTED_AUTH, and takes another one with make down up; nothing was changed"
}
