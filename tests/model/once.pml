/*
 * A write with an Idempotency-Key: the answer is a row, which the transaction of the write inserts.
 * Two clients send the same write, each again and again; a worker may die at any step.  The row may
 * become too old, and a job removes such rows.
 *
 * Properties: the write is done once, and once more each time that its row became too old.  An answer
 * says that it was done, and is that of the first time.  GUARDED (If-Match: the record is read before
 * the transaction begins): no attempt is refused because of the change that another one has made.
 *
 * NO_LOCK takes the advisory lock away, and nothing breaks: it is for the 409.  Each of the others takes
 * one protective step away:
 *   NO_PRIMARY_KEY (without the lock)  LOOK_BEFORE_LOCK (without the primary key)  KEY_AFTER_COMMIT
 *   KEY_BEFORE_CHANGE  NO_SECOND_LOOK (GUARDED)  JOB_UNLOCKED (EXPIRIES > 0)
 */
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2              /* of each client */
#endif
#ifndef EXPIRIES
#define EXPIRIES 0
#endif
#define NOTHING 0
#define job (CLIENTS + 1)

/* PostgreSQL: how often the write was done; its row, whose answer is the number of the time. */
byte done, kept;
bool is_old;
byte key_lock, row_lock, record_lock;   /* NOTHING, or who */
byte expired, told;
#define known (is_old -> NOTHING : kept)

inline check_answer() {
    assert(answer <= done);
    assert(told == NOTHING || told == answer || expired > 0);
    told = answer
}

inline release(lock) {
    if :: lock == me -> lock = NOTHING :: else fi
}

/* `goto over` as an alternative to a step: the worker died, or the answer is 409 or 503. */
proctype Client(byte me) {
    byte attempts, answer;
    bool is_ours;
    do
    :: attempts == ATTEMPTS -> break
    :: attempts < ATTEMPTS ->
        attempts++;
#ifdef GUARDED
        if :: done > 0 -> goto refused :: else fi;
#endif
#ifdef LOOK_BEFORE_LOCK
        answer = known;
#endif
        d_step { if :: key_lock == NOTHING -> key_lock = me; is_ours = true :: else fi };
#ifndef LOOK_BEFORE_LOCK
        answer = known;
#endif
#ifdef NO_LOCK
        is_ours = true;
#endif
        if
        :: answer != NOTHING -> goto answered
        :: answer == NOTHING && is_ours
        :: answer == NOTHING && !is_ours -> goto over
        fi;
#ifdef KEY_BEFORE_CHANGE
        d_step { kept = done + 1; is_old = false };
#endif
#ifdef GUARDED
        if                                      /* UPDATE … WHERE it is as it was read */
        :: d_step { record_lock == NOTHING -> record_lock = me };
            if :: done > 0 -> goto refused :: else fi
        :: goto over
        fi;
#endif
#if !defined(NO_PRIMARY_KEY) && !defined(KEY_AFTER_COMMIT) && !defined(KEY_BEFORE_CHANGE)
        if                                      /* INSERT waits for another one of the key */
        :: d_step { row_lock == NOTHING -> row_lock = me };
            if :: known != NOTHING -> goto over :: else fi
        :: goto over
        fi;
#endif
        if                                      /* visible; COMMIT was sent */
        :: d_step {
                done++; answer = done;
                assert(done <= 1 + expired);
#if !defined(KEY_AFTER_COMMIT) && !defined(KEY_BEFORE_CHANGE)
                kept = done; is_old = false
#endif
            }
        :: goto over
        fi;
#ifdef KEY_AFTER_COMMIT
        if :: d_step { kept = done; is_old = false } :: goto over fi;
#endif
answered:
        if :: atomic { check_answer() } :: skip fi;
        goto over;
#ifdef GUARDED
refused:
#ifndef NO_SECOND_LOOK
        answer = known;
        if :: answer != NOTHING -> goto answered :: else fi;
#endif
        assert(false);
#endif
over:   atomic {
            release(key_lock); release(row_lock); release(record_lock);
            is_ours = false; answer = NOTHING
        }
    od
}

/* Finds a row that is too old, with its lock unless another has it, and removes it. */
proctype Job() {
end:
    do
    :: d_step { kept != NOTHING && is_old && row_lock == NOTHING ->
#ifdef JOB_UNLOCKED
            skip };
#else
            row_lock = job };
#endif
        atomic { kept = NOTHING; is_old = false; if :: row_lock == job -> row_lock = NOTHING :: else fi }
    od
}

proctype Clock() {
end:
    do
    :: expired == EXPIRIES -> break
    :: d_step { expired < EXPIRIES && kept != NOTHING && !is_old -> is_old = true; expired++ }
    od
}

init {
    byte i;
    atomic {
        for (i : 1 .. CLIENTS) { run Client(i) }
        run Job();
        run Clock();
        i = 0
    }
}
