/*
 * Lists that stay warm: each list hangs on a tag, and a write makes only the lists cold whose tags
 * its row has, before or after.  Tags 0 and 1 are conditions (of a named list, or a field's value);
 * a row always fulfils one of them, and writes move it or leave it where it is.  Tag 2 is the
 * collection's own, which every write has.  The generation link of a tag is made by the first
 * reader; that of the collection is always there.
 *
 * A list is what one snapshot shows of the rows, so the cache keeps snapshots: the version of each
 * row.
 *
 * Property: a list shows each row, or its absence, in a version that is committed and no older than
 * the one that PostgreSQL showed when the request started.  FOREIGN: a version that was written past
 * the workers counts from when the feed has handled it, and so do those on top of it.
 *
 * Each of these switches takes one protective step away:
 *   NO_LOCK_CHECK  LOCK_CHECK_AFTER_SNAPSHOT  LINK_AFTER_LOCK_CHECK  LINK_AFTER_SNAPSHOT
 *   NO_SWAP  SWAP_BEFORE_LOCK  SWAP_AFTER_COMMIT  NO_OLD_TAGS  OLD_ROW_UNLOCKED
 *   UNLOCK_BEFORE_VISIBLE  REUSE_GENERATION  NO_ALL_CHECK  (FOREIGN:) FEED_BEFORE_VISIBLE
 *   FEED_NO_OLD_TAGS
 */
#ifndef ROWS
#define ROWS 1
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READERS
#define READERS 2
#endif
#ifndef WRITES
#define WRITES 1                /* attempts of each writer; readers read for ever */
#endif
#ifndef REMOVALS
#define REMOVALS 0              /* of links, where there are too many */
#endif
#ifdef FOREIGN
#define FOREIGN_WRITES 1
#else
#define FOREIGN_WRITES 0
#endif
#define TAGS 3
#define collection 2
#define tag_bit(tag) (1 << (tag))
#define GENERATIONS (2 + WRITERS * WRITES + REMOVALS + FOREIGN_WRITES)
#define NONE 0

/* PostgreSQL: of each row the committed version, and the condition that each version fulfils. */
byte version[ROWS];
byte fulfilled[ROWS];           /* bit v: version v fulfils condition 1, else 0 */
bool row_lock[ROWS];
byte tag_lock[TAGS];            /* pg_advisory_xact_lock_shared: how many hold it */
#ifdef ALL
byte all_lock;                  /* of all tags of the collection: by a write with too many of them */
#endif
#define condition(row, v) ((fulfilled[row] >> (v)) & 1)

/* nginx: the links (NONE: there is none), and the cache by tag and generation. */
byte link[TAGS];
byte generations[TAGS];
byte cache[TAGS * GENERATIONS]; /* 0, or cached(snapshot) */
#define at(tag, generation) ((tag) * GENERATIONS + (generation))
#define cached(snapshot) (128 | (snapshot))

/* A snapshot: three bits for the version of each row. */
#if ROWS > 1
#define snapshot_now (version[0] | (version[1] << 3))
#else
#define snapshot_now version[0]
#endif
#define version_in(snapshot, row) (((snapshot) >> (3 * (row))) & 7)

#ifdef FOREIGN
byte foreign_row, foreign_version, foreign_tags;
bool logged, foreign_lock, handled;
#define is_unhandled(row) (foreign_version != 0 && !handled && foreign_row == (row))
#define counted(row) (is_unhandled(row) -> foreign_version - 1 : version[row])
#else
#define counted(row) version[row]
#endif
#if ROWS > 1
#define floor_now (counted(0) | (counted(1) << 3))
#else
#define floor_now counted(0)
#endif

/* The links of conditions are removed, and the next reader makes a new one; that of the collection is
   replaced: the token is made first, the link renamed later. A link that is not there stays away. */
inline swap_tag(tag) {
    if
    :: link[tag] == NONE -> skip
    :: d_step { link[tag] != NONE && tag != collection -> link[tag] = NONE }
    :: link[tag] != NONE && tag == collection ->
        d_step { generations[tag]++; mine = generations[tag] };
        d_step { link[tag] = mine; mine = 0 }
    fi
}

#define next_tag(from) \
    ((tags >> (from)) & 1 -> (from) : ((tags >> ((from) + 1)) & 1 -> (from) + 1 : \
    ((tags >> ((from) + 2)) & 1 -> (from) + 2 : TAGS)))

inline swap_all_tags() {
    i = next_tag(0);
    do
    :: i < TAGS -> swap_tag(i); i = next_tag(i + 1)
    :: i == TAGS -> i = 0; break
    od
}

/* In one step: to see one of these locks earlier only means that an answer is not kept, as any answer may
   be. */
inline lock() {
    d_step {
#ifdef ALL
        if
        :: me == 0 -> all_lock++; holds_all = true; tags = 7
        :: else ->
#endif
            held = tags;
            if :: held & tag_bit(0) -> tag_lock[0]++ :: else fi;
            if :: held & tag_bit(1) -> tag_lock[1]++ :: else fi;
            if :: held & tag_bit(2) -> tag_lock[2]++ :: else fi
#ifdef ALL
        fi
#endif
    }
}

inline unlock() {
    d_step {
        if :: held & tag_bit(0) -> tag_lock[0]-- :: else fi;
        if :: held & tag_bit(1) -> tag_lock[1]-- :: else fi;
        if :: held & tag_bit(2) -> tag_lock[2]-- :: else fi;
#ifdef ALL
        if :: holds_all -> all_lock--; holds_all = false :: else fi;
#endif
        held = 0
    }
}

inline choose_row() {
    if
    :: row = 0
#if ROWS > 1
    :: row = 1
#endif
    fi
}

inline learn_old_tags() { tags = tag_bit(collection) | tag_bit(condition(row, version[row])) }

/* `goto over` as an alternative to a step: the worker died or the transaction failed. */
proctype Writer(byte me) {
    byte attempts, mine, row, tags, held, i;
    bit new;
    bool has_row;
#ifdef ALL
    bool holds_all;
#endif
    do
    :: attempts == WRITES -> break
    :: attempts < WRITES ->
        attempts++;
        choose_row();
#ifdef OLD_ROW_UNLOCKED
        learn_old_tags();
#endif
        atomic {                                /* UPDATE … FROM (SELECT … FOR UPDATE) */
            !row_lock[row] -> row_lock[row] = true; has_row = true;
#ifndef OLD_ROW_UNLOCKED
            learn_old_tags();
#endif
#ifdef NO_OLD_TAGS
            tags = tag_bit(collection);
#endif
            if :: new = 0 :: new = 1 fi;
            tags = tags | tag_bit(new)
        };
#ifdef SWAP_BEFORE_LOCK
        swap_all_tags();
#endif
        if :: lock() :: goto over fi;
#if !defined(NO_SWAP) && !defined(SWAP_AFTER_COMMIT) && !defined(SWAP_BEFORE_LOCK)
        if :: swap_all_tags() :: goto over fi;
#endif
#ifdef UNLOCK_BEFORE_VISIBLE
        unlock();
#endif
        if                                      /* visible; COMMIT was sent */
        :: d_step {
                fulfilled[row] = fulfilled[row] | (new << (version[row] + 1));
                version[row]++
            }
        :: goto over
        fi;
#ifdef SWAP_AFTER_COMMIT
        d_step { unlock(); row_lock[row] = false; has_row = false };
        swap_all_tags();
#endif
over:   d_step {
            unlock();
            if :: has_row -> row_lock[row] = false :: else fi;
            has_row = false; mine = 0; row = 0; tags = 0; i = 0; new = 0
        }
    od
}

#ifdef FOREIGN
/* COMMIT is in the log before it is visible, and a session that waits for a standby stays there. */
proctype Foreign() {
    byte row;
    bit new;
    choose_row();
    atomic {
        !row_lock[row] -> row_lock[row] = true; foreign_lock = true;
        foreign_tags = tag_bit(collection) | tag_bit(condition(row, version[row]));
        if :: new = 0 :: new = 1 fi;
#ifdef FEED_NO_OLD_TAGS
        foreign_tags = tag_bit(collection);
#endif
        foreign_tags = foreign_tags | tag_bit(new)
    };
    if
    :: logged = true
    :: goto over
    fi;
    atomic {
        fulfilled[row] = fulfilled[row] | (new << (version[row] + 1));
        version[row]++;
        foreign_row = row; foreign_version = version[row]
    };
over:
    atomic { row_lock[row] = false; foreign_lock = false; row = 0; new = 0 }
}

proctype Feed() {
    byte i, mine, tags;
    logged;
#ifndef FEED_BEFORE_VISIBLE
    !foreign_lock;                              /* the lock of its transaction: freed when visible */
#endif
    tags = foreign_tags;
    swap_all_tags();
    foreign_version != 0 -> d_step { handled = true; i = 0; tags = 0 }
}
#endif

/* Whether the row is as the snapshot shows it in a version from `least` on. */
inline check_row(row) {
    v = version_in(list, row);
    assert(v <= version[row]);
    ok = v >= version_in(least, row);
    if
    :: !ok && tag != collection && condition(row, v) != tag ->
        v = version_in(least, row);
        do
        :: v > version[row] -> break
        :: v <= version[row] && condition(row, v) != tag -> ok = true; break
        :: v <= version[row] && condition(row, v) == tag -> v++
        od
    :: else
    fi;
    assert(ok)
}

/* LIST: only one of them is read, which loses nothing, for readers of different lists share nothing. */
inline choose_tag() {
#ifdef LIST
    tag = LIST
#else
    if :: tag = 0 :: tag = 1 :: tag = collection fi
#endif
}

inline resolve() {
    key = link[tag];
    if
    :: key == NONE ->                           /* symlink(2): only if there is none */
        d_step {
            if
            :: link[tag] == NONE ->
#ifdef REUSE_GENERATION
                generations[tag] = 1;
#else
                generations[tag]++;
#endif
                link[tag] = generations[tag]
            :: else
            fi;
            key = link[tag]
        }
    :: else
    fi
}

/* One lock after the other, each by an attempt to take it, in a statement of its own. */
inline look_at_locks() {
#ifndef NO_LOCK_CHECK
    if
    :: tag_lock[tag] != 0 -> goto answered
    :: else
    fi;
#if defined(ALL) && !defined(NO_ALL_CHECK)
    if
    :: all_lock != 0 -> goto answered
    :: else
    fi
#else
    skip
#endif
#else
    skip
#endif
}

/* The cache may be written at any time after the answer, or never. */
proctype Reader() {
    byte least, tag, key, list, v;
    bool ok, hit;
    do
    :: d_step { least = floor_now; ok = false };
        choose_tag();
#if defined(LINK_AFTER_LOCK_CHECK)
        look_at_locks();
#endif
#if defined(LINK_AFTER_SNAPSHOT)
        look_at_locks();
        list = snapshot_now;
#endif
        resolve();
#if !defined(LINK_AFTER_LOCK_CHECK) && !defined(LINK_AFTER_SNAPSHOT)
        d_step {
            if
            :: cache[at(tag, key)] != 0 ->
                list = cache[at(tag, key)] & ~128;
                check_row(0);
#if ROWS > 1
                check_row(1);
#endif
                hit = true
            :: else
            fi;
            least = 0; list = 0; v = 0; ok = false
        };
        if
        :: hit -> hit = false; goto answered
        :: hit -> hit = false                   /* it has expired, or was evicted, or the client reloads */
        :: else
        fi;
#else
        least = 0;
#endif
#ifdef LOCK_CHECK_AFTER_SNAPSHOT
        list = snapshot_now;
#endif
#if !defined(LINK_AFTER_LOCK_CHECK) && !defined(LINK_AFTER_SNAPSHOT)
        look_at_locks();
#endif
#if !defined(LOCK_CHECK_AFTER_SNAPSHOT) && !defined(LINK_AFTER_SNAPSHOT)
        list = snapshot_now;
#endif
        if
        :: cache[at(tag, key)] = cached(list)
        :: skip
        fi;
answered:
        atomic { least = 0; tag = 0; key = 0; list = 0; v = 0; ok = false; hit = false }
    od
}

#if defined(LINK_AFTER_LOCK_CHECK) || defined(LINK_AFTER_SNAPSHOT)
/* Looks what the cache answers; the readers above only fill it. */
proctype Client() {
    byte least, tag, list, v;
    bool ok;
    do
    :: d_step { least = floor_now; ok = false };
        choose_tag();
        d_step {
            if
            :: link[tag] != NONE && cache[at(tag, link[tag])] != 0 ->
                list = cache[at(tag, link[tag])] & ~128;
                check_row(0)
            :: else
            fi;
            least = 0; tag = 0; list = 0; v = 0; ok = false
        }
    od
}
#endif

#if REMOVALS > 0
/* Where there are too many links. */
proctype Environment() {
    byte removed;
    do
    :: removed < REMOVALS && link[0] != NONE -> d_step { link[0] = NONE; removed++ }
    :: removed < REMOVALS && link[1] != NONE -> d_step { link[1] = NONE; removed++ }
    :: removed == REMOVALS -> break
    od
}
#endif

init {
    byte n;
    atomic {
        link[collection] = 1;
        generations[collection] = 1;
        for (n : 0 .. WRITERS - 1) { run Writer(n) }
        for (n : 1 .. READERS) { run Reader() }
#ifdef FOREIGN
        run Foreign();
        run Feed();
#endif
#if defined(LINK_AFTER_LOCK_CHECK) || defined(LINK_AFTER_SNAPSHOT)
        run Client();
#endif
#if REMOVALS > 0
        run Environment();
#endif
        if :: fulfilled[0] = 0 :: fulfilled[0] = 1 fi;
#if ROWS > 1
        if :: fulfilled[1] = 0 :: fulfilled[1] = 1 fi;
#endif
        n = 0
    }
}
