/*
 * An import: it changes a row that is there (row 0) and adds one that is not (row 1, whose former life
 * another writer may end meanwhile; else it is changed too).  Both are in one transaction, or
 * (BATCHES=2) in one each, and the worker may die at any step.  What is changed is fenced; what is
 * added has no entries.  All lists of the collection are locked by one lock and renewed, once for each
 * transaction.  The other writer changes row 0, or removes row 1, as in records.pml and tags.pml.
 *
 * Properties: a record is shown in a version no older than what PostgreSQL showed when the read
 * started, and none that is not committed; so is each row of a list.  Of rows in one transaction, a
 * list shows all or none.
 *   CLAIMS: the entries are those of a unique value of row 0, which each change gives a new one.
 *   HOSTS=2: the import runs on another host.  Records are as before, unless it could not fence them;
 *   these, and lists, count from when the feed of this host has handled the transaction.
 *
 * The fence may fail, or there are too many rows for one: then trust in Redis ends on the import's
 * host.  How it comes back is in outage.pml.
 *
 * Each of these switches takes one protective step away:
 *   NO_FENCE  FENCE_AFTER_COMMIT  FENCE_BEFORE_CHANGE  TRUST_AFTER_COMMIT  NO_VERSION_CHECK (CLAIMS)
 *   NO_LOCK  NO_SWAP  SWAP_AT_BEGIN  SWAP_BEFORE_LOCK  SWAP_AFTER_COMMIT  SWAP_OF_COLLECTION
 *   SWAP_ONCE  COMMIT_EACH  (HOSTS=2:) FEED_NO_RENEWAL  FEED_SKIPS_CHANGES
 */
#ifndef READERS
#define READERS 1
#endif
#ifndef LISTERS
#define LISTERS 0               /* readers read for ever */
#endif
#ifndef HOSTS
#define HOSTS 1
#endif
#ifdef COMMIT_EACH
#define BATCHES 2
#endif
#ifndef BATCHES
#define BATCHES 1
#endif
#ifndef LIST
#define LIST 1                  /* 0: of a tag, whose link its first reader makes; 1: the collection's */
#endif
#define ROWS 2
#define importer 0
#define writer 1
#define NOTHING 0
#define NONE 0
#define bit(row) (1 << (row))
#define GENERATIONS 6

/* PostgreSQL: the committed versions, and the locks. */
byte version[ROWS];
byte absent;                    /* bit v: in version v, row 1 is not there */
bool xmax[ROWS];                /* of the newest version; an aborted change leaves it set */
byte row_owner[ROWS];           /* NOTHING, or who + 1 */
bool table_lock[2], list_lock[2];
byte imported[ROWS];            /* the version that the import has made; 0: none yet */
#define is_absent(row, v) ((row) == 1 && ((absent >> (v)) & 1))

/* Redis. The key is the row; with CLAIMS the unique value, which is the number of the version. */
#define KEYS 4
byte value[KEYS];               /* NOTHING, or version + 1 */
byte lease[KEYS];               /* NOTHING, or a token */
bool distrusted;                /* on the import's host */

/* nginx: the link of the list that is read, on the host of the readers. */
byte link, generations;
byte cache[GENERATIONS];        /* 0, or cached(list) */
#define cached(list) (128 | (list))
#define list_now (version[0] | (version[1] << 3))
#define version_in(list, row) (((list) >> (3 * (row))) & 7)

#if HOSTS == 2
bool logged, handled;           /* COMMIT is in the log before it is visible */
byte unfenced;                  /* rows whose fence has failed */
#define list_floor (handled -> list_now : 0)
#define floor_of(row) ((unfenced & bit(row)) && !handled -> 0 : version[row])
#define trusts_redis true
#else
#define list_floor list_now
#define floor_of(row) version[row]
#define trusts_redis (!distrusted)
#endif

inline forget(key) { value[key] = NOTHING; lease[key] = NOTHING }

inline fence(row, before, after) {
#ifdef CLAIMS
    d_step {
        if
        :: row == 0 -> forget(before); forget(after)
        :: else
        fi
    }
#else
    d_step { forget(row) }
#endif
}

inline swap() {
#if LIST == 0
    link = NONE
#else
    d_step { generations++; mine = generations };
    d_step { link = mine; mine = 0 }
#endif
}

/* On another host only its feed swaps. */
inline swap_of_worker() {
#if HOSTS == 1
    swap()
#else
    skip
#endif
}

/* Looks for the row; changes it in the version that it has found, or else looks again; or adds it. */
inline take_row(row) {
    do
    :: seen[row] = version[row];
        if
        :: is_absent(row, seen[row]) -> added = added | bit(row); break
        :: else
        fi;
#ifdef FENCE_BEFORE_CHANGE
        fence(row, seen[row], seen[row] + 1);
#endif
        if
#ifdef NO_VERSION_CHECK
        :: d_step { row_owner[row] == NOTHING ->
#else
        :: d_step { row_owner[row] == NOTHING && version[row] == seen[row] ->
#endif
                row_owner[row] = importer + 1; xmax[row] = true; changed = changed | bit(row) };
            break
        :: row_owner[row] == NOTHING && version[row] != seen[row]
        :: goto over
        fi
    od
}

/* The version before is what the look has found. */
inline fence_changed() {
    if
    :: changed & bit(0) -> fence(0, seen[0], version[0] + 1)
    :: else
    fi;
    if
    :: changed & bit(1) -> fence(1, seen[1], version[1] + 1)
    :: else
    fi
}

inline make_visible(row) {
    if
    :: (changed | added) & bit(row) ->
        version[row]++; xmax[row] = false; imported[row] = version[row]
    :: else
    fi
}

inline end_transaction() {
    atomic {
        if :: row_owner[0] == importer + 1 -> row_owner[0] = NOTHING :: else fi;
        if :: row_owner[1] == importer + 1 -> row_owner[1] = NOTHING :: else fi;
        table_lock[importer] = false; list_lock[importer] = false;
        seen[0] = 0; seen[1] = 0
    }
}

/* `goto over` as an alternative to a step: the worker died, or the import cannot go on. */
proctype Importer() {
    byte batch, seen[ROWS], changed, added, mine;
    bool is_fenced;
    do
    :: batch == BATCHES -> break
    :: batch < BATCHES ->
#ifdef SWAP_AT_BEGIN
        swap_of_worker();
#endif
        table_lock[importer] = true;
        if :: BATCHES == 1 || batch == 0 -> take_row(0) :: else fi;
        if :: BATCHES == 1 || batch == 1 -> take_row(1) :: else fi;
#ifndef NO_FENCE
#if !defined(FENCE_AFTER_COMMIT) && !defined(FENCE_BEFORE_CHANGE)
        if
        :: fence_changed(); is_fenced = true
#ifdef TRUST_AFTER_COMMIT
        :: skip
#else
        :: changed != 0 -> distrusted = true
#endif
        :: goto over
        fi;
#else
        is_fenced = true;
#endif
#else
        is_fenced = true;
#endif
#ifdef SWAP_BEFORE_LOCK
        swap_of_worker();
#endif
#ifndef NO_LOCK
        if :: list_lock[importer] = true :: goto over fi;
#endif
#if !defined(NO_SWAP) && !defined(SWAP_AT_BEGIN) && !defined(SWAP_BEFORE_LOCK) && !defined(SWAP_AFTER_COMMIT)
#if defined(SWAP_OF_COLLECTION) && LIST == 0
        skip;
#else
        if
#ifdef SWAP_ONCE
        :: batch > 0 -> skip
        :: batch == 0 -> swap_of_worker()
#else
        :: swap_of_worker()
#endif
        :: goto over
        fi;
#endif
#endif
#if HOSTS == 2
        if
        :: d_step { logged = true; unfenced = (is_fenced -> 0 : changed) }
        :: goto over
        fi;
        d_step { make_visible(0); make_visible(1) };
#else
        if                                      /* visible; COMMIT was sent */
        :: d_step { make_visible(0); make_visible(1) }
        :: goto over
        fi;
#endif
#ifdef FENCE_AFTER_COMMIT
        fence_changed();
#endif
#ifdef TRUST_AFTER_COMMIT
        if :: !is_fenced -> distrusted = true :: else fi;
#endif
        end_transaction();
#ifdef SWAP_AFTER_COMMIT
        swap_of_worker();
#endif
        d_step { batch++; changed = 0; added = 0; is_fenced = false }
    od;
over:
    end_transaction();
    d_step { batch = 0; changed = 0; added = 0; mine = 0; is_fenced = false }
}

#if HOSTS == 1
/* A write of one row, as it is when its lock is taken. */
proctype Writer() {
    byte row, mine;
    if :: row = 0 :: row = 1 fi;
    table_lock[writer] = true;
    if
    :: d_step { row_owner[row] == NOTHING && !is_absent(row, version[row]) ->
            row_owner[row] = writer + 1; xmax[row] = true }
    :: goto over
    fi;
    if                                          /* in the statement of the change, or behind it */
    :: list_lock[writer] = true
    :: goto over
    fi;
    if
    :: fence(row, version[row], version[row] + 1)
    :: distrusted = true
    :: goto over
    fi;
    if :: swap() :: goto over fi;
    if
    :: d_step {
            version[row]++; xmax[row] = false;
            if :: row == 1 -> absent = absent | (1 << version[row]) :: else fi
        }
    :: goto over
    fi;
over:
    atomic {
        if :: row_owner[row] == writer + 1 -> row_owner[row] = NOTHING :: else fi;
        table_lock[writer] = false; list_lock[writer] = false; row = 0; mine = 0
    }
}
#else
/* Of this host. The mark at the beginning says that lists are renewed, and that added rows need no
   fence; the one at the end whether the changed rows are fenced. The lock of the import's lists, which
   is in PostgreSQL, is there until it is visible. */
proctype Feed() {
    byte mine;
    logged;
#ifndef FEED_NO_RENEWAL
    swap();
#endif
#ifndef FEED_SKIPS_CHANGES
    if
    :: unfenced & bit(0) -> fence(0, 0, 1)
    :: else
    fi;
    if
    :: unfenced & bit(1) -> fence(1, 0, 1)
    :: else
    fi;
#endif
    handled = true
}
#endif

/* No other transaction holds a lock, looked for one after the other. */
inline look_for(is_held) {
    do
    :: i < 2 && !is_held -> i++
    :: i < 2 && is_held -> break
    :: i == 2 -> break
    od
}

inline choose_key() {
#ifdef CLAIMS
    row = 0;
    if :: key = 0 :: key = 1 :: key = 2 fi
#else
    if :: row = 0 :: row = 1 fi;
    key = row
#endif
}

#ifdef CLAIMS
#define is_found (seen == key)
#else
#define is_found (!is_absent(row, seen))
#endif
#define is_settled (seen == version[row] && !xmax[row])

/* The reader may start over at any step, without fill or release: the worker died or gave up. */
proctype Reader(byte me) {
    byte row, key, least, seen, i;
    bool leased;
    do
    :: choose_key();
        d_step { least = floor_of(row) };
        if :: trusts_redis -> skip :: else -> goto answered fi;
        d_step {
            if
            :: value[key] != NOTHING ->
                assert(value[key] - 1 >= least);
                assert(value[key] - 1 <= version[row])
            :: value[key] == NOTHING && lease[key] == NOTHING -> lease[key] = me + 1; leased = true
            :: else
            fi;
            least = 0
        };
        if :: leased -> leased = false :: else -> goto answered fi;
        seen = version[row];                    /* the snapshot of SELECT */
        if
        :: is_settled -> skip                   /* xmax as it is when the tuple is read, later */
        :: goto answered
        :: !is_settled ->
            look_for(table_lock[i]);
            if :: i == 2 -> i = 0 :: else -> goto release fi;
            seen = version[row]                 /* the second SELECT */
        fi;
        if :: is_found -> skip :: else -> goto release fi;
        d_step {
            if
            :: lease[key] == me + 1 -> lease[key] = NOTHING; value[key] = seen + 1
            :: else
            fi
        };
        goto answered;
release:
        atomic {
            if
            :: lease[key] == me + 1 -> lease[key] = NOTHING
            :: else
            fi
        };
answered:
        atomic { row = 0; key = 0; least = 0; seen = 0; i = 0 }
    od
}

#define has_import(row) (imported[row] != 0 && version_in(list, row) >= imported[row])

inline check_list() {
    assert(version_in(list, 0) >= version_in(least, 0) && version_in(list, 0) <= version[0]);
    assert(version_in(list, 1) >= version_in(least, 1) && version_in(list, 1) <= version[1])
}

proctype Lister() {
    byte least, key, list, i;
    do
    :: least = list_floor;
#if LIST == 0
        d_step { if :: link == NONE -> generations++; link = generations :: else fi; key = link };
#else
        key = link;
#endif
        d_step {
            if
            :: cache[key] != 0 -> list = cache[key] & ~128; check_list(); i = 2
            :: else
            fi;
            least = 0; list = 0
        };
        if :: i == 2 -> goto answered :: else fi;
        look_for(list_lock[i]);
        if :: i == 2 -> i = 0 :: else -> goto answered fi;
        d_step {
            list = list_now;
#if BATCHES == 1 || defined(COMMIT_EACH)
            assert(has_import(0) == has_import(1))
#endif
        };
        if
        :: cache[key] = cached(list)
        :: skip
        fi;
answered:
        atomic { least = 0; key = 0; list = 0; i = 0 }
    od
}

init {
    byte i;
    atomic {
#if LIST == 1
        link = 1; generations = 1;
#endif
        run Importer();
#if HOSTS == 1
        run Writer();
#else
        absent = 1;                             /* row 1 is not there */
        run Feed();
#endif
#if READERS > 0
        for (i : 0 .. READERS - 1) { run Reader(i) }
#endif
#if LISTERS > 0
        for (i : 1 .. LISTERS) { run Lister() }
#endif
        i = 0
    }
}
