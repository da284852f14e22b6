/*
 * The list protocol: a generation in nginx's cache key, swapped before COMMIT.  One list, to which
 * each write adds its own bit; the writers change different rows, so no row lock orders them.
 *
 * Property: a list holds nothing but committed writes, and every write that PostgreSQL showed when
 * the request started.
 *
 * Each of these switches takes one protective step away:
 *   NO_LOCK_CHECK  LOCK_CHECK_AFTER_SNAPSHOT  NO_SWAP  SWAP_AFTER_COMMIT  SWAP_BEFORE_CHANGE
 *   KEY_AT_STORE  DELETE_INSTEAD_OF_GENERATION  UNLOCK_BEFORE_VISIBLE
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
#define GENERATIONS (WRITERS * WRITES + 1)
#define UNCACHED 0

/* PostgreSQL */
byte visible;                   /* the bits of the writes that a new snapshot sees */
bool table_lock[WRITERS];       /* RowExclusiveLock: from before the change until after the end */
#define has_all(list, bits) ((bits & ~(list)) == 0)

/* nginx: the link, and the cache by generation. A generation is never used again. */
byte link_target, generations;
byte cache[GENERATIONS];        /* UNCACHED, or cached(bits) */
#define cached(bits) (128 | (bits))

/* The token is made first, the link renamed later: two writers may rename in either order. */
inline swap() {
#ifdef DELETE_INSTEAD_OF_GENERATION
    cache[link_target] = UNCACHED
#else
    d_step { generations++; mine = generations };
    if
    :: d_step { link_target = mine; mine = 0 }
    :: goto over
    fi
#endif
}

/* `goto over` as an alternative to a step: the worker died or the transaction failed. */
proctype Writer(byte me) {
    byte attempts, mine;
    do
    :: attempts == WRITES -> break
    :: attempts < WRITES ->
        attempts++;
#ifdef SWAP_BEFORE_CHANGE
        swap();
#endif
        table_lock[me] = true;                  /* by the statement that changes the row */
#if !defined(NO_SWAP) && !defined(SWAP_AFTER_COMMIT) && !defined(SWAP_BEFORE_CHANGE)
        if :: swap() :: goto over fi;
#endif
#ifdef UNLOCK_BEFORE_VISIBLE
        table_lock[me] = false;
#endif
        if
        :: visible = visible | (1 << (me * WRITES + attempts - 1))      /* COMMIT was sent */
        :: goto over
        fi;
#ifdef SWAP_AFTER_COMMIT
        table_lock[me] = false;
        if :: swap() :: goto over fi;
#endif
over:   atomic { table_lock[me] = false; mine = 0 }
    od
}

inline snapshot() { list = visible }

/* The cache may be written at any time after the answer, or never. */
proctype Reader(byte me) {
    byte floor, key, list, i;
    do
    :: floor = visible;
        key = link_target;
        d_step {
            if
            :: cache[key] != UNCACHED ->
                list = cache[key] & ~128;
                assert(has_all(list, floor));
                assert(has_all(visible, list));
                key = 0
            :: else -> i = 1
            fi;
            floor = 0; list = 0
        };
        if
        :: i == 0 -> goto answered
        :: else -> i = 0
        fi;
#ifdef LOCK_CHECK_AFTER_SNAPSHOT
        snapshot();
#endif
#ifndef NO_LOCK_CHECK
        do                                      /* pg_locks looks at one backend after the other */
        :: i < WRITERS && !table_lock[i] -> i++
        :: i < WRITERS && table_lock[i] -> goto answered
        :: i == WRITERS -> break
        od;
#endif
#ifndef LOCK_CHECK_AFTER_SNAPSHOT
        snapshot();
#endif
        if
#ifdef KEY_AT_STORE
        :: cache[link_target] = cached(list)
#else
        :: cache[key] = cached(list)
#endif
        :: skip
        fi;
answered:
        atomic { key = 0; list = 0; i = 0 }
    od
}

#define evict(generation) :: cache[generation] != UNCACHED -> cache[generation] = UNCACHED

/* nginx may drop what it likes. */
proctype Environment() {
    do
    evict(0)
    evict(1)
#if GENERATIONS > 2
    evict(2)
#endif
#if GENERATIONS > 3
    evict(3)
#endif
#if GENERATIONS > 4
    evict(4)
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
