/*
 * The removal of a record with those that refer to it by `cascade`: one parent, which is removed,
 * one child that is there, and one that is created meanwhile.  The children are read as records
 * (fence before COMMIT, fill under a lease, as in records.pml) and as a list (a generation, as in
 * lists.pml).  What sets a reference to null (`clear`) changes a row where this removes it: the same
 * steps.
 *
 * Property: a child that was gone when a read started is not shown, neither as a record nor in the
 * list, and a list has every child that was there throughout.
 *
 * The table has ON DELETE CASCADE, so that PostgreSQL removes what the worker has overlooked.
 *
 * Each of these switches takes one protective step away:
 *   NO_PARENT_LOCK  FIND_BEFORE_LOCK  NO_CHILD_FENCE  FENCE_BEFORE_CHANGE  NO_CHILD_SWAP
 *   SWAP_AFTER_COMMIT  NO_SETTLED_CHECK  NO_LOCK_CHECK
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef LISTERS
#define LISTERS 0               /* readers read for ever */
#endif
#ifndef REMOVALS
#define REMOVALS 2              /* attempts, until one succeeds */
#endif
#define CHILDREN 2
#define old_child 1             /* bits of sets of children */
#define new_child 2
#define bit(child) (1 << (child))
#define GENERATIONS (REMOVALS + 2)

/* PostgreSQL. Only the remover writes to a child that is there. */
bool parent = true;
byte children = old_child;      /* what a new snapshot sees */
byte gone;                      /* children whose removal is visible */
byte marked;                    /* rows whose xmax is set; an aborted change leaves it set */
bool for_update, key_share;     /* locks on the parent: of the remover, of the creator's check */
bool table_lock[2];             /* RowExclusiveLock on the table of the children */
#define remover 0
#define creator 1

/* Redis. A child is cached or not: absence never is. */
bool value[CHILDREN];
byte lease[CHILDREN];           /* 0, or a token */

/* nginx: the link, and the cache by generation. */
byte link_target, generations;
byte list_cache[GENERATIONS];   /* 0, or cached(set) */
#define cached(set) (128 | (set))

inline swap() {
#if LISTERS > 0
    d_step { generations++; mine = generations };
    d_step { link_target = mine; mine = 0 }
#else
    skip
#endif
}

inline fence(set) {
    d_step {
        if :: set & old_child -> value[0] = false; lease[0] = 0 :: else fi;
        if :: set & new_child -> value[1] = false; lease[1] = 0 :: else fi
    }
}

/* `goto rolled_back` as an alternative to a step: the worker died or the transaction failed. */
proctype Remover() {
    byte attempts, found, all, mine;
    do
    :: attempts == REMOVALS || !parent -> break
    :: attempts < REMOVALS && parent ->
        attempts++;
#if defined(FIND_BEFORE_LOCK)
        d_step { found = children; marked = marked | found };
#endif
#ifndef NO_PARENT_LOCK
        if                                      /* SELECT … FOR UPDATE of the parent */
        :: atomic { !key_share -> for_update = true }
        :: goto rolled_back
        fi;
#endif
#if !defined(FIND_BEFORE_LOCK)
        d_step { found = children; marked = marked | found };   /* SELECT … FOR UPDATE of children */
#endif
#ifdef FENCE_BEFORE_CHANGE
        d_step { marked = marked & ~found };    /* found without a lock */
        fence(found);
#endif
        if
        :: atomic { table_lock[remover] = true; marked = marked | found }       /* DELETE of them */
        :: goto rolled_back
        fi;
        if                                      /* DELETE of the parent, and what that brings along */
        :: atomic { !key_share -> for_update = true; all = found | children;
                marked = marked | all }
        :: goto rolled_back
        fi;
#if !defined(NO_CHILD_FENCE) && !defined(FENCE_BEFORE_CHANGE)
        if :: fence(found) :: goto rolled_back fi;
#endif
#if !defined(NO_CHILD_SWAP) && !defined(SWAP_AFTER_COMMIT)
        if :: swap() :: goto rolled_back fi;
#endif
        if                                      /* visible; COMMIT was sent */
        :: atomic { parent = false; children = children & ~all; gone = gone | all }
        :: goto rolled_back
        fi;
        atomic { for_update = false; table_lock[remover] = false };
#ifdef SWAP_AFTER_COMMIT
        if :: swap() :: skip fi;
#endif
rolled_back:
        atomic { for_update = false; table_lock[remover] = false; found = 0; all = 0; mine = 0 }
    od
}

proctype Creator() {
    byte mine;
    table_lock[creator] = true;                 /* INSERT */
    if
    :: atomic { !for_update && parent -> key_share = true }     /* the check of the foreign key */
    :: !for_update && !parent -> goto over                      /* 422 */
    :: goto over
    fi;
    if :: swap() :: goto over fi;
    if
    :: children = children | new_child          /* visible; COMMIT was sent */
    :: skip
    fi;
over:
    atomic { key_share = false; table_lock[creator] = false; mine = 0 }
}

/* A lock check: pg_locks looks at one backend after the other. Ends with i == 2 where no writer has
   a lock. */
#ifdef NO_LOCK_CHECK
#define is_at_work(writer) false
#else
#define is_at_work(writer) table_lock[writer]
#endif
inline look_for_writers() {
    do
    :: i < 2 && !is_at_work(i) -> i++
    :: i < 2 && is_at_work(i) -> break
    :: i == 2 -> break
    od
}

#ifdef NO_SETTLED_CHECK
#define is_settled true
#else
#define is_settled ((marked & bit(child)) == 0)
#endif
#define token (me + 1)

/* The reader may start over at any step, without fill or release: the worker died or gave up. */
proctype Reader(byte me) {
    byte child, i;
    bool was_gone, leased, seen;
    do
    :: if :: child = 0 :: child = 1 fi;
        was_gone = (gone & bit(child)) != 0;
        d_step {
            if
            :: value[child] -> assert(!was_gone)
            :: !value[child] && lease[child] == 0 -> lease[child] = token; leased = true
            :: else
            fi;
            was_gone = false
        };
        if
        :: leased -> leased = false
        :: else -> goto answered
        fi;
        seen = (children & bit(child)) != 0;    /* the snapshot of SELECT */
        if
        :: is_settled -> skip                   /* xmax as it is when the tuple is read, later */
        :: goto answered
        :: !is_settled ->
            look_for_writers();
            if :: i == 2 -> i = 0 :: else -> goto release fi;
            seen = (children & bit(child)) != 0 /* the second SELECT */
        fi;
        d_step {
            if
            :: lease[child] == token -> lease[child] = 0; value[child] = seen
            :: else
            fi
        };
        goto answered;
release:
        atomic {
            if
            :: lease[child] == token -> lease[child] = 0
            :: else
            fi
        };
answered:
        atomic { i = 0; seen = false; child = 0 }
    od
}

inline check_list() {
    assert((list & gone_before) == 0);                          /* nothing that was gone */
    assert((there & ~list & ~gone) == 0);                       /* all that was there, and still is */
    assert((list & ~(children | gone)) == 0)                    /* nothing that is not committed */
}

/* The cache may be written at any time after the answer, or never. */
proctype Lister() {
    byte key, list, i, gone_before, there;
    do
    :: d_step { gone_before = gone; there = children };
        key = link_target;
        d_step {
            if
            :: list_cache[key] != 0 -> list = list_cache[key] & ~128; check_list(); i = 2
            :: else
            fi;
            list = 0; gone_before = 0; there = 0
        };
        if
        :: i == 2 -> goto answered
        :: else
        fi;
        look_for_writers();
        if :: i == 2 -> i = 0 :: else -> goto answered fi;
        list = children;
        if
        :: list_cache[key] = cached(list)
        :: skip
        fi;
answered:
        atomic { key = 0; list = 0; i = 0 }
    od
}

/* Eviction and expiry, at any time. */
proctype Environment() {
    do
    :: value[0] -> value[0] = false
    :: value[1] -> value[1] = false
    :: lease[0] != 0 -> lease[0] = 0
    :: lease[1] != 0 -> lease[1] = 0
    od
}

init {
    byte i;
    atomic {
        run Remover();
        run Creator();
#if READERS > 0
        for (i : 0 .. READERS - 1) { run Reader(i) }
#endif
#if LISTERS > 0
        for (i : 1 .. LISTERS) { run Lister() }
#endif
        run Environment();
        i = 0
    }
}
