/*
 * Trust in Redis, on one host or two that share one Redis and one PostgreSQL.  One record.
 *
 * A host's word is 0 (Redis is not used), an epoch, or an epoch that is pending: the host's writers
 * fence under it already, its readers do not use it yet.  Keys carry the epoch; every script
 * compares the caller's epoch with the live copy in Redis.
 *
 * Property: a read returns a committed version, and none older than the newest that its host owed
 * it when it loaded the word (`floor`): of its own host's writes every one that PostgreSQL shows,
 * of another host's every fenced one, and the unfenced ones once this host's feed has seen them or
 * the other host trusts Redis again.
 *
 * Each of these switches takes one protective step away:
 *   TRUST_AFTER_COMMIT  DECIDE_BEFORE_CHANGE  TWO_WORDS (one host only)
 *   with RESTARTS > 0: LOST_CONNECTION_UNNOTICED  NO_RUN_CHECK  QUIET_RECONNECT_UNCHECKED
 *     RUN_STORED_BEFORE_PUT
 *   with two hosts: NO_LIVE_COMPARE  NO_PENDING  PENDING_COUNTS_AS_FENCED  PENDING_FENCE_UNCHECKED
 *     ADOPT_FROM_ZERO  ADOPT_FROM_PENDING  NO_ADOPTION_REFENCE  BLIND_STORE  ZERO_BY_SWAP
 *     FEED_IGNORES_UNFENCED
 * BOUNDED_RAISES asserts that EPOCHS epochs are enough; NO_ADOPTION breaks that.
 * RECONNECT_QUIETLY is a variant that holds: a connection that comes back to the same run of Redis
 * (run_id and master_replid) costs no trust. QUIET_RECONNECT_UNCHECKED is the same without asking for
 * the run.
 */
#include "outage_steps.pml"

#ifdef PENDING_COUNTS_AS_FENCED
#define fenced (!failed && epoch != 0)
#else
#define fenced (!failed && epoch != 0 && !pending)
#endif
#define other (HOSTS - 1 - host)
/* The host may not have noticed yet that the Redis or the live copy that it trusts is gone. */
#define trusts (full(word[host]) && same_run && live >= word[host])

/* What the new version obliges the hosts to. */
inline commit() {
    d_step {
        newest++;
        mine = newest;
        changing = false;
        floor[host] = newest;
#if HOSTS > 1
        if
        :: fenced || trusts -> floor[other] = newest
        :: else -> owed[other] = newest
        fi
#endif
    }
}

/* `goto rolled_back` as an alternative to a step: the worker died or the transaction failed. */
proctype Writer(byte me; byte host) {
    byte epoch, newer, mine;
    bool pending, failed;
#if RESTARTS
    remembered_identity
    byte connection;
    if :: connection = 1 :: skip fi;            /* made early, or by the first operation */
#endif
#ifdef DECIDE_BEFORE_CHANGE
    load_word();
    split_pending();
#endif
    d_step { !changing -> changing = true };
#ifndef DECIDE_BEFORE_CHANGE
    if
    :: in_one_step { load_word(); split_pending() }
    :: goto rolled_back
    fi;
#endif
    fence_under_word(writer_token);
#ifndef TRUST_AFTER_COMMIT
    if
    :: failed -> store_zero()
    :: else
    fi;
#endif
    if :: commit() :: goto rolled_back fi;
#ifdef TRUST_AFTER_COMMIT
    if
    :: failed -> store_zero()
    :: else
    fi;
#endif
    if
    :: fenced && !pending ->
        d_step {                                /* primes the cache */
            if
            :: connected && live_is_same && lease[epoch] == writer_token ->
                value[epoch] = mine + 1;
                lease[epoch] = NOTHING
            :: else
            fi
        }
    :: skip
    fi;
    goto over;
rolled_back:
    changing = false;
over:
    atomic { epoch = 0; newer = 0; mine = 0; pending = false; failed = false; disconnect() }
}

inline end_of_read() {
    epoch = 0; newer = 0; must = 0; version = 0
}

inline fill() {
    if
    :: !connected -> word[host] = 0; disconnect()
    :: connected && live_is_same && lease[epoch] == reader_token ->
        value[epoch] = version;
        lease[epoch] = NOTHING
    :: else
    fi
}

/* Reads without Redis, and reads that miss and get no lease, go to PostgreSQL and are right: they
   end where that is known.  `died`: the worker died, a new one takes its place. */
proctype Reader(byte me; byte host) {
    byte epoch, newer, must, version;
    bool failed;
#if RESTARTS
    remembered_identity
    byte connection = 1;
#endif
end_idle:
    do
    :: in_one_step { full(word[host]) -> must = floor[host]; load_word() };
again:
        atomic {
            connect();
            if
            :: usable && live_is_same ->
                if
                :: value[epoch] != NOTHING ->
                    assert(value[epoch] - 1 >= must);
                    assert(value[epoch] - 1 <= newest);
                    end_of_read();
                    goto end_idle
                :: value[epoch] == NOTHING && lease[epoch] == NOTHING ->
                    lease[epoch] = reader_token;
                    must = 0
                :: else -> end_of_read(); goto end_idle
                fi
            :: usable && !live_is_same && live_is_newer -> newer = live
            :: else -> word[host] = 0; disconnect(); end_of_read(); goto end_idle
            fi
        };
        if
        :: newer != 0 ->
            atomic {
                adopt();
                if
                :: failed -> failed = false; end_of_read(); goto end_idle
                :: else -> goto again
                fi
            }
        :: newer == 0 -> skip
        :: goto died
        fi;
        if                                      /* SELECT */
        :: atomic { changing -> end_of_read(); goto end_idle }
        :: !changing -> version = newest + 1
        :: goto died
        fi;
        if                                      /* fill: in time, late, or never */
        :: d_step { fill(); end_of_read() }
        :: d_step { faults > 0 -> faults--; word[host] = 0 };
            if
            :: d_step { fill(); end_of_read(); disconnect() }
            :: goto died
            fi
        :: goto died
        fi;
        goto end_idle;
died:   atomic { end_of_read(); disconnect() }
    od
}

#if HOSTS > 1
/* Fences what other hosts committed unfenced, at any time after. */
proctype Feed(byte host) {
    byte epoch, newer, seen;
    bool pending, failed;
#if RESTARTS
    remembered_identity
    byte connection;
#endif
end_idle:
    do
    :: owed[host] > floor[host] ->
#ifndef FEED_IGNORES_UNFENCED
        d_step { seen = owed[host]; epoch = word[host] };
        split_pending();
        fence_under_word(NOTHING);
        if
        :: failed -> store_zero()
        :: else
        fi;
#else
        seen = owed[host];
#endif
        d_step {
            if
            :: seen > floor[host] -> floor[host] = seen
            :: else
            fi;
            epoch = 0; newer = 0; seen = 0; pending = false; failed = false
        }
    od
}
#endif

/* The process of the prober may die before the put, or after it (a late put), which counts as a
   fault; the next one starts over. */
proctype Prober(byte host) {
    byte seen, epoch;
#if RESTARTS
    remembered_identity
    byte connection;
#endif
end_idle:
    do
#ifdef BOUNDED_RAISES
    :: !full(word[host]) && epoch_counter == EPOCHS -> assert(false)
#endif
#ifdef ADOPT_FROM_ZERO
    :: d_step { word[host] == 0 && live != 0 && same_run -> word[host] = live }
#endif
    :: d_step { !full(word[host]) && epoch_counter < EPOCHS ->
            seen = word[host]; epoch_counter++; epoch = epoch_counter };
#ifdef RUN_STORED_BEFORE_PUT
        d_step { connection = server_run; known_run[host] = server_run };
#endif
#ifdef TWO_WORDS
        epoch_word[host] = epoch;
#endif
#ifndef NO_PENDING
        atomic {
            if
            :: word[host] == seen -> word[host] = PENDING + epoch
            :: else -> goto idle
            fi
        };
#endif
        if
        :: atomic {
                connect();
                if
                :: connected -> put(epoch)
                :: else -> goto idle
                fi;
                if
                :: live == epoch -> skip
#ifdef ADOPT_FROM_PENDING
                :: live > epoch && word[host] == PENDING + epoch -> word[host] = live; goto idle
#endif
                :: else -> goto idle            /* another host was quicker: raise again */
                fi
            }
        :: d_step { faults > 0 && late_put[host] == NOTHING -> faults--; late_put[host] = epoch };
            goto idle
        :: d_step { faults > 0 -> faults-- };
            goto idle
        fi;
#if RESTARTS && !defined(RUN_STORED_BEFORE_PUT)
        known_run[host] = connection;
#endif
        d_step {
            if
#ifdef TWO_WORDS
            :: true -> word[host] = 1
#else
#ifdef NO_PENDING
            :: word[host] == 0 -> word[host] = epoch
#else
#ifdef BLIND_STORE
            :: true -> word[host] = epoch
#else
            :: word[host] == PENDING + epoch -> word[host] = epoch
#endif
#endif
#endif
            :: else
            fi;
#if HOSTS > 1
            if
            :: trusts -> floor[other] = newest
            :: else
            fi
#endif
        };
idle:   atomic { seen = 0; epoch = 0; disconnect() }
    od
}

#define expire(e)                                                   \
    :: value[e] != NOTHING -> value[e] = NOTHING                    \
    :: lease[e] != NOTHING -> lease[e] = NOTHING
#define arrive(h)                                                   \
    :: d_step { late_put[h] != NOTHING -> put(late_put[h]); late_put[h] = NOTHING }

/* Eviction, expiry, faults that no process here suffers itself, clearing, restarts. */
proctype Environment() {
    byte e;
end_idle:
    do
    expire(live)
#ifdef NO_LIVE_COMPARE
    expire(1)
#endif
    arrive(0)
    :: d_step { faults > 0 && word[0] != 0 -> faults--; word[0] = 0 }
#if HOSTS > 1
    arrive(1)
    :: d_step { faults > 0 && word[1] != 0 -> faults--; word[1] = 0 }
#endif
    :: d_step { faults > 0 && live != NOTHING -> faults--; forget(live); live = NOTHING }
    :: d_step { clears > 0 && epoch_counter < EPOCHS ->
            clears--; epoch_counter++; put(epoch_counter) }
#if RESTARTS
    :: server_run <= RESTARTS ->
        atomic {
            server_run++;
            for (e : 0 .. HOSTS - 1) { late_put[e] = NOTHING };
            for (e : 1 .. EPOCHS) { value[e] = NOTHING; lease[e] = NOTHING };
            e = EPOCHS;
            do                              /* any epoch that was live, or none */
            :: e == 0 -> break
            :: e > 0 -> e--
            :: were_live & (1 << e) -> break
            od;
            live = e;
            if                              /* under it, any committed version */
            :: live > 0 -> value[live] = newest + 1
            :: live > 0 && newest > 0 -> value[live] = newest
            :: live > 0 && newest > 1 -> value[live] = newest - 1
            :: skip
            fi;
            e = 0
        }
#endif
    od
}

init {
    byte i;
    atomic {
        faults = FAULTS;
        clears = CLEARS;
        if :: word[0] = 0 :: skip fi;       /* the first host may just have started */
        for (i : 0 .. WRITERS - 1) { run Writer(i, i % HOSTS) }
        for (i : 0 .. READERS - 1) { run Reader(i, i % HOSTS) }
        for (i : 0 .. HOSTS - 1) {
            run Prober(i);
#if HOSTS > 1
            run Feed(i)
#endif
        }
        run Environment();
        i = 0
    }
}
