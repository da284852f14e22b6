# shellcheck shell=bash
# How descriptions go live, on a host and in a stack (ARCHITECTURE.md, "Descriptions that change"). The
# workers read LIVE, a copy of DESCRIBED that changes as a whole. What the database lacks becomes changes of
# CHANGES, the operator's own Sqitch project: *_expand is for the former and the new workers alike, and
# *_contract is deployed when none of the former runs. The caller sets these three and SCHEMA_PROGRAM.

# descriptions_in DIRECTORY: the names of the files.
descriptions_in() {
    find "$1/" -maxdepth 1 -name '[!.]*.toml' -printf '%f\n' 2>/dev/null | sort
}

# fingerprint DIRECTORY
fingerprint() {
    local file
    while read -r file; do
        printf '%s %s\n' "$file" "$(sha256sum <"$1/$file")"
    done < <(descriptions_in "$1")
}

descriptions_differ() {
    [[ $(fingerprint "$DESCRIBED") != "$(fingerprint "$LIVE")" ]]
}

# Makes a copy of the descriptions beside the live one, if they differ: what can fail fails here, and changes
# nothing. Sets COPIED to it.
copy_descriptions() {
    local file
    COPIED=
    descriptions_differ || return 0
    find "${LIVE%/*}" -maxdepth 1 -name "${LIVE##*/}.*" ! -path "$(realpath -m "$LIVE")" -exec rm -rf {} +
    COPIED=$LIVE.$(date +%s%N)
    mkdir -m 0755 "$COPIED"
    while read -r file; do
        install -m 0644 "$DESCRIBED/$file" "$COPIED/$file"
    done < <(descriptions_in "$DESCRIBED")
}

# The former copy stays until the next change: a worker may be reading it.
take_descriptions() {
    [[ -n $COPIED ]] || return 0
    # A version before this one had a directory here.
    [[ -L $LIVE || ! -e $LIVE ]] || mv "$LIVE" "$LIVE.former"
    ln -s "${COPIED##*/}" "$LIVE.link"
    mv -T "$LIVE.link" "$LIVE"
}

# run_schema COMMAND...: asks the program that compares descriptions with the database.
run_schema() {
    RESOURCES_DIR=$DESCRIBED "${RUN_AS[@]}" "$SCHEMA_PROGRAM" "$@"
}

# write_changes [--drop NAME]...: adds to CHANGES what the database lacks. The account may not write there,
# as a rule, so the program works on a copy. Sets PENDING to what is to be deployed, a line each.
write_changes() {
    local work status=0 line
    work=$("${RUN_AS[@]}" mktemp -d)
    if [[ -e $CHANGES/sqitch.plan ]]; then
        tar -cf - -C "$CHANGES" . | "${RUN_AS[@]}" tar -xf - --no-same-owner -C "$work"
    fi
    with_pending run_schema write "$work" "$@" || status=$?
    if ((status == 2)); then
        mkdir -p "$CHANGES"/{deploy,revert,verify}
        for line in "${PENDING[@]}"; do
            [[ $line != 'superseded '* && ! -e $CHANGES/deploy/$line.sql ]] || continue
            copy_out "$work" {deploy,revert,verify}/"$line.sql"
            step change "$line"
        done
        copy_out "$work" sqitch.plan sqitch.conf
    fi
    rm -rf "$work"
    ((status == 0 || status == 2)) || fail "nothing was changed"
    pass_over_superseded
}

# with_pending COMMAND...: sets PENDING to the lines that it prints.
with_pending() {
    local output status=0
    output=$("$@") || status=$?
    PENDING=()
    [[ -z $output ]] || mapfile -t PENDING <<<"$output"
    return "$status"
}

# copy_out WORK FILE...
copy_out() {
    local file
    for file in "${@:2}"; do
        [[ $file =~ ^[A-Za-z0-9_./-]+$ && $file != *..* ]] || fail "no name of a change: $file"
        "${RUN_AS[@]}" cat "$1/$file" >"$CHANGES/$file.new"
        mv "$CHANGES/$file.new" "$CHANGES/$file"
    done
}

# What the operator has written between them is deployed in its place.
pass_over_superseded() {
    local line former=''
    for line in "${PENDING[@]}"; do
        if [[ $line != 'superseded '* ]]; then
            former=$line
            continue
        fi
        [[ -z $former ]] || deploy_changes "$former"
        former=
        line=${line#* }
        deploy_changes "$line" --log-only --no-verify
        step superseded "$line: the descriptions have changed; it counts as deployed, and was not run"
    done
}

# deploy_changes [NAME [OPTION...]]: all of CHANGES, or up to this one.
deploy_changes() {
    local log status=0
    [[ -e $CHANGES/sqitch.plan ]] || return 0
    log=$(mktemp)
    LARDER_SQL=$CHANGES deploy_schema "$log" ${1:+--to-change "$1"} "${@:2}" || status=$?
    ((status == 0)) || cat "$log" >&2
    rm -f "$log"
    ((status == 0)) ||
        fail "a change has failed: mend what it says, and what ${0##*/} plan says, and run the command again"
}

# What the former workers can live with.
expand_database() {
    local line last=''
    for line in "${PENDING[@]}"; do
        [[ $line != *_expand || $line == 'superseded '* ]] || last=$line
    done
    [[ -z $last ]] || deploy_changes "$last"
}

# When the last worker of the former descriptions has ended: rights that they have granted are judged anew, by
# workers and by nginx.
renew_access() {
    local answer
    ((WORKERS > 0)) || return 0
    answer=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --renew-access 2>&1) || fail "$answer"
}

is_held() {
    [[ -e $RUN_DIR/hold ]]
}

hold_redis() {
    local answer
    answer=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --hold-redis 2>&1) || fail "$answer"
    step redis "is left alone while workers of two descriptions serve"
}

release_redis() {
    local answer
    answer=$("${RUN_AS[@]}" "$WORKER_PROGRAM" --release-redis 2>&1) || fail "$answer"
}
