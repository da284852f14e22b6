/*
 * The record protocol: fence before COMMIT, fill under a lease.  One record, a Redis that works.
 *
 * Property: a read returns a committed version, and none older than what PostgreSQL showed when the
 * read started.  (A list reads PostgreSQL straight: a version counts as seen once it is visible.)
 *
 * Each of these switches takes one protective step away:
 *   NO_SETTLED_CHECK  NO_LEASE  NO_WRITER_TOKEN  NO_FENCE  FENCE_AFTER_COMMIT  FENCE_BEFORE_CHANGE
 *   FILL_BEFORE_COMMIT  LOCK_CHECK_AFTER_SNAPSHOT  UNLOCK_BEFORE_VISIBLE  SHARE_READ
 *   DECIDE_BEFORE_CHANGE (shows with CLEARS > 0)
 */
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef WRITES
#define WRITES 1                /* attempts of each writer; readers read for ever */
#endif
#ifndef CLEARS
#define CLEARS 0                /* how often the caches are cleared, that is the epoch raised */
#endif
#define NOTHING 0

/* PostgreSQL. Every version but the newest has xmax set, by its successor. */
byte newest;                    /* the version that a new snapshot sees */
bool xmax;                      /* of the newest version; an aborted change leaves it set */
byte row_owner;                 /* NOTHING, or the writer whose change is in progress */
bool table_lock[WRITERS];       /* RowExclusiveLock: from before the change until after the end */
#define settled(version) (version == newest && !xmax)

/* Redis, and the epoch in the host's memory. Keys carry the epoch. */
byte word;
byte value[CLEARS + 1];         /* NOTHING, or version + 1 */
byte lease[CLEARS + 1];         /* NOTHING, or a token */
#define reader_token (me + 1)
#define writer_token (READERS + me + 1)

#ifdef NO_LEASE
#define holds(token) true
#else
#define holds(token) (lease[epoch] == token)
#endif
#ifdef NO_WRITER_TOKEN
#define writer_holds true
#else
#define writer_holds holds(writer_token)
#endif
#ifdef NO_SETTLED_CHECK
#define row_is_settled true
#else
#define row_is_settled settled(version)
#endif

/* Items and employees leave the writer's token as the lease, to prime the cache; products none. */
inline fence() {
    atomic {
        value[epoch] = NOTHING;
        if
        :: lease[epoch] = writer_token; primes = true
        :: lease[epoch] = NOTHING
        fi
    }
}

inline fill(may, version) {
    d_step {
        if
        :: may -> value[epoch] = version + 1; lease[epoch] = NOTHING
        :: else
        fi
    }
}

/* `goto rolled_back` as an alternative to a step: the worker died or the transaction failed.
   PostgreSQL may take its time to roll back. */
proctype Writer(byte me) {
    byte attempts, epoch, mine;
    bool primes;
    do
    :: attempts == WRITES -> break
    :: attempts < WRITES ->
        d_step { attempts++; table_lock[me] = true };
#if defined(DECIDE_BEFORE_CHANGE) || defined(FENCE_BEFORE_CHANGE)
        epoch = word;
#endif
#ifdef FENCE_BEFORE_CHANGE
        fence();
#endif
        if
        :: d_step { row_owner == NOTHING -> row_owner = me + 1; xmax = true }
        :: goto rolled_back
        fi;
#if !defined(DECIDE_BEFORE_CHANGE) && !defined(FENCE_BEFORE_CHANGE)
        if :: epoch = word :: goto rolled_back fi;
#endif
#if !defined(FENCE_AFTER_COMMIT) && !defined(FENCE_BEFORE_CHANGE) && !defined(NO_FENCE)
        if :: fence() :: goto rolled_back fi;
#endif
#ifdef FILL_BEFORE_COMMIT
        if :: fill(primes, newest + 1); primes = false :: goto rolled_back fi;
#endif
#ifdef UNLOCK_BEFORE_VISIBLE
        table_lock[me] = false;
#endif
        if
        :: d_step { newest++; mine = newest; xmax = false }     /* visible; COMMIT was sent */
        :: goto rolled_back
        fi;
        d_step { row_owner = NOTHING; table_lock[me] = false };
#ifdef FENCE_AFTER_COMMIT
        if :: fence() :: skip fi;
#endif
        if
        :: fill(primes && writer_holds, mine)
        :: primes -> skip                                       /* died first */
        fi;
        goto over;
rolled_back:
        atomic {
            if
            :: row_owner == me + 1 -> row_owner = NOTHING
            :: else
            fi;
            table_lock[me] = false
        };
over:   atomic { primes = false; epoch = 0; mine = 0 }
    od
}

#ifdef SHARE_READ
byte under_way[READERS];        /* NOTHING, or version + 1 that a read under way has selected */
#define share(what) under_way[me] = what
#else
#define share(what) skip
#endif

/* The reader may start over at any step, without fill or release: the worker died or gave up. */
proctype Reader(byte me) {
    byte floor, epoch, version, i;
    bool leased;
    do
    :: floor = newest;
        epoch = word;
#ifdef SHARE_READ
        if
        :: d_step { under_way[1 - me] != NOTHING ->
                assert(under_way[1 - me] - 1 >= floor); floor = 0 };
            goto answered
        :: skip
        fi;
#endif
        d_step {
            if
            :: value[epoch] != NOTHING ->
                assert(value[epoch] - 1 >= floor);
                assert(value[epoch] - 1 <= newest)
            :: value[epoch] == NOTHING && lease[epoch] == NOTHING ->
                lease[epoch] = reader_token; leased = true
            :: else                         /* no lease to be had: the row is read and not filled */
            fi;
            floor = 0
        };
        if
        :: leased -> leased = false
        :: else -> goto answered
        fi;

        d_step { version = newest; share(version + 1) };        /* the snapshot of SELECT */
        if
        :: row_is_settled -> skip           /* xmax as it is when the tuple is read, later */
        :: goto answered
        :: !row_is_settled ->
#ifndef LOCK_CHECK_AFTER_SNAPSHOT
            d_step { version = 0; share(NOTHING) };
#endif
            do                              /* pg_locks looks at one backend after the other */
            :: i < WRITERS && !table_lock[i] -> i++
            :: i < WRITERS && table_lock[i] -> goto release
            :: i == WRITERS -> break
            od;
#ifdef LOCK_CHECK_AFTER_SNAPSHOT
            i = 0
#else
            atomic { i = 0; version = newest; share(version + 1) }      /* the second SELECT */
#endif
        fi;
        if
        :: fill(holds(reader_token), version)
        :: skip
        fi;
        goto answered;
release:
        atomic {
            if
            :: lease[epoch] == reader_token -> lease[epoch] = NOTHING
            :: else
            fi
        };
answered:
        atomic { version = 0; epoch = 0; i = 0; share(NOTHING) }
    od
}

/* Eviction, expiry and clearing, at any time. */
proctype Environment() {
    byte i;
    do
    :: value[0] != NOTHING -> value[0] = NOTHING
    :: lease[0] != NOTHING -> lease[0] = NOTHING
#if CLEARS > 0
    :: value[1] != NOTHING -> value[1] = NOTHING
    :: lease[1] != NOTHING -> lease[1] = NOTHING
    :: word < CLEARS -> word++
#endif
    od
}

init {
    byte i;
    atomic {
        for (i : 0 .. WRITERS - 1) { run Writer(i) }
        for (i : 0 .. READERS - 1) { run Reader(i) }
        run Environment();
        i = 0
    }
}
