# shellcheck shell=bash
# The two directories of a stack: STACK keeps data, logs and configuration; RUN_DIR holds sockets,
# shared memory and generation links while it runs.

locate_stack() {
    if [[ -z ${STACK:-} ]]; then
        STACK=$ROOT/var
    fi
    [[ $STACK == /* ]] || STACK=$PWD/$STACK
    STACK=$(realpath -ms "$STACK")
    if [[ $STACK == *[\"\'\\\$\;{}]* || $STACK == *$'\n'* ]]; then
        fail "STACK=$STACK: quotes, backslashes, braces, \$ and ; cannot be used in its path"
    fi
}

# Commands that would only make a directory to find nothing in it.
stack_is_absent() {
    [[ ! -e $STACK && $1 =~ ^(down|status|logs|token|import|export|backup|reload|restart-workers|restart-feed|destroy)$ ]]
}

report_absent_stack() {
    case $1 in
        status) printf 'state=stopped\nstack=%s\n' "$STACK" ;;
        down | logs | destroy) step stack "there is none in $STACK" ;;
        *) fail "there is no stack in $STACK: start it with make up" ;;
    esac
}

# Makes STACK this process's own: checks its owner, takes the lock, finds the settings and RUN_DIR.
enter_stack() {
    local command=$1
    [[ -d $STACK ]] || install -d -m 0700 "$STACK" 2>/dev/null ||
        fail "$STACK cannot be created: choose another directory with STACK="
    [[ -O $STACK/. ]] ||
        fail "$STACK belongs to $(stat -L -c %U "$STACK"): use sudo, or another directory with STACK="
    # A stack is known by its pids directory; bin, described, www and app are what root has handed over.
    if [[ ! -d $STACK/pids && -n $(ls -A -I bin -I app -I described -I www "$STACK") ]]; then
        fail "$STACK holds something else: choose another directory with STACK="
    fi
    umask 0077
    # That of an older version was open to the group.
    chmod go= "$STACK" 2>/dev/null || true
    # shellcheck disable=SC2034
    WORKER_PROGRAM=$STACK/bin/larder-worker
    # shellcheck disable=SC2034
    RESOURCES_SOURCE=$(resources_source)
    export RESOURCES_DIR=$STACK/resources
    # shellcheck disable=SC2034
    TOKEN_PROGRAM=$STACK/bin/larder-token
    # shellcheck disable=SC2034
    BULK_PROGRAM=$STACK/bin/larder-bulk
    # shellcheck disable=SC2034
    SCHEMA_PROGRAM=$STACK/bin/larder-schema DESCRIBED=$STACK/described LIVE=$STACK/resources CHANGES=$STACK/sql
    mkdir -p "$STACK"/{pids,logs,bin,redis,nginx,nginx-temp,nginx-cache}
    case $command in
        status | logs | token | import | export | backup) ;;
        *) take_lock ;;
    esac
    unset RUN_DIR
    if anything_runs; then
        recall_settings
    fi
    check_settings
    find_run_dir
    point_at_servers
}

# Held until the command ends; the programs that it starts do not inherit it (process.sh).
take_lock() {
    need_program flock
    exec {LOCK}>>"$STACK/lock"
    flock -w 120 "$LOCK" || fail "another command is at work on $STACK: wait for it to end"
}

release_lock() {
    flock -u "$LOCK"
}

# Unix socket paths are limited to 107 bytes, so the sockets cannot live in STACK. A directory of
# this name that somebody else has made is never used. A running stack keeps the one it has.
find_run_dir() {
    export RUN_DIR=${RUN_DIR:-}
    [[ -z $RUN_DIR ]] || return 0
    local base name
    name=larder-$(short_hash "$(cd "$STACK" && pwd -P)")
    for base in "${XDG_RUNTIME_DIR:-}" /dev/shm /tmp; do
        [[ $base =~ ^/[A-Za-z0-9/._-]{1,60}$ && -d $base && -w $base ]] || continue
        RUN_DIR=$base/$name
        if [[ ! -e $RUN_DIR && ! -L $RUN_DIR ]] || is_own_run_dir; then
            return
        fi
    done
    fail "no directory for sockets: /dev/shm/$name and /tmp/$name belong to someone else"
}

make_run_dir() {
    is_own_run_dir || mkdir -m 0700 "$RUN_DIR" || fail "$RUN_DIR cannot be created: remove it"
}

is_own_run_dir() {
    [[ -d $RUN_DIR && ! -L $RUN_DIR && -O $RUN_DIR && $(stat -c %a "$RUN_DIR") == 700 ]]
}

remove_run_dir() {
    if [[ $RUN_DIR == */larder-???????? ]] && is_own_run_dir; then
        rm -rf "$RUN_DIR"
    fi
}
