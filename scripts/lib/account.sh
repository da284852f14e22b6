# shellcheck shell=bash
# Root only: PostgreSQL refuses to run as root, so the whole stack runs as another account, and so
# does all of this program that touches the stack's files. Root prepares the directory, hands over
# what the account may not be able to read in the checkout, and leaves.

as_account() {
    setpriv --reuid="$ACCOUNT" --regid="$(id -g "$ACCOUNT")" --init-groups -- "$@"
}

# An existing stack keeps its account.
choose_account() {
    ACCOUNT=www-data
    if [[ -d $STACK ]]; then
        local owner
        owner=$(stat -L -c %U "$STACK")
        [[ $owner == root ]] || ACCOUNT=$owner
    fi
    id -u "$ACCOUNT" >/dev/null 2>&1 ||
        fail "there is no account $ACCOUNT to run the stack as (the owner of $STACK)"
}

account_can_enter() {
    as_account test -x "$(realpath "$1")/."
}

# A checkout under a closed directory, such as /root, cannot hold what another account must reach:
# then the stack lives under /var/lib and STACK is a symbolic link to it.
prepare_directory_for_account() {
    if [[ -d $STACK && ! -L $STACK && -z $(ls -A "$STACK") ]]; then
        rmdir "$STACK"
    fi
    if [[ -L $STACK && ! -e $STACK ]]; then
        rm "$STACK"
    fi
    if [[ ! -e $STACK ]]; then
        { mkdir -p "$(dirname "$STACK")" && make_directory_for_account "$STACK"; } 2>/dev/null ||
            fail "$STACK cannot be created: choose another directory with STACK="
        if ! account_can_enter "$STACK"; then
            rmdir "$STACK"
            local real
            real=/var/lib/larder-stacks/$(short_hash "$STACK")
            install -d -m 0755 /var/lib/larder-stacks
            [[ -d $real ]] || make_directory_for_account "$real"
            ln -sfn "$real" "$STACK"
        fi
    fi
    [[ $(stat -L -c %U "$STACK") == "$ACCOUNT" ]] ||
        fail "$STACK holds something else: choose another directory with STACK="
    account_can_enter "$STACK" ||
        fail "$ACCOUNT may not enter $STACK: choose another directory with STACK="
}

make_directory_for_account() {
    mkdir -m 0700 "$1" && chown "$ACCOUNT:$(id -g "$ACCOUNT")" "$1"
}

# The account itself writes the copies: root must not follow links that it could have laid there. Another command
# may be reading them, so what has changed is replaced by renames, and all else stays.
hand_over_sources() {
    local parts=() part new
    for part in scripts nginx sql; do
        [[ -d $ROOT/$part ]] && parts+=("$part")
    done
    as_account mkdir -p "$STACK/app"
    new=$(as_account mktemp -d "$STACK/app/.new.XXXXXXXX")
    tar -cf - -C "$ROOT" "${parts[@]}" |
        as_account tar -xf - --no-same-owner --no-same-permissions -C "$new"
    # shellcheck disable=SC2016
    as_account diff -rqx '.new.*' "$new" "$STACK/app" >/dev/null 2>&1 ||
        as_account "$BASH" -p -c 'cd "$1" && find . -type d -exec mkdir -p "$2"/{} \; &&
            find . -type f -exec mv -f {} "$2"/{} \;' bash "$new" "$STACK/app"
    as_account rm -rf "$new"
}

# Ends the program: the rest of the command runs as the account, from the copy in the stack.
continue_as_account() {
    choose_account
    prepare_directory_for_account
    local named=$STACK
    STACK=$(realpath "$STACK")
    case $1 in up | run | plan | apply | restore | migrate | seed | restart-workers | restart-feed) install_programs as_account ;; esac
    hand_over_sources
    cd "$STACK" || fail "$STACK cannot be entered"
    unset XDG_RUNTIME_DIR "${!SUDO_@}" LARDER_WORKER LARDER_FEED LARDER_SCHEMA LARDER_TOKEN_PROGRAM LARDER_BULK LARDER_WWW RESOURCES_DIR
    local command=(env HOME="$STACK" USER="$ACCOUNT" LOGNAME="$ACCOUNT" STACK="$STACK"
        setpriv --reuid="$ACCOUNT" --regid="$(id -g "$ACCOUNT")" --init-groups --
        "$STACK/app/scripts/stack" "$@")
    if [[ $1 != destroy ]]; then
        exec "${command[@]}"
    fi
    "${command[@]}"
    [[ ! -d $STACK ]] || rmdir "$STACK"
    if [[ -L $named ]]; then
        rm "$named"
    fi
    exit
}
