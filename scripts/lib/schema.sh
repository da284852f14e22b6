# shellcheck shell=bash
# The role's settings, schema and sample rows. RUN_AS is the beginning of a command that runs as the
# account that may reach the database.

RUN_AS=()

# A role with these settings has no value of a client in PostgreSQL's log: an error's message, its details
# and its statement can each quote one. Larder logs the errors of its statements itself.
# shellcheck disable=SC2034
readonly SECRECY='log_min_messages=log log_min_error_statement=panic log_error_verbosity=terse'
# Which statements are logged although they do not fail.
# shellcheck disable=SC2034
readonly NO_STATEMENTS='log_statement=none log_min_duration_statement=-1 log_min_duration_sample=-1
    log_transaction_sample_rate=0'

# set_for_role SETTING...: prints SQL for a superuser. A setting that the role larder has stays.
set_for_role() {
    cat <<SQL
DO \$\$
DECLARE
    one text[];
BEGIN
    FOR one IN SELECT string_to_array(word, '=') FROM regexp_split_to_table('$*', '\s+') AS word LOOP
        IF NOT EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS had
                WHERE setrole = 'larder'::regrole AND had LIKE one[1] || '=%') THEN
            EXECUTE format('ALTER ROLE larder SET %I = %L', one[1], one[2]);
        END IF;
    END LOOP;
END \$\$
SQL
}

# with_service COMMAND...: runs it with the address for migrations in files of libpq, which only this
# account may read and which are gone afterwards. So every form of an address works for every program, no
# argument and no variable of a process has a password, and no setting of a role changes what a migration
# does (fcgi_app/store/service_file.hpp).
with_service() (
    base=$(memory_directory)
    directory=$("${RUN_AS[@]}" mktemp -d "$base/larder-service.XXXXXXXX") ||
        fail "no directory can be made in $base"
    # shellcheck disable=SC2064
    trap "rm -rf '$directory'" EXIT
    trap 'exit 130' INT TERM HUP
    "${RUN_AS[@]}" "$WORKER_PROGRAM" --write-service "$directory" || exit
    unset DATABASE_URL DIRECT_DATABASE_URL "${!PG@}" "${!DBI_@}"
    export PGSERVICEFILE=$directory/service PGSERVICE=larder
    "$@"
)

# Where files do not reach a disk, if there is such a place.
memory_directory() {
    if "${RUN_AS[@]}" test -d /dev/shm -a -w /dev/shm; then
        printf '/dev/shm'
    else
        printf '/tmp'
    fi
}

# Where there is no time zone file Perl finds no local time; Sqitch's own settings of a user or of
# the machine must not reach in. The target names nothing: libpq finds all of it in the service.
run_sqitch() {
    need_program sqitch
    (cd "${LARDER_SQL:-$ROOT/sql}" && TZ=UTC SQITCH_USER_CONFIG=/dev/null SQITCH_SYSTEM_CONFIG=/dev/null \
        SQITCH_FULLNAME=larder SQITCH_EMAIL=larder@localhost \
        "${RUN_AS[@]}" sqitch "$@" db:pg:)
}

# deploy_schema LOG [OPTION...]: brings the schema up to date.
deploy_schema() {
    with_service deploy_until_locked "$@" 2>"$1.service" || {
        cat "$1.service" >>"$1"
        rm -f "$1.service"
        return 1
    }
    rm -f "$1.service"
}

# deploy_until_locked LOG [OPTION...]: a change of a table waits for its lock for a second at most and is tried again
# a while later; what was changed before it stays.
deploy_until_locked() {
    local tries=20
    until run_sqitch deploy --mode change "${@:2}" >"$1" 2>&1; do
        grep -q 'due to lock timeout' "$1" && ((tries-- > 0)) || return 1
        sleep 1
    done
}

# deploy_failure LOG: the line of it that says best what was wrong.
deploy_failure() {
    grep -m 1 -iE 'error|failed|cannot|could not' "$1" || tail -n 1 "$1"
}

migrate() {
    local log=$STACK/logs/migrate.log
    deploy_schema "$log" || fail "migration failed: $(deploy_failure "$log") (more in $log)"
    step schema "$(tail -n 1 "$log")"
}

# insert_sample_rows LOG
insert_sample_rows() {
    with_service insert_files >"$1" 2>&1 || fail "sample rows failed: $(tail -n 1 "$1")"
    step seed "sample rows are in every table that was empty"
}

insert_files() {
    local file
    for file in "$ROOT"/sql/sample/*.sql; do
        "${RUN_AS[@]}" psql -Xq -v ON_ERROR_STOP=1 -f "$file" || return
    done
}

seed() {
    insert_sample_rows "$STACK/logs/seed.log"
}

# A private database gets the sample rows unless told otherwise, someone's own only when told to.
seed_if_wanted() {
    local wanted=0
    if database_is_private; then
        wanted=1
    fi
    if [[ ${STACK_SEED:-$wanted} == 1 ]]; then
        seed
    fi
}
