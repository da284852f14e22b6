# shellcheck shell=bash
# nginx. That of a private stack runs without privileges: its configuration is rendered into
# STACK/nginx, its relative paths start at STACK.

nginx_command() {
    need_program nginx
    NGINX=("$(command -v nginx)" -e stderr -p "$STACK" -c "$STACK/nginx/nginx.conf")
}

# shellcheck disable=SC2034
render_nginx() {
    local LOG_DIR=logs CACHE_DIR=nginx-cache TEMP_DIR=nginx-temp/fastcgi WWW=www DESCRIPTORS
    DESCRIPTORS=$(descriptor_limit)
    mkdir -p "$STACK/nginx/larder"
    [[ ! -d $STACK/www ]] || write_description "${DESCRIPTION_ROOT:-$STACK/www}"
    render_site "$STACK/nginx/larder"
    fill_template "$ROOT/nginx/nginx.conf.in" DESCRIPTORS >"$STACK/nginx/nginx.conf"
}

check_nginx() {
    local answer
    nginx_command
    answer=$("${NGINX[@]}" -t 2>&1) ||
        fail "nginx: $(grep -m 1 -E '\[(emerg|crit|alert)\]' <<<"$answer" || tail -n 1 <<<"$answer")"
}

ensure_nginx() {
    if part_runs nginx; then
        step nginx "runs already"
        return
    fi
    render_nginx
    check_nginx
    start_batch_part nginx "${NGINX[@]}" -g 'daemon off;'
    wait_for 10 server_answers || part_failed nginx
    step nginx "started, $(url)"
}

reload_nginx() {
    local pid
    pid=$(part_pid nginx) || fail "nginx does not run: start the stack with make up"
    render_nginx
    check_nginx
    kill -HUP "$pid"
}

# SIGQUIT lets nginx end the answers that it has begun.
stop_nginx() {
    stop_part nginx QUIT 12
}
