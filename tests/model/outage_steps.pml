/*
 * The parts of outage.pml that are no processes: the sizes, what PostgreSQL, Redis and the hosts'
 * memory hold, and the steps on them.
 */
#ifndef HOSTS
#define HOSTS 1
#endif
#ifndef WRITERS
#define WRITERS 2               /* each writes once; process n is on host n % HOSTS */
#endif
#ifndef READERS
#define READERS 2               /* each reads for ever */
#endif
#ifndef EPOCHS
#define EPOCHS 3                /* how many PostgreSQL can give; the first is in use at the start */
#endif
#ifndef FAULTS
#define FAULTS 1                /* operations that fail; evictions of the live copy count too */
#endif
#ifndef RESTARTS
#define RESTARTS 0              /* of Redis: empty, or from any dump */
#endif
#ifndef CLEARS
#define CLEARS 0                /* of all caches, by a host that has Redis */
#endif
#define NOTHING 0
#define PENDING 16
#define full(w) (w != 0 && w < PENDING)
#define is_pending(w) (w >= PENDING)

/* PostgreSQL */
byte newest;                    /* the version that a new snapshot sees */
bool changing;                  /* a change of the row is in progress: xmax is set */
byte epoch_counter = 1;

/* The memory that a host's processes share. */
byte word[HOSTS] = 1;
#if RESTARTS
byte known_run[HOSTS] = 1;      /* the run of Redis under which the word's epoch was made live */
#endif
byte floor[HOSTS];              /* (of the property) */
byte owed[HOSTS];               /* (of the property) the newest unfenced version of another host */

/* Redis. `late_put`: commands that timed out and may take effect as long as this Redis runs. */
byte live = 1;
byte value[EPOCHS + 1];         /* NOTHING, or version + 1 */
byte lease[EPOCHS + 1];         /* NOTHING, or a token */
byte late_put[HOSTS];
byte faults, clears;
#define reader_token (me + 1)
#define writer_token (READERS + me + 1)

#if RESTARTS
/* A run of Redis is what it is known by, its run_id and master_replid together: either changes, and
   it is another run, which may have any older data. */
byte server_run = 1;
byte were_live = 2;             /* (of the model) bit n: epoch n was live; a dump may have it */
#define note_live() were_live = were_live | (1 << live)
#define connected (connection == server_run)
#define same_run (known_run[host] == server_run)
/* What a process takes for the run behind its connection, if that is not what it has just asked. */
#ifdef QUIET_RECONNECT_UNCHECKED
#define remembered_identity byte identity = 1;
#define takes_for_known (known_run[host] == identity)
#else
#define remembered_identity
#define takes_for_known same_run
#endif
#define disconnect() connection = NOTHING
#else
#define note_live() skip
#define connected true
#define same_run true
#define takes_for_known true
#define disconnect() skip
#endif
#ifdef LOST_CONNECTION_UNNOTICED
#define RECONNECT_QUIETLY
#define NO_RUN_CHECK
#endif
#ifdef QUIET_RECONNECT_UNCHECKED
#define RECONNECT_QUIETLY
#endif
#ifdef NO_RUN_CHECK
#define usable connected
#else
#define usable (connected && takes_for_known)
#endif

/* A lost connection is noticed by the next operation on it, which fails; the one after connects.
   RECONNECT_QUIETLY: it connects by itself (a connection that was idle), and asks for the run. */
#if RESTARTS
#ifdef RECONNECT_QUIETLY
#define connects_anew (connection != server_run)
#else
#define connects_anew (connection == NOTHING)
#endif
inline connect() {
    if
    :: connects_anew ->
#ifdef QUIET_RECONNECT_UNCHECKED
        if
        :: connection == NOTHING -> identity = server_run
        :: else
        fi;
#endif
        connection = server_run
    :: else
    fi
}
#else
#define connect() skip
#endif

#ifdef PENDING_FENCE_UNCHECKED
#define pending_unchecked true
#else
#define pending_unchecked false
#endif
#ifdef NO_LIVE_COMPARE
#define live_is_same true
#else
#define live_is_same (live == epoch)
#endif
#if defined(NO_LIVE_COMPARE) || defined(NO_ADOPTION)
#define live_is_newer false
#else
#define live_is_newer (live > epoch)
#endif

/* Keys of an epoch that is not live can be neither read nor written, and no epoch is put twice: the
   model forgets them, which saves most of the states. */
#ifdef NO_LIVE_COMPARE
#define forget(epoch_) skip
#else
inline forget(epoch_) {
    value[epoch_] = NOTHING;
    lease[epoch_] = NOTHING
}
#endif

/* Only ever raises. */
inline put(what) {
    if
    :: live < what -> forget(live); live = what; note_live()
    :: else
    fi
}

/* One load of the word; with two words, epoch and trust apart, it takes two. */
#ifdef TWO_WORDS
#define in_one_step
#else
#define in_one_step atomic
#endif
inline load_word() {
#ifdef TWO_WORDS
    if
    :: word[host] == 0 -> epoch = 0
    :: word[host] != 0 -> epoch = epoch_word[host]
    fi
#else
    epoch = word[host]
#endif
}

#ifdef TWO_WORDS
#define NO_PENDING
byte epoch_word[HOSTS] = 1;
#define adoptable epoch_word[host]
#else
#define adoptable word[host]
#endif

/* compare-and-swap(word, epoch -> newer). `failed`: neither this nor another process adopted it. */
inline adopt() {
    d_step {
        if
        :: adoptable == epoch -> adoptable = newer; epoch = newer
        :: adoptable != epoch && adoptable == newer -> epoch = newer
        :: else -> failed = true
        fi;
        newer = 0
    }
}

/* Under a pending epoch nothing can be cached yet, so an older live copy does no harm, and the run
   need not be known: a run in which the epoch is not live will never see it used. */
inline fence(token) {
    d_step {
        connect();
        if
        :: pending && connected && (live <= epoch || pending_unchecked) ->
            value[epoch] = NOTHING;
            lease[epoch] = NOTHING
        :: !pending && usable && live_is_same ->
            value[epoch] = NOTHING;
            lease[epoch] = token
        :: !pending && usable && !live_is_same && live_is_newer -> newer = live
        :: else -> failed = true; disconnect()
        fi
    }
}

/* Loads the word, fences, adopts and fences again. `failed`: not acknowledged. */
inline fence_under_word(token) {
    do
    :: failed || epoch == 0 -> break
    :: d_step { faults > 0 && !failed && epoch != 0 -> faults--; failed = true; disconnect() };
        break
    :: !failed && epoch != 0 ->
        fence(token);
        if
        :: newer != 0 -> adopt()
        :: else -> break
        fi;
#ifdef NO_ADOPTION_REFENCE
        break
#endif
    od
}

inline store_zero() {
#ifdef ZERO_BY_SWAP
    d_step { if :: word[host] == epoch -> word[host] = 0 :: else fi }
#else
    word[host] = 0
#endif
}

inline split_pending() {
    d_step {
        if
        :: is_pending(epoch) -> epoch = epoch - PENDING; pending = true
        :: else
        fi
    }
}
