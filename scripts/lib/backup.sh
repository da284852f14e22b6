# shellcheck shell=bash
# Backup and restore of all that a Larder has: its database, the descriptions, the operator's changes of the
# database, and the settings but for secrets. A backup is one tar file, in which members are not compressed again:
#
#   manifest        what it is, one key=value a line
#   SHA256SUMS      of all other members
#   settings.env    as larder.env is written
#   resources/      the descriptions that were live
#   sql/            the operator's Sqitch project, if there is one
#   database.dump   pg_dump's custom format of the whole database
#
# The caller sets WORKER_PROGRAM, RUN_AS, LIVE, DESCRIBED and CHANGES. `work` is a directory of the subshell that
# makes and removes it.
# shellcheck disable=SC2030,SC2031

readonly BACKUP_FORMAT=1

# They may hold a password.
readonly SECRET_SETTINGS=' DATABASE_URL DIRECT_DATABASE_URL REDIS_URL '

# take_backup_arguments COMMAND ARGUMENT...: reads those of `backup FILE` and `restore FILE [--replace DATABASE]`, in any
# order. Sets BACKUP, an absolute path, which the caller may not have; REPLACED; and BACKUP_ARGUMENTS, which say
# the same in any directory.
take_backup_arguments() {
    local command=$1 file='' operands_only=''
    BACKUP='' REPLACED=''
    while (($# > 1)); do
        shift
        case $operands_only$1 in
            --) operands_only=operand: ;;
            --replace)
                REPLACED=${2:-}
                shift
                [[ $command == restore && -n $REPLACED ]] || wrong_backup "$command"
                ;;
            --replace=*)
                REPLACED=${1#*=}
                [[ $command == restore && -n $REPLACED ]] || wrong_backup "$command"
                ;;
            -?*) wrong_backup "$command $1" ;;
            *)
                [[ -z $file ]] || wrong_backup "$command $1"
                file=$1
                [[ -n $file ]] || wrong_backup "$command"
                ;;
        esac
    done
    [[ -n $file ]] || wrong_backup "$command"
    BACKUP=$(realpath -ms -- "$file")
    BACKUP_ARGUMENTS=("$command" "$BACKUP")
    # shellcheck disable=SC2034
    [[ -z $REPLACED ]] || BACKUP_ARGUMENTS+=("--replace=$REPLACED")
}

wrong_backup() {
    local wanted='FILE'
    [[ $1 != restore* ]] || wanted='FILE, and perhaps --replace DATABASE'
    fail "$1: expected $wanted"
}

# make_backup FILE
make_backup() {
    local directory=${1%/*}
    [[ ! -e $1 ]] || fail "$1 exists: choose another name"
    [[ -d ${directory:-/} && -w ${directory:-/} ]] ||
        fail "$(id -un) may not write to ${directory:-/}: choose another directory"
    # With the address of the database, which is replaced by a service below.
    SETTINGS=$(print_settings)
    with_service write_backup "$1"
}

# Whatever fails, or ends it, leaves nothing behind. Under its name a backup is whole, and on the disk.
write_backup() (
    umask 0077
    work=$(mktemp -d "${1%/*}/.${1##*/}.XXXXXXXX") || exit
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
    find_postgresql_tools
    copy_own_files
    write_manifest
    dump_database
    sums=$(cd "$work" && find . -type f -printf '%P\0' | sort -z | xargs -0 sha256sum) || exit
    printf '%s\n' "$sums" >"$work/SHA256SUMS"
    tar -cf "$work/backup.tar" --format=gnu --owner=0 --group=0 --numeric-owner -C "$work" \
        manifest SHA256SUMS settings.env resources sql database.dump || fail "no room for $1"
    check_backup "$work/backup.tar"
    sync -- "$work/backup.tar"
    mv -nT -- "$work/backup.tar" "$1" || true
    [[ ! -e $work/backup.tar ]] || fail "$1 cannot be written, or exists by now"
    sync -- "${1%/*}/"
    step backup "$1, $(stat -c %s "$1") bytes, of $(server_version)"
)

# The next functions work in $work, and with the service of the database.

copy_own_files() {
    local file from=$DESCRIBED
    [[ ! -d $LIVE ]] || from=$LIVE
    mkdir "$work/resources" "$work/sql"
    while read -r file; do
        cp -- "$from/$file" "$work/resources/$file"
    done < <(descriptions_in "$from")
    [[ ! -e $CHANGES/sqitch.plan ]] || cp -R -- "$CHANGES/." "$work/sql"
    printf '%s\n' "$SETTINGS" >"$work/settings.env"
}

write_manifest() {
    {
        printf '%s=%s\n' format "$BACKUP_FORMAT" time "$(date -u +%FT%TZ)"
        printf '%s=%s\n' version "$("$WORKER_PROGRAM" --version)" server "$(server_version)"
        printf '%s=%s\n' database "$(ask_database 'SELECT current_database()')"
    } >"$work/manifest"
}

# It takes locks that stop no writer; what waits for them is a change of a table. A table that is being changed
# is waited for. Row-level security that would hide rows is an error.
dump_database() {
    local said
    # Not into a file: where there is no room for the dump, there is none for what is said about it.
    said=$("${RUN_AS[@]}" "$TOOLS/pg_dump" --format=custom --compress=1 --lock-wait-timeout=60s \
        2>&1 >"$work/database.dump") ||
        fail "$(grep -m 1 error <<<"$said" || tail -n 1 <<<"$said")"
}

# The settings that are set, as larder.env has them.
print_settings() {
    local name value
    for name in $(setting_names); do
        [[ -n ${!name:-} ]] || continue
        if [[ $SECRET_SETTINGS == *" $name "* ]]; then
            printf '# %s is set. It is left out, for it may hold a password.\n' "$name"
            continue
        fi
        value=${!name//\\/\\\\}
        value=${value//\"/\\\"}
        value=${value//\`/\\\`}
        printf '%s="%s"\n' "$name" "${value//\$/\\\$}"
    done
}

# ask_database SQL
ask_database() {
    "${RUN_AS[@]}" psql -XAtq -v ON_ERROR_STOP=1 -c "$1"
}

server_version() {
    ask_database "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)"
}

# Sets TOOLS to the directory of pg_dump, pg_restore and psql of the oldest version that knows the server, and
# SERVER to the number of its version.
find_postgresql_tools() {
    local path found
    need_program pg_dump
    SERVER=$(ask_database 'SHOW server_version_num') || fail "PostgreSQL does not answer"
    SERVER=$((SERVER / 10000))
    while read -r path; do
        [[ -x $path/pg_dump && -x $path/psql ]] || continue
        found=$("$path/pg_dump" --version | grep -oE '[0-9]+' | head -n 1)
        if ((found >= SERVER)); then
            TOOLS=$path
            return
        fi
    done < <(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V
        dirname "$(command -v pg_dump)" 2>/dev/null)
    fail "pg_dump must not be older than the server, which is PostgreSQL $SERVER:" \
        "apt install postgresql-client-$SERVER"
}

# backup_member FILE NAME
backup_member() {
    tar -xOf "$1" -- "$2"
}

# read_dump FILE OPTION...: runs pg_restore, which may end before it has read all of the dump.
read_dump() {
    "$TOOLS/pg_restore" "${@:2}" < <(backup_member "$1" database.dump 2>/dev/null)
}

# manifest_value FILE KEY
manifest_value() {
    backup_member "$1" manifest | sed -n "s/^$2=//p"
}

# check_backup FILE: reads all of it. Needs TOOLS.
check_backup() {
    local sum name sums format
    [[ -f $1 && -r $1 ]] || fail "$1 cannot be read by $(id -un)"
    tar -tf "$1" >/dev/null 2>&1 || fail "$1 is no backup of Larder, or is cut off"
    format=$(manifest_value "$1" format 2>/dev/null) || true
    [[ $format =~ ^[0-9]+$ ]] || fail "$1 is no backup of Larder"
    [[ $format == "$BACKUP_FORMAT" ]] ||
        fail "$1 was made by Larder $(manifest_value "$1" version), which this one cannot read"
    sums=$(backup_member "$1" SHA256SUMS) || fail "$1 is damaged"
    for name in settings.env manifest database.dump; do
        [[ $sums == *"  $name"* ]] || fail "$1 is damaged: there is no $name"
    done
    while read -r sum name; do
        [[ $(backup_member "$1" "$name" | sha256sum) == "$sum "* ]] || fail "$1 is damaged: $name"
    done <<<"$sums"
    read_dump "$1" -f /dev/null ||
        fail "$1: pg_restore $("$TOOLS/pg_restore" --version | grep -oE '[0-9]+' | head -n 1) cannot read the dump of" \
            "$(manifest_value "$1" server)"
}

# unknown_change FILE: the name of a change that the Larder of the backup has made in its database, and that this one
# does not have. It could neither serve from that database nor migrate it.
unknown_change() {
    read_dump "$1" --data-only --schema=sqitch --table=changes -f - |
        awk -F '\t' '/^\\\.$/ { is_row = 0 } is_row && $4 == "larder" { print $3 } /^COPY sqitch\.changes / { is_row = 1 }' |
        grep -vxFf <(sed -nE 's/^([a-z0-9_]+) .*/\1/p' "$ROOT/sql/sqitch.plan") | head -n 1
}

# check_target FILE NAME: whether the database may be replaced: NAME is what --replace says, or else it is empty.
check_target() (
    local name
    find_postgresql_tools
    check_backup "$1"
    name=$(unknown_change "$1") || true
    [[ -z $name ]] || fail "$1 was made by a later Larder, which has the change '$name': install that version first"
    name=$(ask_database 'SELECT current_database()')
    if [[ -n $2 ]]; then
        [[ $2 == "$name" ]] || fail "--replace $2: the database is $name; nothing was changed"
        return
    fi
    name+=$(filled_table)
    [[ $name != *' '* ]] ||
        fail "${name% *} is not empty: ${name#* } has rows. To replace all that is in it: --replace ${name% *}"
)

# ` NAME` of a table that has rows, if there is one. Of Larder's own, tokens alone count.
filled_table() {
    local question
    question=$(ask_database "SELECT coalesce(string_agg(format(
            'SELECT %L WHERE EXISTS (SELECT FROM %s)', ' ' || c.oid::regclass, c.oid::regclass), ' UNION ALL '),
            'SELECT WHERE false') FROM pg_class AS c, pg_namespace AS n WHERE c.relnamespace = n.oid
        AND c.relkind = 'r' AND (c.relname = 'tokens' OR n.nspname <> 'larder') AND n.nspname <> 'sqitch'
        AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'")
    ask_database "SET row_security = off; SELECT * FROM ($question) AS found LIMIT 1"
}

# That read or write from anywhere. A statement that has waited for the lock of a table that was dropped meanwhile
# can find the new one empty, and take that for the truth.
larder_sessions() {
    ask_database "SELECT string_agg(DISTINCT application_name || coalesce(' at ' || host(client_addr), ''), ', ')
        FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^larder-(worker|feed|bulk)'"
}

no_larder_session() {
    local sessions
    sessions=$(larder_sessions) && [[ -z $sessions ]]
}

# replace_database FILE: in one transaction, right before the end of which this host forgets what it has cached. No
# worker serves.
replace_database() (
    wait_for 5 no_larder_session ||
        fail "$(larder_sessions) is connected to the database: stop it first, on every host"
    find_postgresql_tools
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
    kept=$(kept_schemas)
    read_dump "$1" --list >"$work/all" || fail "the dump in $1 cannot be read"
    # The schema `public` and extensions stay as they are. Privileges come last, for their roles may be missing.
    grep -vE '^[0-9]+; [0-9]+ [0-9]+ (SCHEMA - public |COMMENT - (SCHEMA public|EXTENSION) |(DEFAULT )?ACL )' \
        "$work/all" | grep -vF "$kept" >"$work/objects"
    grep -E '^[0-9]+; [0-9]+ [0-9]+ (DEFAULT )?ACL ' "$work/all" >"$work/privileges" || true
    if ! restore_script "$1" | run_script 2>"$work/said"; then
        cat "$work/said" >&2
        fail "the restore has failed; the database is as it was"
    fi
    if [[ -s $work/privileges ]]; then
        dump_script "$1" "$work/privileges" | "${RUN_AS[@]}" "$TOOLS/psql" -Xq -f - >/dev/null 2>"$work/said" || true
        [[ ! -s $work/said ]] || step privileges "could not all be granted: $(head -n 3 "$work/said")"
    fi
    ask_database 'ANALYZE' 2>/dev/null || true
)

# In words of the list of a dump: the schemas that clear_database.sql leaves, for they have extensions.
kept_schemas() {
    ask_database "SELECT format(' SCHEMA - %s ', nspname) FROM pg_namespace AS n WHERE nspname = 'pg_catalog'
        OR EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid)"
}

# note_former_database: sets FORMER_DATABASE, and WAS_HELD if this host left Redis alone before.
note_former_database() {
    FORMER_DATABASE=$(with_service database_mark)
    WAS_HELD=
    ! is_held || WAS_HELD=1
}

# A restore makes every table anew.
database_mark() {
    ask_database "SELECT to_regclass('larder.epoch')::oid"
}

# end_restore_early: after a restore that was ended before its end, when workers may serve again. Says which database
# this is. What is in Redis is older than the epoch under which workers will use it.
end_restore_early() {
    local now
    [[ -n $WAS_HELD ]] || release_redis
    now=$(with_service database_mark) || return 0
    if [[ $now == "$FORMER_DATABASE" ]]; then
        step database "is as it was"
    else
        step database "is that of the backup, but descriptions and changes are not: run the command again"
    fi
}

run_script() {
    "${RUN_AS[@]}" "$TOOLS/psql" -Xq -v ON_ERROR_STOP=1 -f - >/dev/null
}

# dump_script FILE LIST: SQL. A newer pg_dump sets what an older server does not know.
dump_script() {
    local unknown=''
    ((SERVER >= 17)) || unknown='1,60{/^SET transaction_timeout = 0;$/d}'
    read_dump "$1" --no-owner --no-tablespaces --use-list="$2" -f - | sed -e "$unknown"
}

# restore_script FILE: without COMMIT if the dump cannot be read to its end. The epoch only ever grows, also over
# that of the backup.
restore_script() {
    cat <<'SQL'
BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL client_min_messages = warning;
SELECT to_regclass('larder.epoch') IS NOT NULL AS has_epoch \gset
\if :has_epoch
LOCK TABLE larder.epoch;
SELECT value AS epoch FROM larder.epoch \gset
\else
\set epoch 1
\endif
SQL
    cat "$ROOT/scripts/lib/clear_database.sql"
    dump_script "$1" "$work/objects" || return
    cat <<SQL
UPDATE larder.epoch SET value = greatest(value, :epoch);
\set renewed \`$(renewal)\`
\if :renewed
COMMIT;
\else
DO \$\$ BEGIN RAISE EXCEPTION 'the caches of this host cannot be renewed'; END \$\$;
\endif
SQL
}

# A command for psql that prints true: this host trusts nothing that it has cached.
renewal() {
    if ((WORKERS == 0)) || [[ ! -d $RUN_DIR || ! -d $LIVE ]]; then
        echo 'echo true'
        return
    fi
    local worker
    printf -v worker 'RESOURCES_DIR=%q %q' "$LIVE" "$WORKER_PROGRAM"
    printf '{ %s --hold-redis && %s --renew-lists && %s --renew-access; } >&2 && echo true || echo false' \
        "$worker" "$worker" "$worker"
}

# restore_files FILE: the descriptions and the changes of the backup. What was there is kept beside them. Sets
# HAS_OTHER_DESCRIPTIONS if these were others.
restore_files() {
    local file=$1 kept name target member
    HAS_OTHER_DESCRIPTIONS=''
    kept=before-$(date +%Y%m%dT%H%M%S)
    name=$(mktemp -d)
    tar -xf "$file" -C "$name" --no-same-owner resources sql
    for member in resources sql; do
        target=$DESCRIBED
        [[ $member == resources ]] || target=$CHANGES
        if diff -rq "$name/$member" "$target" >/dev/null 2>&1 || { [[ ! -e $target ]] && is_empty "$name/$member"; }; then
            continue
        fi
        # shellcheck disable=SC2034
        [[ $member != resources ]] || HAS_OTHER_DESCRIPTIONS=1
        if [[ -e $target ]]; then
            mv -- "$(realpath "$target")" "$target.$kept"
            step kept "$target.$kept"
        fi
        is_empty "$name/$member" || put_files "$name/$member" "$target"
    done
    rm -rf "$name"
}

is_empty() {
    [[ -z $(ls -A "$1") ]]
}

# put_files FROM TO
put_files() {
    mkdir -p "$2"
    cp -R -- "$1/." "$2"
    chmod -R u=rwX,go=rX "$2"
    step restored "$2"
}

# tell_settings FILE: the backup's are not taken. Where a host has its directories is its own matter.
tell_settings() {
    local difference
    difference=$(diff <(backup_member "$1" settings.env) <(print_settings) |
        grep '^[<>]' | grep -vE '^. (RUN_DIR|RESOURCES_DIR)=') || true
    [[ -n $difference ]] || return 0
    step settings "are not taken from the backup, and differ from it (<):"
    printf '%s\n' "$difference"
}
