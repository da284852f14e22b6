# shellcheck shell=bash
# Schema and sample rows.

# sqitch_target: DATABASE_URL in the form that Sqitch takes; a libpq keyword string becomes the query
# part of a URI.
sqitch_target() {
    if [[ $DATABASE_URL == postgres*://* ]]; then
        printf 'db:%s' "$DATABASE_URL"
        return
    fi
    perl -e '
        my @pairs;
        while ($ARGV[0] =~ /(\w+)\s*=\s*(?:\x27((?:[^\x27\\]|\\.)*)\x27|((?:[^\s\\]|\\.)*))/g) {
            my ($key, $value) = ($1, $2 // $3);
            $value =~ s/\\(.)/$1/g;
            $value =~ s/([^A-Za-z0-9._-])/sprintf("%%%02X", ord $1)/ge;
            push @pairs, "$key=$value";
        }
        print "db:pg:?", join "&", @pairs;' "$DATABASE_URL"
}

# Where there is no time zone file Perl finds no local time; Sqitch's own settings of a user or of
# the machine must not reach in.
run_sqitch() {
    need_program sqitch
    (cd "${LARDER_SQL:-$ROOT/sql}" && TZ=UTC SQITCH_USER_CONFIG=/dev/null SQITCH_SYSTEM_CONFIG=/dev/null \
        SQITCH_FULLNAME=larder SQITCH_EMAIL=larder@localhost \
        sqitch "$@" "$(sqitch_target)")
}

migrate() {
    local log=$STACK/logs/migrate.log
    if ! run_sqitch deploy >"$log" 2>&1; then
        fail "migration failed: $(grep -m 1 -iE 'error|failed|cannot|could not' "$log" ||
            tail -n 1 "$log") (more in $log)"
    fi
    step schema "$(tail -n 1 "$log")"
}

seed() {
    local file
    for file in "$ROOT"/sql/sample/*.sql; do
        psql -Xq -v ON_ERROR_STOP=1 "$DATABASE_URL" -f "$file" >"$STACK/logs/seed.log" 2>&1 ||
            fail "sample rows failed: $(tail -n 1 "$STACK/logs/seed.log")"
    done
    step seed "sample rows are in every table that was empty"
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
