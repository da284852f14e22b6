# shellcheck shell=bash
# Schema and sample rows. RUN_AS is the beginning of a command that runs as the account that may
# reach the database.

RUN_AS=()

# sqitch_target: the address of PostgreSQL in the form that Sqitch takes. It cannot read the ports of a
# URI with several hosts, and no keyword string of libpq: both become the query part of a URI.
sqitch_target() {
    local address=${DIRECT_DATABASE_URL:-$DATABASE_URL}
    if [[ ! $address =~ ^postgres(ql)?:// ]]; then
        printf 'db:pg:?%s' "$(query_of_keywords "$address")"
    elif [[ $address =~ ^[^:]*://[^/?]*, ]]; then
        printf 'db:pg:?%s' "$(query_of_uri "$address")"
    else
        printf 'db:%s' "$address"
    fi
}

query_of_keywords() {
    perl -e '
        my @pairs;
        while ($ARGV[0] =~ /(\w+)\s*=\s*(?:\x27((?:[^\x27\\]|\\.)*)\x27|((?:[^\s\\]|\\.)*))/g) {
            my ($key, $value) = ($1, $2 // $3);
            $value =~ s/\\(.)/$1/g;
            $value =~ s/([^A-Za-z0-9._-])/sprintf("%%%02X", ord $1)/ge;
            push @pairs, "$key=$value";
        }
        print join "&", @pairs;' "$1"
}

query_of_uri() {
    perl -e '
        my ($user, $password, $servers, $database, $rest) =
            $ARGV[0] =~ m{://(?:([^:@/?]*)(?::([^@/?]*))?@)?([^/?]*)/?([^?]*)\??(.*)};
        my @servers = map { [/^\[?(.*?)\]?(?::(\d*))?$/] } split /,/, $servers;
        my @pairs = ("host=" . join(",", map { $_->[0] } @servers),
                     "port=" . join(",", map { $_->[1] || 5432 } @servers));
        push @pairs, "user=$user" if length $user;
        push @pairs, "password=$password" if length $password;
        push @pairs, "dbname=$database" if length $database;
        push @pairs, $rest if length $rest;
        print join "&", @pairs;' "$1"
}

# Where there is no time zone file Perl finds no local time; Sqitch's own settings of a user or of
# the machine must not reach in.
run_sqitch() {
    need_program sqitch
    (cd "${LARDER_SQL:-$ROOT/sql}" && TZ=UTC SQITCH_USER_CONFIG=/dev/null SQITCH_SYSTEM_CONFIG=/dev/null \
        SQITCH_FULLNAME=larder SQITCH_EMAIL=larder@localhost \
        "${RUN_AS[@]}" sqitch "$@" "$(sqitch_target)")
}

# deploy_schema LOG: brings the schema up to date. A change of a table waits for its lock for a second
# at most, since every request to the table queues up behind it, and is tried again a while later;
# what was changed before it stays.
deploy_schema() {
    local tries=20
    until PGOPTIONS="${PGOPTIONS:-} -c lock_timeout=1s" run_sqitch deploy --mode change >"$1" 2>&1; do
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
    local file
    for file in "$ROOT"/sql/sample/*.sql; do
        "${RUN_AS[@]}" psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_URL" -f "$file" >"$1" 2>&1 ||
            fail "sample rows failed: $(tail -n 1 "$1")"
    done
    step seed "sample rows are in every table that was empty"
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
