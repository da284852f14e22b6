# shellcheck shell=bash
# From a fresh installation to an answered request.

command_setup() {
    local wants_rows=0 log
    case $* in
        '') ;;
        --sample-rows) wants_rows=1 ;;
        *) fail "setup $*: only --sample-rows is known" ;;
    esac
    need_root
    close_settings_file
    set_up_database
    command_migrate
    if ((wants_rows)); then
        log=$(mktemp)
        insert_sample_rows "$log"
        rm -f "$log"
    fi
    command_apply
    if ! has_systemd; then
        step workers "are for you to start, there is no systemd here: see $ROOT/../doc/larder/deploying.md"
        return
    fi
    wait_for 20 server_answers || fail "nothing in order answers at $(url) yet: see larder check"
    print_examples
}

# It may hold passwords, which the group of the service may read. What the operator has said with
# dpkg-statoverride stays.
close_settings_file() {
    [[ -e $SETTINGS_FILE ]] || return 0
    if command -v dpkg-statoverride >/dev/null && dpkg-statoverride --list "$SETTINGS_FILE" >/dev/null; then
        return
    fi
    chgrp "$(id -g "$ACCOUNT")" "$SETTINGS_FILE"
    chmod o= "$SETTINGS_FILE"
}

# The role and the database that DATABASE_URL names where it is left alone: those of PostgreSQL on
# this host, which knows the account of the service by its socket and needs no password.
set_up_database() {
    if [[ $DATABASE_URL != postgresql:///larder ]]; then
        step postgresql "nothing is created: DATABASE_URL is set"
        return
    fi
    id -u postgres >/dev/null 2>&1 || fail "there is no PostgreSQL on this host: apt install postgresql," \
        "or set DATABASE_URL in $SETTINGS_FILE"
    ask_postgresql 'SELECT 1' >/dev/null || fail "PostgreSQL does not answer: systemctl start postgresql"
    create_role
    create_database
    want_logical_log
}

# As the superuser of PostgreSQL.
ask_postgresql() {
    ACCOUNT=postgres as_account psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$1"
}

create_role() {
    if [[ $(ask_postgresql "SELECT 1 FROM pg_roles WHERE rolname = 'larder'") != 1 ]]; then
        ask_postgresql 'CREATE ROLE larder LOGIN'
    fi
    ask_postgresql 'ALTER ROLE larder REPLICATION'
    ask_postgresql "$(set_for_role "$SECRECY" "$NO_STATEMENTS")"
    step postgresql "has the role larder"
}

# Collation C orders by code point and is the fastest.
create_database() {
    if [[ $(ask_postgresql "SELECT 1 FROM pg_database WHERE datname = 'larder'") != 1 ]]; then
        ask_postgresql "CREATE DATABASE larder OWNER larder TEMPLATE template0 ENCODING 'UTF8'
            LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
    fi
    step postgresql "has the database larder"
}

# The feed needs it. It takes a restart of PostgreSQL, which is for the operator to choose where others
# use it too.
want_logical_log() {
    local others
    if log_is_logical; then
        return
    fi
    ask_postgresql 'ALTER SYSTEM SET wal_level = logical'
    others=$(ask_postgresql "SELECT count(*) FROM pg_database
        WHERE NOT datistemplate AND datname NOT IN ('postgres', 'larder')")
    if ((others == 0)) && has_systemd; then
        systemctl restart postgresql
        wait_for 30 log_is_logical || fail "PostgreSQL has not come back from its restart"
        step postgresql "was restarted with wal_level = logical"
    else
        step postgresql "has wal_level = logical from its next restart on: systemctl restart postgresql"
    fi
}

log_is_logical() {
    [[ $(ask_postgresql 'SHOW wal_level' 2>/dev/null) == logical ]]
}
