# shellcheck shell=bash
# Messages, waiting, and an environment in which programs do what the scripts expect.

# Takes out of the environment what changes the output or the work of a program. What names a setting, and
# what a compiler or libpq takes, stays. The scripts run as `bash -p`: so bash itself reads no startup file
# and takes no function and no option from the environment.
settle_environment() {
    set +o posix
    export -n SHELLOPTS BASHOPTS
    unset CDPATH GLOBIGNORE ENV BASH_ENV POSIXLY_CORRECT
    unset LANG LANGUAGE "${!LC_@}"
    export LC_ALL=C.UTF-8
    # Of grep, ls, tar, ps, curl, Perl, psql, Sqitch, nginx and systemd.
    unset "${!GREP_@}" LS_COLORS CLICOLOR CLICOLOR_FORCE QUOTING_STYLE TIME_STYLE
    unset BLOCK_SIZE BLOCKSIZE LS_BLOCK_SIZE TAR_OPTIONS CMD_ENV UNIX95 "${!PS_@}" CURL_HOME
    unset "${!DBI_@}" PERL5OPT PERL5DB PERL_UNICODE PERLIO PSQLRC PSQL_PAGER PAGER "${!SQITCH_@}"
    unset NGINX NGINX_BPF_MAPS NOTIFY_SOCKET "${!LISTEN_@}" MAKEFLAGS MFLAGS MAKELEVEL
    unset "${!GIT_@}"
    PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
    export PATH
    if [[ -n ${TMPDIR:-} && ! (-d $TMPDIR && -w $TMPDIR && -x $TMPDIR) ]]; then
        unset TMPDIR
    fi
}

settle_environment

# Asks the server itself, whatever the caller's .curlrc says.
curl() {
    command curl -q "$@"
}

step() {
    printf '%-12s %s\n' "$1" "$2"
}

# Ends the command with one line that says what is wrong and what to do.
fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# wait_for SECONDS COMMAND...: runs the command until it succeeds.
wait_for() {
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}

short_hash() {
    printf '%s' "$1" | sha256sum | cut -c1-8
}

need_program() {
    command -v "$1" >/dev/null || fail "$1 is not installed: $(how_to_install "$1")"
}

how_to_install() {
    if [[ -x $ROOT/scripts/deps ]]; then
        printf 'run scripts/deps'
    else
        printf 'apt install %s' "$1"
    fi
}
