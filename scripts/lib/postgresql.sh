# shellcheck shell=bash
# The private PostgreSQL cluster: reached by its socket in RUN_DIR only, which no other account can
# enter; therefore its connections need no password.

private_database_url() {
    printf 'postgresql:///larder?host=%s&user=larder' "$RUN_DIR"
}

# The directory of the server programs: of the version that made the data, or else the newest.
postgresql_programs() {
    local version=
    if [[ -f $STACK/postgresql/PG_VERSION ]]; then
        version=$(<"$STACK/postgresql/PG_VERSION")
    fi
    local found
    # shellcheck disable=SC2086
    found=$(printf '%s\n' /usr/lib/postgresql/${version:-*}/bin/postgres | sort -V | tail -n 1)
    [[ -x $found ]] ||
        fail "PostgreSQL ${version:+$version }is not installed: run scripts/deps${version:+, or install postgresql-$version}"
    dirname "$found"
}

ensure_postgresql() {
    if ! database_is_private; then
        step postgresql "not started: DATABASE_URL is set"
        return
    fi
    local programs
    programs=$(postgresql_programs)
    if part_runs postgresql && [[ -S $RUN_DIR/.s.PGSQL.5432 ]]; then
        step postgresql "runs already"
        return
    fi
    stop_postgresql
    create_cluster "$programs"
    start_postgresql "$programs"
    create_database
    step postgresql "started, data in $STACK/postgresql"
}

# A cluster is made aside and then renamed: one that is there is whole. Collation C on UTF-8 orders
# by code point and is the fastest.
create_cluster() {
    [[ ! -d $STACK/postgresql ]] || return 0
    rm -rf "$STACK/postgresql.new"
    "$1/initdb" --pgdata="$STACK/postgresql.new" --username=larder --encoding=UTF8 \
        --locale=C.UTF-8 --lc-collate=C --auth-local=trust --auth-host=reject \
        >"$STACK/logs/initdb.log" 2>&1 || part_failed initdb
    mv "$STACK/postgresql.new" "$STACK/postgresql"
}

# Of a session that has crashed, PostgreSQL's first process logs what it ran, unless log_error_verbosity
# is terse for itself too.
start_postgresql() {
    local extra=()
    read -ra extra <<<"${POSTGRES_ARGS:-}"
    local command=("$1/postgres" -D "$STACK/postgresql" -c listen_addresses=
        -c "unix_socket_directories=$RUN_DIR" -c unix_socket_permissions=0700
        -c port=5432 -c wal_level=logical -c fsync=on -c max_connections=200
        -c logging_collector=off -c log_destination=stderr -c log_error_verbosity=terse "${extra[@]}")
    wait_for 10 try_postgresql "$1" "${command[@]}" || part_failed postgresql
}

# Fails only where another try helps: while the rest of a killed server still holds the data.
try_postgresql() {
    local programs=$1
    shift
    start_part postgresql "$@"
    wait_for 60 postgresql_answers_or_ended "$programs" || part_failed postgresql
    if ! part_runs postgresql; then
        tail -n 3 "$STACK/logs/postgresql.log" |
            grep -qE 'pre-existing shared memory|lock file "postmaster.pid" already exists' || part_failed postgresql
        return 1
    fi
}

postgresql_answers_or_ended() {
    "$1/pg_isready" -q -h "$RUN_DIR" -p 5432 || ! part_runs postgresql
}

create_database() {
    local maintenance="postgresql:///postgres?host=$RUN_DIR&user=larder"
    local known
    known=$(psql -XAtq "$maintenance" -c "SELECT 1 FROM pg_database WHERE datname = 'larder'")
    [[ $known == 1 ]] || psql -Xq "$maintenance" -c 'CREATE DATABASE larder'
    psql -Xq "$maintenance" -c "$(set_for_role "$SECRECY")"
}

# SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
stop_postgresql() {
    stop_part postgresql INT 60
}
