/*
 * Verdicts on a token that are never stale: workers keep the table of tokens under a generation of
 * access, and make a link for nginx in the directory of that generation.  A token is valid at first,
 * and is then revoked.  All that a verdict rests on is one bit here; whose roles were changed has a
 * token with another verdict, too.
 *
 * Property: no request is granted that began when PostgreSQL showed the revocation.  FOREIGN: that the
 * feed had handled a revocation with psql.  KEYS, RIGHTS: that the command had returned.
 *
 * Variants:
 *   FOREIGN  psql revokes, with no lock and no swap, and the feed swaps
 *   KEYS     what is read is a file that the operator has replaced, and then a command swaps
 *   RIGHTS   former workers have a description that grants the right, and the new ones do not; the
 *            command ends the former ones, and then swaps
 *
 * Each of these switches takes one protective step away:
 *   NO_LOCK_CHECK  LOCK_CHECK_AFTER_READING  LINK_AFTER_LOCK_CHECK  LINK_AFTER_READING
 *   NO_LOCK  NO_SWAP  SWAP_BEFORE_LOCK  SWAP_AFTER_COMMIT  UNLOCK_BEFORE_VISIBLE  REUSE_GENERATION
 *   LINK_UNREAD  LINK_BEFORE_REQUEST  LINK_IN_PRESENT  (FOREIGN:) FEED_BEFORE_VISIBLE
 *   (KEYS:) SWAP_BEFORE_FILE  (RIGHTS:) SWAP_BEFORE_END
 */
#ifndef REVOKERS
#define REVOKERS 1              /* the first revokes the token, the others another one */
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#define NONE 0
#define GENERATIONS (2 + REVOKERS)

bool revoked;                   /* as a snapshot, or who reads the file, sees it */
bool handled;                   /* by the feed */
bool acknowledged;              /* the command has returned */
bool logged, foreign_lock;
byte lock;                      /* pg_advisory_xact_lock_shared: how many hold it */
byte link = 1;                  /* where RUN_DIR/access leads to */
byte generations = 1;           /* names that were given */
bool made[GENERATIONS];         /* nginx's link of the token, by generation */
byte former;                    /* workers of the former description */

#if defined(FOREIGN)
#define floor_now handled
#elif defined(KEYS) || defined(RIGHTS)
#define floor_now acknowledged
#else
#define floor_now revoked
#endif

/* The directory and its name first, the rename of the link later. */
inline swap() {
#ifdef REUSE_GENERATION
    d_step { generations = 3 - generations; mine = generations };
#else
    d_step { generations++; mine = generations };
#endif
    d_step { link = mine; mine = 0 }
}

inline unlock() {
    atomic { if :: is_held -> lock--; is_held = false :: else fi }
}

proctype Revoker(byte me) {
    byte mine;
    bool is_held;
#ifdef SWAP_BEFORE_LOCK
    swap();
#endif
    /* The change is not visible yet.  `goto ended` as an alternative to a step: the command died, and
       its transaction is rolled back. */
#ifndef NO_LOCK
    if :: d_step { lock++; is_held = true } :: goto ended fi;
#endif
#if !defined(NO_SWAP) && !defined(SWAP_BEFORE_LOCK) && !defined(SWAP_AFTER_COMMIT)
    if :: swap() :: goto ended fi;
#endif
#ifdef UNLOCK_BEFORE_VISIBLE
    unlock();
#endif
    if :: revoked = revoked || me == 0 :: goto ended fi;
#ifdef SWAP_AFTER_COMMIT
    unlock();
    swap();
#endif
ended:
    unlock()
}

#ifdef FOREIGN
proctype Foreign() {
    d_step { logged = true; foreign_lock = true };
    revoked = true;
    foreign_lock = false
}

proctype Feed() {
    byte mine;
    logged;
#ifndef FEED_BEFORE_VISIBLE
    !foreign_lock;
#endif
    swap();
    handled = true
}
#endif

#ifdef KEYS
proctype Command() {
    byte mine;
#ifdef SWAP_BEFORE_FILE
    swap();
    revoked = true;
#else
    revoked = true;
    swap();
#endif
    acknowledged = true
}
#endif

#ifdef RIGHTS
proctype Command() {
    byte mine;
#ifdef SWAP_BEFORE_END
    swap();
    former == 0;
#else
    former == 0;
    swap();
#endif
    acknowledged = true
}
#endif

#define keep_if_free() if :: lock == 0 -> may_keep = true :: else fi

/* A store thread reads for a request that has come. */
inline read_tokens() {
    d_step { may_keep = false; valid = false };
#if !defined(LINK_AFTER_LOCK_CHECK) && !defined(LINK_AFTER_READING)
    g = link;
#endif
#if defined(NO_LOCK_CHECK) || defined(KEYS) || defined(RIGHTS)
    may_keep = true;
#elif !defined(LOCK_CHECK_AFTER_READING)
    keep_if_free();
#endif
#ifdef LINK_AFTER_LOCK_CHECK
    g = link;
#endif
#ifdef RIGHTS
    valid = is_former;
#else
    valid = !revoked;
#endif
#ifdef LOCK_CHECK_AFTER_READING
    keep_if_free();
#endif
#ifdef LINK_AFTER_READING
    g = link;
#endif
    if :: may_keep -> d_step { kept = g; kept_valid = valid } :: else fi
}

/* One request after the other.  It may be killed at any moment, and then forgets what it keeps. */
proctype Worker(bool is_former) {
    byte g, kept;
    bool least, valid, kept_valid, may_keep;
    do
    :: true ->
#ifdef LINK_BEFORE_REQUEST
        g = link;
        least = floor_now;
#else
        least = floor_now;
        g = link;
#endif
#ifdef LINK_UNREAD
        if :: kept != NONE -> g = kept :: else fi;
#endif
        if
        :: kept == g -> d_step { valid = kept_valid; may_keep = true }
        :: else -> read_tokens()
        fi;
        if :: valid -> assert(!least) :: else fi;
#ifdef LINK_IN_PRESENT
        g = link;
#endif
        if
        :: valid && may_keep -> made[g] = true
        :: skip
        fi;
        d_step { g = 0; least = false; valid = false; may_keep = false }
    :: kept != NONE -> d_step { kept = NONE; kept_valid = false }
    :: is_former -> break
    od;
    former--
}

/* Looks into one directory after the other. */
proctype Nginx() {
    byte g;
    bool least;
    do
    :: true ->
        least = floor_now;
        g = link;
        if :: made[g] -> assert(!least) :: else fi;
        d_step { g = 0; least = false }
    od
}

init {
    byte n;
    atomic {
#ifdef RIGHTS
        former = 1;
        run Worker(true);
        for (n : 2 .. WORKERS) { run Worker(false) }
#else
        for (n : 1 .. WORKERS) { run Worker(false) }
#endif
        run Nginx();
#if defined(KEYS) || defined(RIGHTS)
        run Command();
#elif defined(FOREIGN)
        run Foreign();
        run Feed();
#else
        for (n : 0 .. REVOKERS - 1) { run Revoker(n) }
#endif
        n = 0
    }
}
