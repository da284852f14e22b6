# shellcheck shell=bash
# Larder's site in the nginx of the system. /etc/nginx/larder leads to STATE/nginx, which is rendered
# from the settings; the site itself, sites-available/larder, belongs to the operator.

STATE=${LARDER_STATE:-/var/lib/larder}
NGINX_ETC=/etc/nginx

# Renders the site aside and puts it in place if nginx takes it; else all stays as it was.
# shellcheck disable=SC2034
apply_site() {
    if ! command -v nginx >/dev/null; then
        step nginx "is not installed: no site for it"
        return
    fi
    local LOG_DIR=/var/log/larder CACHE_DIR=/var/cache/larder WWW=$ROOT/www TEMP_DIR answer NEW_LINK=
    TEMP_DIR=$(nginx_temp_directory)
    rm -rf "$STATE/nginx.new" "$STATE/nginx.old"
    mkdir -p "$STATE/nginx" "$STATE/nginx.new"
    render_site "$STATE/nginx.new"
    write_description "$STATE/nginx.new"
    if ! cmp -s <(grep '^listen ' "$STATE/nginx.new/server.conf") \
        <(grep -s '^listen ' "$STATE/nginx/server.conf"); then
        check_port
    fi
    mv "$STATE/nginx" "$STATE/nginx.old"
    mv "$STATE/nginx.new" "$STATE/nginx"
    enable_site
    if ! answer=$(nginx -t 2>&1); then
        [[ -z $NEW_LINK ]] || rm "$NEW_LINK"
        rm -rf "$STATE/nginx"
        mv "$STATE/nginx.old" "$STATE/nginx"
        fail "nginx: $(grep -m 1 -E '\[(emerg|crit|alert)\]' <<<"$answer" || tail -n 1 <<<"$answer")"
    fi
    rm -rf "$STATE/nginx.old"
    reload_system_nginx
}

# The one that nginx was built with; an operator who sets fastcgi_temp_path has it on the same disk as a rule.
nginx_temp_directory() {
    nginx -V 2>&1 | tr ' ' '\n' | sed -n 's/^--http-fastcgi-temp-path=//p'
}

# An operator who includes the site elsewhere does not need the link. Sets NEW_LINK if it makes one.
enable_site() {
    local link=$NGINX_ETC/sites-enabled/larder
    if site_is_included || [[ ! -e $NGINX_ETC/sites-available/larder ]]; then
        return
    fi
    ln -s ../sites-available/larder "$link"
    NEW_LINK=$link
}

site_is_included() {
    grep -Rqs '^[^#]*include *larder/server.conf' \
        "$NGINX_ETC/sites-enabled" "$NGINX_ETC/conf.d" "$NGINX_ETC/nginx.conf"
}

reload_system_nginx() {
    if has_systemd; then
        systemctl reload-or-restart nginx
    elif [[ -s /run/nginx.pid ]]; then
        nginx -s reload
    else
        nginx
    fi
    step nginx "serves $(url)"
}
