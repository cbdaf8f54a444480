/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of messages on a bus: logical clocks with staging
 *
 * Documentation/kdbus/order.rst describes the protocol; names are the same here and there.
 *
 * What is modelled
 *
 * N connections. Each has a queue with a clock, which its lock guards, receives (RECV), and sends. A
 * message goes to any set of connections, chosen when it is sent. One section under a lock is one step; between two steps of a thread any
 * other may do as much as it likes, which is what preemption looks like.
 *
 * A connection may crash at any step, the steps between the first copy staged and the commit included
 * (more than a kernel that does not sleep there allows), as sender and as receiver at once. Its end
 * closes its queue and aborts what it has staged.
 *
 * What is checked
 *
 * - agreement: two receivers that both get two messages get them in the same order
 * - causality: no receiver gets a message before another one, also addressed to it, that the sender could
 *   know of when it sent: whose SEND had returned, or that anybody at all had received, who may have told it
 * - one row (ROW): there is one order of all messages that agrees with what each receives and in which
 *   each stands behind all that its sender had received, also where no two receivers are the same
 * - a reply that is handed to a waiting caller, past the queue, finds everything that came before
 *   it in that queue or received
 * - nobody gets a message twice; nobody who lives misses one that was committed
 * - every run ends with all queues of the living empty: nobody is held back for ever. No state can
 *   be reached twice in a run, since each step uses up something, so that this is liveness too
 *
 * Options
 *
 * THIS       the message that is checked against all others
 * N_MSG      messages; the sender of number m is connection m modulo N
 * SHARED     messages 0 and 1 are those of connection 0, message 2 that of connection 1
 * THREADS    a connection may receive and send at once, and send several messages at once; without it
 *            it does one after the other, in any order
 * CRASHES    how many connections may crash
 * SETS       sum of: 1 messages go to one receiver, 2 to two, 4 to three; chosen anew for each
 * TO_0, TO_1, TO_2  instead, the receivers of each message
 * AHEAD      the clock of one connection is ahead by so much when the run begins
 * ANY_ORDER  a message takes its receivers in any order; without it, round robin from its sender
 * REPLY      messages may be replies to a waiting caller
 * ROW        checks for one row instead, with three messages and without REPLY
 * BY_MESSAGES  the sender could know only of what it has received itself, or whose SEND had returned
 * MOVE       messages may be sent to a name, which belongs to an activator (one more queue, never read)
 *            until connection 2 takes it over; what waits there moves. Connection 0 gets a copy of
 *            each, as a monitor does
 *
 * and, to be refuted, one mistake at a time:
 *
 * NO_STAGING     each copy is committed by itself, with the stamp that its receiver's clock gives
 * NOT_MAX        the stamp is the first clock seen, not the largest
 * NO_KNOWN       a message gets its stamp at a receiver without settling first what is committed there
 * NO_RECEIPT     what the sender has received does not count for its stamp
 * NO_RAISE       a queue's clock does not learn the stamp of what it got
 * EARLY          a staged copy can be received before it is committed
 * NO_HOLD        a staged copy does not hold back those behind it
 * NO_TIE         equal stamps are not told apart by their senders
 * NOT_UNIQUE     two messages of one sender may have the same stamp
 * NO_ABORT       what a crashed sender had staged stays as it is
 * WAIT_LOCKED    a reader waits for a commit with its queue locked
 * REPLY_NO_CLOCK a reply past the queue does not advance the caller's clock
 * LOSS_AT_ONCE   a receiver may have no room; then the news that something is missing is not staged in
 *                the place of the message but queued at once. (What is staged is staged, be it a
 *                message or the news that it is missing: hence no option for the right way.)
 * MOVE_STAGED    what is still staged when the name moves is left behind
 * MOVE_UNSETTLED a moved message gets its stamp without settling first what is committed in the new queue
 *
 * What is left out
 *
 * - The order of memory accesses as seen by another CPU. Sections are under locks; two accesses are not
 *   (the sender's clock, the state of a ticket): clock.c has them, on threads.
 * - Locks themselves, but in WAIT_LOCKED: the protocol takes one at a time.
 * - Sleepers and wake-ups: a reader here runs whenever it could. In the kernel whoever commits wakes.
 * - Priorities of RECV: who asks by priority leaves the order on purpose. What it sees counts as seen.
 * - Notifications of the kernel as such: one is a message whose SEND begins with the change it tells of.
 * - Policy, matches, quota: they decide who receives, which is chosen freely here.
 * - More than N_MSG messages, and wrap-around: a clock has 64 bits and counts messages.
 */

#ifndef N
#define N 3
#endif
#ifndef N_MSG
#define N_MSG 3
#endif
#ifndef THIS
#define THIS 0
#endif
#ifndef SETS
#define SETS 7
#endif
#ifndef CRASHES
#define CRASHES 0
#endif

#ifdef MOVE
#define N_QUEUES	(N + 1)
#define ACTIVATOR	N
#define NEW_OWNER	2
#define MONITOR		0
#define NOBODY		255
byte owner = ACTIVATOR;
byte to_name;			/* messages sent to the name */
byte moved;			/* those that were moved */
#define IS_TO_NAME(m)	((to_name & BIT(m)) != 0)
#define IS_MOVED(m)	((moved & BIT(m)) != 0)
#define MOVE_IS_OVER	(owner == NEW_OWNER)
#else
#define N_QUEUES	N
#define IS_TO_NAME(m)	false
#define IS_MOVED(m)	false
#define MOVE_IS_OVER	true
#endif

#ifdef SHARED
#define SENDER(m)	((m) / 2)
#else
#define SENDER(m)	((m) % N)
#endif
#define BIT(n)		(1 << (n))
#define COPY(c, m)	((c) * N_MSG + (m))
#define MAX(a, b)	((a) > (b) -> (a) : (b))

/* A copy in a queue */
#define NONE		0
#define STAGED		1	/* its ticket says where it belongs */
#define SETTLED		2	/* it has its final stamp */
#define GONE		3	/* received, or discarded */

/* A ticket: what the copies of one message share */
#define OPEN		1
#define FINAL		2
#define ABORTED		3

byte clock[N_QUEUES];
byte copy[N_QUEUES * N_MSG];
byte stamp[N_QUEUES * N_MSG];	/* proposed while STAGED, then final */
byte ticket[N_MSG];
byte final[N_MSG];
byte sent[N];			/* last stamp of a message to several, by sender */
bool closed[N_QUEUES];
byte n_done;
#if CRASHES
byte n_crashed;
#endif
#ifdef WAIT_LOCKED
bool locked[N_QUEUES];
#define UNLOCKED(c)	(!locked[c])
#else
#define UNLOCKED(c)	true
#endif

/*
 * What the checks remember; the protocol does not look at it. A run checks one message, THIS, against
 * all others, which needs less memory than all against all; the runner takes each in turn.
 */
byte to[N_MSG];			/* receivers, a bit for each */
bool got[N_QUEUES * N_MSG];	/* received */
bool is_after[N_MSG];		/* was sent by somebody who could know of THIS */
bool is_known;			/* SEND of THIS has returned, or somebody has received it */
#ifdef BY_MESSAGES
bool knows[N];			/* has received THIS, or something that came after it */
#define COULD_KNOW(c)	(is_known || knows[c])
#else
#define COULD_KNOW(c)	is_known
#endif
bool was_before[N_MSG];		/* somebody received it before THIS */
bool was_after[N_MSG];		/* somebody received it after THIS */

#ifdef ROW
bool before[9];			/* before[3 * a + b]: a has to come before b in any row */
#define BEFORE(a, b)	before[3 * (a) + (b)]
#define CIRCLE2(a, b)	(BEFORE(a, b) && BEFORE(b, a))
#define CIRCLE3(a, b, c) (BEFORE(a, b) && BEFORE(b, c) && BEFORE(c, a))
#endif

/* True until a promise is broken; the name is what the checker then prints. */
bool causality = true;
bool agreement = true;
bool behind = true;		/* what came before a reply has been queued before it */
bool once = true;
bool row = true;		/* all messages fit into one row */
bool complete = true;

/* The stamp that a copy has, or would have if somebody looked: a final one settles when looked at. */
#define STAMP(c, m)	(copy[COPY(c, m)] == STAGED && ticket[m] == FINAL -> \
			 final[m] : stamp[COPY(c, m)])
#define IS_QUEUED(c, m)	((copy[COPY(c, m)] == STAGED && ticket[m] != ABORTED) || \
			 copy[COPY(c, m)] == SETTLED)
#define IS_OPEN(c, m)	(copy[COPY(c, m)] == STAGED && ticket[m] == OPEN)

/* Of equal stamps the smaller sender is first; what is left depends on the receiver. */
#define ANYHOW(c, a, b)	(((a) + (c)) % N_MSG < ((b) + (c)) % N_MSG)
#ifdef NO_TIE
#define TIE(c, a, b)	ANYHOW(c, a, b)
#else
#define TIE(c, a, b)	(SENDER(a) != SENDER(b) -> SENDER(a) < SENDER(b) : ANYHOW(c, a, b))
#endif

/* Does copy a keep copy b of the same queue from being received? */
#ifdef NO_HOLD
#define HOLDS(c, a, b)	(IS_QUEUED(c, a) && !IS_OPEN(c, a) && \
			 (STAMP(c, a) < STAMP(c, b) || \
			  (STAMP(c, a) == STAMP(c, b) && TIE(c, a, b))))
#else
#define HOLDS(c, a, b)	(IS_QUEUED(c, a) && \
			 (STAMP(c, a) < STAMP(c, b) || \
			  (STAMP(c, a) == STAMP(c, b) && (IS_OPEN(c, a) || TIE(c, a, b)))))
#endif

#define HELD_BY(c, a, b)	((a) != (b) && HOLDS(c, a, b))

#if N_MSG == 3
#define IS_HELD(c, m)	(HELD_BY(c, 0, m) || HELD_BY(c, 1, m) || HELD_BY(c, 2, m))
#define IS_EMPTY(c)	(!IS_QUEUED(c, 0) && !IS_QUEUED(c, 1) && !IS_QUEUED(c, 2))
#elif N_MSG == 4
#define IS_HELD(c, m)	(HELD_BY(c, 0, m) || HELD_BY(c, 1, m) || HELD_BY(c, 2, m) || HELD_BY(c, 3, m))
#define IS_EMPTY(c)	(!IS_QUEUED(c, 0) && !IS_QUEUED(c, 1) && !IS_QUEUED(c, 2) && !IS_QUEUED(c, 3))
#else
#error N_MSG is 3 or 4
#endif

#ifdef EARLY
#define IS_VISIBLE(c, m)	IS_QUEUED(c, m)
#else
#define IS_VISIBLE(c, m)	(IS_QUEUED(c, m) && !IS_OPEN(c, m))
#endif
/* Does something that is staged keep c from receiving? */
#define IS_BEHIND(c)	(IS_OPEN(c, 0) || IS_OPEN(c, 1) || IS_OPEN(c, 2))
#ifdef THREADS
#define IS_FREE(c)	true
#else
bool busy[N_QUEUES];		/* its thread is in SEND */
#define IS_FREE(c)	(!busy[c])
#endif
#define CAN_RECEIVE(c, m)	(IS_FREE(c) && UNLOCKED(c) && IS_VISIBLE(c, m) && !IS_HELD(c, m))

/* Whoever is to get THIS has got it before everything that came after it. */
inline check_causality(c, m)
{
	if
	:: is_after[m] && (to[THIS] & BIT(c)) && !got[COPY(c, THIS)] ->
		causality = IS_MOVED(THIS) && !IS_TO_NAME(m);
		assert(causality)
	:: else
	fi
}

inline check_agreement(c, m)
{
	if
	:: m != THIS && got[COPY(c, THIS)] && !IS_MOVED(m) && !IS_MOVED(THIS) ->
		was_after[m] = true
	:: else
	fi;
	if
	:: m == THIS && !IS_MOVED(THIS) ->
		i = 0;
		do
		:: i < N_MSG ->
			if
			:: got[COPY(c, i)] && !IS_MOVED(i) -> was_before[i] = true
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	:: else
	fi;
	agreement = !(was_before[0] && was_after[0]) && !(was_before[1] && was_after[1]) &&
		    !(was_before[2] && was_after[2]) &&
		    !(was_before[N_MSG - 1] && was_after[N_MSG - 1]);
	assert(agreement)
}

/* When the caller has a reply, what came before it is in his queue, unless he has got it. */
inline check_reply(c, m)
{
	behind = !is_after[m] || !(to[THIS] & BIT(c)) || IS_MOVED(THIS) || got[COPY(c, THIS)] ||
		 copy[COPY(c, THIS)] != NONE;
	assert(behind)
}

#ifdef ROW
/* Another message that c has, or will have, is behind this one. */
inline note_before(a, b)
{
	BEFORE(a, b) = true;
	row = !CIRCLE2(0, 1) && !CIRCLE2(0, 2) && !CIRCLE2(1, 2) && !CIRCLE3(0, 1, 2) &&
	      !CIRCLE3(0, 2, 1);
	assert(row)
}

/* c has received m: behind all that it had */
inline note_receipt(c, m)
{
	i = 0;
	do
	:: i < 3 ->
		if
		:: i != m && got[COPY(c, i)] -> note_before(i, m)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}
#endif

#ifdef ROW
/* m is sent: behind all that its sender has received */
inline note_cause(m)
{
	i = 0;
	do
	:: i < 3 ->
		if
		:: got[COPY(SENDER(m), i)] -> note_before(i, m)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}
#endif

inline learn(c, m)
{
	once = !got[COPY(c, m)];
	assert(once);
	got[COPY(c, m)] = true;
#if defined(ROW)
	skip
#elif defined(BY_MESSAGES)
	knows[c] = knows[c] || m == THIS || is_after[m]
#else
	is_known = is_known || m == THIS
#endif
}

/* RECV takes the copy of m */
inline receive(c, m)
{
#ifndef NO_RAISE
	clock[c] = MAX(clock[c], STAMP(c, m));
#endif
	copy[COPY(c, m)] = GONE;
	stamp[COPY(c, m)] = 0;
#ifdef ROW
	note_receipt(c, m);
#else
	check_causality(c, m);
	check_agreement(c, m);
#endif
	learn(c, m)
}

/* Nothing that was committed is missing at the end. */
inline check_complete(c)
{
	i = 0;
#ifdef MOVE
	complete = IS_EMPTY(ACTIVATOR);
	assert(complete);
#endif
	do
	:: i < N_MSG ->
		complete = ticket[i] != FINAL || !(to[i] & BIT(c)) || got[COPY(c, i)];
		assert(complete);
		i++
	:: else -> break
	od;
	i = 0
}

proctype reader(byte c)
{
	byte i;

	do
	:: d_step { !closed[c] && CAN_RECEIVE(c, 0) -> receive(c, 0) }
	:: d_step { !closed[c] && CAN_RECEIVE(c, 1) -> receive(c, 1) }
	:: d_step { !closed[c] && CAN_RECEIVE(c, 2) -> receive(c, 2) }
#if N_MSG == 4
	:: d_step { !closed[c] && CAN_RECEIVE(c, 3) -> receive(c, 3) }
#endif
#ifdef WAIT_LOCKED
	:: atomic { !closed[c] && UNLOCKED(c) && IS_BEHIND(c) -> locked[c] = true };
		atomic { !IS_BEHIND(c) -> locked[c] = false }
#endif
	:: closed[c] -> break
	:: d_step { !closed[c] && n_done == N_MSG && MOVE_IS_OVER && IS_EMPTY(c) ->
			check_complete(c) };
		break
	od
}

/* It gets the place that its final stamp gives it. */
inline settle(c, m)
{
	if
	:: copy[COPY(c, m)] == STAGED ->
#ifndef NO_RAISE
		clock[c] = MAX(clock[c], final[m]);
#endif
		stamp[COPY(c, m)] = final[m];
		copy[COPY(c, m)] = SETTLED
	:: else		/* received already, or moved, or never staged: its queue was closed */
	fi
}

/* What is committed by now comes before what is staged next, wherever that was heard of. */
inline settle_known(c)
{
#ifndef NO_KNOWN
	i = 0;
	do
	:: i < N_MSG ->
		if
		:: copy[COPY(c, i)] == STAGED && ticket[i] == FINAL -> settle(c, i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
#else
	skip
#endif
}

/* One copy into the queue of c, in one section under its lock */
inline stage(c, m)
{
	if
	:: !closed[c] ->
		settle_known(c);
		clock[c] = MAX(clock[c], seen) + 1;
#ifdef NO_STAGING
		copy[COPY(c, m)] = SETTLED;
		ticket[m] = FINAL;
#else
		copy[COPY(c, m)] = STAGED;
#endif
		stamp[COPY(c, m)] = clock[c];
#ifdef NOT_MAX
		max = (max == 0 -> clock[c] : max)
#else
		max = MAX(max, clock[c])
#endif
	:: else
	fi
}

#ifdef MOVE
inline stage_owner(c, m)
{
	to[m] = to[m] | BIT(c);
	stage(c, m)
}
#endif

#ifdef LOSS_AT_ONCE
inline lose(c, m)
{
	stage(c, m);
	if
	:: !closed[c] -> copy[COPY(c, m)] = SETTLED
	:: else
	fi
}
#endif

/* The message to one receiver is staged and committed in one section. */
inline commit_one(c, m)
{
	stage(c, m);
	if
	:: !closed[c] -> copy[COPY(c, m)] = SETTLED
	:: else
	fi;
	ticket[m] = FINAL
}

/* A reply is handed to the caller, who waits for it, past his queue. */
inline hand_over(c, m)
{
	if
	:: !closed[c] ->
#ifndef REPLY_NO_CLOCK
		clock[c] = MAX(clock[c], seen) + 1;
#endif
		check_reply(c, m);
		learn(c, m)
	:: else
	fi;
	ticket[m] = FINAL
}

#define IS_TO_ONE(m)	((to[m] == 1 || to[m] == 2 || to[m] == 4) && !IS_TO_NAME(m))
#define LIVES(m)	(!closed[SENDER(m)])
#ifdef ANY_ORDER
#define IS_NEXT(c, m)	true
#else
/* Each message begins with the queue of its sender, who need not get it. */
#define EARLIER(c, m)	((((c) + N - SENDER(m)) % N) == 0 -> 0 : \
			 ((((c) + N - SENDER(m)) % N) == 1 -> BIT(SENDER(m)) : \
			  BIT(SENDER(m)) | BIT((SENDER(m) + 1) % N)))
#define IS_NEXT(c, m)	((c) == N || !(todo & EARLIER(c, m)))
#endif
#define TO_VISIT(c, m)	(LIVES(m) && (todo & BIT(c)) && IS_NEXT(c, m) && UNLOCKED(c))

proctype sender(byte m)
{
	byte i, todo, max, seen;

	/* Known when SEND begins; the sender's clock is read after that, here as early as it may be. */
	atomic {
		IS_FREE(SENDER(m));
#ifndef THREADS
		busy[SENDER(m)] = true;
#endif
#ifdef TO_0
		to[m] = (m == 0 -> TO_0 : (m == 1 -> TO_1 : TO_2));
#else
		if
#if SETS & 1
		:: to[m] = 1
		:: to[m] = 2
		:: to[m] = 4
#endif
#if SETS & 2
		:: to[m] = 3
		:: to[m] = 5
		:: to[m] = 6
#endif
#if SETS & 4
		:: to[m] = 7
#endif
#ifdef MOVE
		:: to[m] = BIT(MONITOR); to_name = to_name | BIT(m)
#endif
		fi;
#endif
		is_after[m] = COULD_KNOW(SENDER(m));
#ifdef ROW
		note_cause(m);
#endif
		todo = to[m];
		ticket[m] = OPEN;
#ifndef NO_RECEIPT
		seen = clock[SENDER(m)]
#endif
	}

	if
	:: closed[SENDER(m)] -> goto over
	:: LIVES(m) && IS_TO_ONE(m) ->
		if
		:: closed[SENDER(m)] -> goto over
		:: d_step { TO_VISIT(0, m) -> commit_one(0, m); todo = 0 }
		:: d_step { TO_VISIT(1, m) -> commit_one(1, m); todo = 0 }
		:: d_step { TO_VISIT(2, m) -> commit_one(2, m); todo = 0 }
#ifdef REPLY
		:: d_step { TO_VISIT(0, m) -> hand_over(0, m); todo = 0 }
		:: d_step { TO_VISIT(1, m) -> hand_over(1, m); todo = 0 }
		:: d_step { TO_VISIT(2, m) -> hand_over(2, m); todo = 0 }
#endif
		fi;
		goto answer
#ifdef MOVE
	/* The owner first: under his lock nobody else can become it. */
	:: d_step { LIVES(m) && IS_TO_NAME(m) && owner == ACTIVATOR -> stage_owner(ACTIVATOR, m) }
	:: d_step { LIVES(m) && IS_TO_NAME(m) && owner == NEW_OWNER -> stage_owner(NEW_OWNER, m) }
#endif
	:: LIVES(m) && !IS_TO_ONE(m) && !IS_TO_NAME(m)
	fi;

	do
	:: closed[SENDER(m)] -> goto stop
	:: d_step { TO_VISIT(0, m) -> stage(0, m); todo = todo & ~BIT(0) }
	:: d_step { TO_VISIT(1, m) -> stage(1, m); todo = todo & ~BIT(1) }
	:: d_step { TO_VISIT(2, m) -> stage(2, m); todo = todo & ~BIT(2) }
#ifdef LOSS_AT_ONCE
	:: d_step { TO_VISIT(0, m) -> lose(0, m); todo = todo & ~BIT(0) }
	:: d_step { TO_VISIT(1, m) -> lose(1, m); todo = todo & ~BIT(1) }
	:: d_step { TO_VISIT(2, m) -> lose(2, m); todo = todo & ~BIT(2) }
#endif
	:: d_step {
		LIVES(m) && todo == 0 ->
#ifdef NOT_UNIQUE
		final[m] = max;
#else
		final[m] = MAX(max, sent[SENDER(m)] + 1);
		sent[SENDER(m)] = final[m];
#endif
		max = 0;
		seen = 0;
		todo = to[m];
		ticket[m] = FINAL
	   };
	   break
	od;

	do
	:: closed[SENDER(m)] -> goto over
	:: d_step { TO_VISIT(0, m) -> settle(0, m); todo = todo & ~BIT(0) }
	:: d_step { TO_VISIT(1, m) -> settle(1, m); todo = todo & ~BIT(1) }
	:: d_step { TO_VISIT(2, m) -> settle(2, m); todo = todo & ~BIT(2) }
#ifdef MOVE
	:: d_step { TO_VISIT(ACTIVATOR, m) -> settle(ACTIVATOR, m); todo = todo & ~BIT(ACTIVATOR) }
#endif
	:: LIVES(m) && todo == 0 -> break
	od;

answer:	atomic {
		if
#ifndef ROW
		:: LIVES(m) && m == THIS -> is_known = true
#endif
		:: else
		fi;
		goto over
	};

	/* It crashed with copies staged: the end of its connection aborts them. */
stop:
#ifndef NO_ABORT
	ticket[m] = ABORTED;
#endif
over:	atomic {
		n_done++;
		todo = 0;
		max = 0;
		seen = 0;
#ifndef THREADS
		busy[SENDER(m)] = false
#endif
	}
}

#if CRASHES
/* Connection c crashes, when it likes or never: its queue is closed and what it has is discarded. */
proctype crash(byte c)
{
	byte i;

end:	atomic {
		n_crashed < CRASHES ->
		n_crashed++;
		closed[c] = true;
		do
		:: i < N_MSG ->
			copy[COPY(c, i)] = GONE;
			stamp[COPY(c, i)] = 0;
			i++
		:: else -> break
		od;
		i = 0
	}
}
#endif

#ifdef MOVE
/* One message, to the end of the new queue, with a stamp of that, which is also larger than the old one */
inline move(m)
{
	old = STAMP(ACTIVATOR, m);
	copy[COPY(ACTIVATOR, m)] = GONE;
	stamp[COPY(ACTIVATOR, m)] = 0;
	to[m] = to[m] & ~BIT(ACTIVATOR);
	if
	:: !closed[NEW_OWNER] ->
#ifndef MOVE_UNSETTLED
		settle_known(NEW_OWNER);
#endif
		clock[NEW_OWNER] = MAX(clock[NEW_OWNER], old) + 1;
		copy[COPY(NEW_OWNER, m)] = SETTLED;
		stamp[COPY(NEW_OWNER, m)] = clock[NEW_OWNER];
		to[m] = to[m] | BIT(NEW_OWNER);
		moved = moved | BIT(m)
	:: else
	fi;
	old = 0
}

#ifdef MOVE_STAGED
#define IS_MOVE_OVER	(!CAN_RECEIVE(ACTIVATOR, 0) && !CAN_RECEIVE(ACTIVATOR, 1) && \
			 !CAN_RECEIVE(ACTIVATOR, 2))
#else
#define IS_MOVE_OVER	IS_EMPTY(ACTIVATOR)
#endif

/* Connection 2 acquires the name of the activator. */
active proctype mover()
{
	byte i, old;

	owner = NOBODY;
	do
	:: d_step { CAN_RECEIVE(ACTIVATOR, 0) -> move(0) }
	:: d_step { CAN_RECEIVE(ACTIVATOR, 1) -> move(1) }
	:: d_step { CAN_RECEIVE(ACTIVATOR, 2) -> move(2) }
#if N_MSG == 4
	:: d_step { CAN_RECEIVE(ACTIVATOR, 3) -> move(3) }
#endif
	:: IS_MOVE_OVER -> break
	od;
	owner = NEW_OWNER
}
#endif

init {
	byte i;

	atomic {
#ifdef AHEAD
		if
		:: clock[0] = AHEAD
		:: clock[1] = AHEAD
		:: clock[2] = AHEAD
		fi;
#endif
		do
		:: i < N ->
			run reader(i);
#if CRASHES
			run crash(i);
#endif
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < N_MSG ->
			run sender(i);
			i++
		:: else -> break
		od;
		i = 0
	}
}
