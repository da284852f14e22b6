# shellcheck shell=bash
# The private Redis: a cache that keeps no file and is reached by its socket in RUN_DIR only.

private_redis_url() {
    printf 'unix://%s/redis.sock?db=0' "$RUN_DIR"
}

redis_program() {
    command -v redis-server || command -v valkey-server ||
        fail "redis-server is not installed: run scripts/deps"
}

ensure_redis() {
    if ! redis_is_private; then
        step redis "not started: REDIS_URL or REDIS_HOST is set"
        return
    fi
    if redis_serves; then
        step redis "runs already"
        return
    fi
    stop_redis
    local program extra=()
    program=$(redis_program)
    read -ra extra <<<"${REDIS_ARGS:-}"
    # Eviction is safe at any time and of any key: what is not in the cache is read from PostgreSQL.
    start_batch_part redis "$program" --port 0 --unixsocket "$RUN_DIR/redis.sock" --unixsocketperm 700 \
        --dir "$STACK/redis" --save '' --appendonly no --daemonize no \
        --maxmemory 256mb --maxmemory-policy allkeys-lru "${extra[@]}"
    wait_for 10 redis_listens_or_ended || true
    redis_serves || part_failed redis
    step redis "started"
}

redis_serves() {
    part_runs redis && [[ -S $RUN_DIR/redis.sock ]]
}

redis_listens_or_ended() {
    [[ -S $RUN_DIR/redis.sock ]] || ! part_runs redis
}

stop_redis() {
    stop_part redis TERM 10
    rm -f "$RUN_DIR/redis.sock"
}
