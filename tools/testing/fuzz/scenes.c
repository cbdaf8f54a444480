// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What clients of a bus usually do: several operations in an order that random ones seldom come in.
 * They go into the middle of programs, which have connections in slots 3 to 5, and are changed like
 * everything else.
 */

#include <stdlib.h>
#include <string.h>

#include "grammar.h"

#define D	"4442757344427573"	/* KDBUS_PAYLOAD_DBUS */
#define VEC	" [PAYLOAD_VEC m x1 0 20,mem:8,/-]"
#define LARGE	" [PAYLOAD_VEC m x1 0 9000,mem:8,/-]"
#define CALL	" 0 1 id:4 0 " D " 1 now:5f5e100"
#define PLAIN	" 0 0 id:4 0 " D " 1"
#define ANSWER	" 0 0 src:4 0 " D " 2 cookie:4"
#define SIGNAL	" 0 4 ffffffffffffffff 0 " D " 1 0 0 0 0"
#define FILTER	" [BLOOM_FILTER m x1 0 0,/f8:2]"
#define TO_NAME	" [DST_NAME m x1 0 /s0]"

static const char *const scenes[] = {
	/* A call, its answer, and both given back. */
	"0 send 3 ok 0" CALL VEC "\n"
	"0 recv 4 ok 0\n"
	"0 send 4 ok 0" ANSWER VEC " [FREE c x1 0 off:4,/-]\n"
	"0 recv 3 ok 0\n"
	"0 free 3 ok 0 0 off:3\n",

	/* The same by EXCHANGE. */
	"0 exchange 3 ok 0" CALL " 0 0 0 now:0" VEC "\n"
	"0 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1000\n"
	"0 exchange 4 ok 0" ANSWER " 0 0 0 now:1000" VEC " [FREE c x1 0 off:4,/-]\n"
	"0 exchange 3 ok 0 10000 0 0 0 0 0 0 0 7 0 now:1000 0\n"
	"0 exchange 3 ok 0 0 0 0 0 0 0 0 0 7 0 0 0 [FREE c x1 0 off:3,/-]\n",

	/* A call that waits, answered by another thread. */
	"1 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1312d00\n"
	"1 exchange 4 ok 0" ANSWER " 0 0 0 now:1000" VEC " [FDS m x1 0 fd:b,/-]"
	" [FREE c x1 0 off:4,/-]\n"
	"0 send 3 ok 0 1 1 id:4 0 " D " 1 now:1312d00" VEC "\n"
	"0 free 3 ok 0 0 off:3\n",

	/* One whose receiver goes instead. */
	"1 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1312d00\n"
	"1 close 4 ok 0\n"
	"0 send 3 ok 0 1 1 id:4 0 " D " 1 now:1312d00" VEC "\n",

	/* One that drops the call, or only looks at it. */
	"1 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1312d00\n"
	"0 send 4 ok 0 0 1 id:4 0 " D " 1 now:5f5e100" VEC "\n"
	"0 recv 4 ok 0 1\n"
	"0 recv 4 ok 0 2\n"
	"0 send 3 ok 0 1 1 id:4 0 " D " 1 now:200000" VEC "\n",

	/* One that is called off. */
	"0 make 11 ok 0 4 0\n"
	"1 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1312d00\n"
	"1 file 11 ok 0 10\n"
	"0 send 3 ok 0 1 1 id:4 0 " D " 1 now:1312d00" VEC " [CANCEL_FD c x1 0 fd:b,/-]\n",

	/* Calls whose time is over, one while it waits in the queue of the caller. */
	"0 send 3 ok 0 0 1 id:4 0 " D " 1 now:1000" VEC "\n"
	"0 send 3 ok 0 0 1 id:5 0 " D " 2 now:80000" VEC "\n"
	"0 send 3 ok 0 0 1 id:3 0 " D " 3 now:80000" VEC "\n"
	"0 poll 3 ok 0 5 1\n"
	"0 exchange 3 ok 0 0 0 0 0 0 0 0 0 7 0 now:200000\n"
	"0 exchange 3 ok 0 0 0 0 0 0 0 0 0 7 0 now:200000\n"
	"0 recv 4 ok 0\n"
	"0 send 4 ok 0" ANSWER VEC "\n",

	/* Messages wait at an activator, go to an owner, to the next one, and back. */
	"0 open 6 ok 0 1\n"
	"0 hello 6 ok 0 3 ffffffffffffffff 3fff 10000 [NAME c x1 0 /s0]\n"
	"0 send 3 ok 0 0 0 0 0 " D " 1" TO_NAME VEC "\n"
	"0 send 3 ok 0 0 1 0 0 " D " 2 now:5f5e100" TO_NAME VEC " [FDS m x1 0 fd:b,/-]\n"
	"0 name_acquire 4 ok 0 2 [NAME c x1 0 /s0]\n"
	"0 recv 4 ok 0\n"
	"0 send 5 ok 0 0 0 0 0 " D " 3" TO_NAME LARGE "\n"
	"0 name_acquire 5 ok 0 1 [NAME c x1 0 /s0]\n"
	"0 send 3 ok 0 0 1 0 0 " D " 4 now:5f5e100" TO_NAME VEC "\n"
	"0 name_release 5 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 list 3 ok 0 f\n"
	"0 recv 6 ok 0\n"
	"0 send 3 ok 0 0 2 0 0 " D " 5" TO_NAME VEC "\n"
	"0 close 6 ok 0\n",

	/* Several wait for a name. */
	"0 name_acquire 4 ok 0 2 [NAME c x1 0 /s0]\n"
	"0 name_acquire 3 ok 0 4 [NAME c x1 0 /s0]\n"
	"0 name_acquire 5 ok 0 4 [NAME c x1 0 /s0]\n"
	"0 match_add 5 ok 0 0 1 [NAME_CHANGE c x1 0 ffffffffffffffff,0,ffffffffffffffff,0,/s0]\n"
	"0 list 5 ok 0 f\n"
	"0 conn_info 5 ok 0 0 0 10 [NAME c x1 0 /s0]\n"
	"0 name_release 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 name_acquire 4 ok 0 5 [NAME c x1 0 /s0]\n"
	"0 name_release 3 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 byebye 3 ok 0\n"
	"0 recv 5 ok 0\n",

	/* An endpoint with a policy, which changes while somebody uses it. */
	"0 open 2 ok 0 1\n"
	"0 endpoint_make 2 ok 0 2 [MAKE_NAME c x1 0 /s27]\n"
	"0 endpoint_update 2 ok 0 0 [NAME c x1 0 /s0] [POLICY_ACCESS c x1 0 3,2,0,/-]"
	" [NAME c x1 0 /s8] [POLICY_ACCESS c x1 0 1,1,3e8,/-]\n"
	"0 open 6 ok 0 2\n"
	"0 hello 6 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 name_acquire 6 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 name_acquire 4 ok 0 0 [NAME c x1 0 /s1]\n"
	"0 send 6 ok 0 0 1 0 0 " D " 1 now:5f5e100 [DST_NAME m x1 0 /s1]" VEC "\n"
	"0 send 3 ok 0 0 0 id:6 0 " D " 1" VEC "\n"
	"0 send 6 ok 0" PLAIN VEC "\n"
	"0 match_add 6 ok 0 0 1 [NAME_ADD c x1 0 ffffffffffffffff,0,ffffffffffffffff,0,/-]\n"
	"0 conn_info 6 ok 0 0 0 3fff [NAME c x1 0 /s1]\n"
	"0 list 6 ok 0 f\n"
	"0 endpoint_update 2 ok 0 0 [NAME c x1 0 /s1] [POLICY_ACCESS c x1 0 3,1,0,/-]\n"
	"0 send 6 ok 0 0 0 0 0 " D " 1 0 0 0 0 [DST_NAME m x1 0 /s1]" VEC "\n"
	"0 endpoint_update 2 ok 0\n"
	"0 send 6 ok 0 0 0 0 0 " D " 1 0 0 0 0 [DST_NAME m x1 0 /s1]" VEC "\n"
	"0 close 2 ok 0\n",

	/* Names that others may own, talk to, or see; other users use them. */
	"0 open 6 ok 0 1\n"
	"0 hello 6 ok 0 4 0 0 1000 [NAME c x1 0 /s0] [POLICY_ACCESS c x1 0 1,2,3e8,/-]"
	" [POLICY_ACCESS c x1 0 2,1,3e9,/-]\n"
	"0 open 8 ok 0 1\n"
	"0 hello 8 ok 0 4 0 0 1000 [NAME c x1 0 /s8] [POLICY_ACCESS c x1 0 3,1,0,/-]\n"
	"0 user 0 ok 0 3e8\n"
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 name_acquire 7 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 name_acquire 7 ok 0 0 [NAME c x1 0 /s1]\n"
	"0 send 7 ok 0 0 0 id:3 0 " D " 1" VEC "\n"
	"0 send 7 ok 0" SIGNAL FILTER "\n"
	"0 user 0 ok 0 103ea\n"
	"0 open 5 ok 0 1\n"
	"0 hello 5 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 send 5 ok 0 0 0 0 0 " D " 1" TO_NAME VEC "\n"
	"0 recv 7 ok 0\n"
	"0 update 6 ok 0 0 [NAME c x1 0 /s0] [POLICY_ACCESS c x1 0 1,0,3e9,/-]\n"
	"0 send 5 ok 0 0 0 0 0 " D " 1" TO_NAME VEC "\n"
	"0 user 0 ok 0 0\n"
	"0 send 3 ok 0 0 0 id:7 0 " D " 1" VEC "\n"
	"0 close 8 ok 0\n",

	/* Two users fill the pool and the queue of somebody. */
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 40\n"
	"0 user 0 ok 0 3e8\n"
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 send 7 ok 0" PLAIN LARGE " [FDS m x1 0 fd:b,fd:b,fd:b,fd:b,/-]\n"
	"0 again 7 ok 0 100\n"
	"0 user 0 ok 0 0\n"
	"0 recv 4 ok 0\n"
	"0 free 4 ok 0 0 off:4\n"
	"0 send 7 ok 0" PLAIN VEC "\n",

	/* Who waits for room gets it from a receiver that reads, frees, goes, or does nothing. */
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 100\n"
	"1 recv 4 ok 0\n"
	"1 free 4 ok 0 0 off:4\n"
	"0 send 3 ok 0 10000 0 id:4 0 " D " 1" LARGE " [DEADLINE c x1 0 now:1312d00,/-]\n"
	"1 recv 4 ok 0 2\n"
	"0 exchange 3 ok 0 20000 0 id:4 0 " D " 1 0 0 0 0 now:1000" LARGE
	" [DEADLINE c x1 0 now:1312d00,/-]\n"
	"1 file 11 ok 0 10\n"
	"0 send 3 ok 0 10000 0 id:4 0 " D " 1" LARGE " [DEADLINE c x1 0 now:1312d00,/-]"
	" [CANCEL_FD c x1 0 fd:b,/-]\n"
	"1 close 4 ok 0\n"
	"0 send 3 ok 0 10001 1 id:4 0 " D " 1 now:1312d00" LARGE "\n",

	/* Who asks for room is told when there is some, or when the destination has gone. */
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 100\n"
	"0 room 3 ok 0 0 id:4 9000 0\n"
	"0 poll 3 ok 0 2 3\n"
	"0 recv 4 ok 0\n"
	"0 free 4 ok 0 0 off:4\n"
	"0 poll 3 ok 0 2 3\n"
	"0 room 3 ok 0 0 id:4 ffff0 4\n"
	"0 room 3 ok 0 0 0 9000 0 [NAME c x1 0 /s0]\n"
	"0 close 4 ok 0\n"
	"0 poll 3 ok 0 2 3\n",

	/* A name goes from one who has no room to somebody else, while a message waits for it, and a question. */
	"0 name_acquire 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 100\n"
	"0 room 5 ok 0 0 0 9000 0 [NAME c x1 0 /s0]\n"
	"1 poll 5 ok 0 3 3\n"
	"1 name_release 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"1 name_acquire 5 ok 0 0 [NAME c x1 0 /s0]\n"
	"1 recv 5 ok 0\n"
	"0 send 3 ok 0 10000 0 0 0 " D " 1" LARGE TO_NAME " [DEADLINE c x1 0 now:1312d00,/-]\n",

	/* Two users wait at one receiver, who makes room bit by bit. */
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 40\n"
	"0 user 0 ok 0 3e8\n"
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 send 7 ok 0 0 0 id:4 0 " D " 1" LARGE "\n"
	"0 again 7 ok 0 100\n"
	"0 user 0 ok 0 0\n"
	"2 recv 4 ok 0\n"
	"2 free 4 ok 0 0 off:4\n"
	"2 again 4 ok 0 2\n"
	"2 recv 4 ok 0 2\n"
	"2 again 4 ok 0 20\n"
	"1 send 7 ok 0 10000 0 id:4 0 " D " 1" LARGE " [DEADLINE c x1 0 now:1312d00,/-]\n"
	"1 again 7 ok 0 4\n"
	"0 send 3 ok 0 10000 0 id:4 0 " D " 1" LARGE " [DEADLINE c x1 0 now:1312d00,/-]\n"
	"0 again 3 ok 0 4\n",

	/* A broadcast waits for all who listen. */
	"0 match_add 4 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 match_add 5 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 send 3 ok 0" SIGNAL FILTER LARGE "\n"
	"0 again 3 ok 0 100\n"
	"1 recv 4 ok 0\n"
	"1 free 4 ok 0 0 off:4\n"
	"0 send 3 ok 0 10000 4 ffffffffffffffff 0 " D " 1 0 0 0 0" FILTER LARGE
	" [DEADLINE c x1 0 now:1312d00,/-]\n"
	"1 close 5 ok 0\n"
	"0 send 3 ok 0 10000 4 ffffffffffffffff 0 " D " 1 0 0 0 0" FILTER LARGE
	" [DEADLINE c x1 0 now:200000,/-]\n",

	/* Somebody watches. */
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 9 0 3fff 20000\n"
	"0 mmap 7 ok 0 0 0 1 1\n"
	"0 send 3 ok 0" PLAIN VEC " [FDS m x1 0 fd:b,/-]\n"
	"0 send 3 ok 0" CALL VEC "\n"
	"0 send 3 ok 0" SIGNAL FILTER VEC "\n"
	"0 name_acquire 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 recv 7 ok 0\n"
	"0 recv 7 ok 0 1\n"
	"0 recv 7 ok 0 4 1\n"
	"0 recv 7 ok 0 2\n"
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 again 3 ok 0 20\n"
	"0 recv 7 ok 0\n",

	/* Somebody stands for somebody else. */
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000 [CREDS c x1 0 3e8,3e8,3e8,3e8,3e8,3e8,3e8,3e8,/-]"
	" [PIDS c x1 0 1,1,0,/-] [SECLABEL c x1 0 /s20] [CONN_DESCRIPTION c x1 0 /s20]\n"
	"0 name_acquire 7 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 conn_info 3 ok 0 0 id:7 3fff\n"
	"0 update 3 ok 0 0 [ATTACH_FLAGS_RECV c x1 0 3fff,/-] [ATTACH_FLAGS_SEND c x1 0 3fff,/-]\n"
	"0 send 7 ok 0 0 0 id:3 0 " D " 1" VEC "\n"
	"0 recv 3 ok 0\n",

	/* Everything that can be told about a sender. */
	"0 update 3 ok 0 0 [ATTACH_FLAGS_SEND c x1 0 3fff,/-]\n"
	"0 update 4 ok 0 0 [ATTACH_FLAGS_RECV c x1 0 3fff,/-] [ATTACH_FLAGS_SEND c x1 0 3fff,/-]\n"
	"0 name_acquire 3 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 name_acquire 3 ok 0 0 [NAME c x1 0 /s1]\n"
	"0 send 3 ok 0" PLAIN VEC "\n"
	"0 recv 4 ok 0\n"
	"0 conn_info 4 ok 0 0 id:3 3fff\n"
	"0 creator_info 4 ok 0 0 0 3fff\n"
	"2 userns 0 ok 0\n"
	"2 send 3 ok 0" PLAIN VEC "\n"
	"2 recv 4 ok 0\n",

	/* Payload in sealed memory, and descriptors of all kinds. */
	"0 make 9 ok 0 0 3000 f\n"
	"0 make 10 ok 0 0 20 f\n"
	"0 send 3 ok 0" PLAIN " [PAYLOAD_MEMFD m x1 0 10,2000,fd:9,/-]" VEC
	" [PAYLOAD_MEMFD m x1 0 0,20,fd:a,/-] [FDS m x1 0 fd:9,fd:b,fd:a,/-]\n"
	"0 recv 4 ok 0 1\n"
	"0 file 4 ok 0 12 1\n"
	"0 recv 4 ok 0\n"
	"0 walk 4 ok 0\n"
	"0 send 3 ok 0" PLAIN " [PAYLOAD_VEC m x1 0 123,0,/-] [PAYLOAD_VEC m x1 0 9,mem:3,/-]\n"
	"0 recv 4 ok 0 2\n"
	"0 recv 4 ok 0 2\n",

	/* Signals, and who is interested in them. */
	"0 match_add 3 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 match_add 4 ok 0 0 2 [BLOOM_MASK c x1 0 /f8:2] [ID c x1 0 id:5,/-]\n"
	"0 match_add 4 ok 0 0 3 [NAME c x1 0 /s0] [BLOOM_MASK c x1 0 /f16:1]\n"
	"0 match_add 5 ok 0 0 1 [ID_ADD c x1 0 ffffffffffffffff,0,/-]\n"
	"0 match_add 5 ok 0 0 2 [ID_REMOVE c x1 0 ffffffffffffffff,0,/-]\n"
	"0 match_add 5 ok 0 0 3 [NAME_REMOVE c x1 0 id:4,0,ffffffffffffffff,0,/s0]\n"
	"0 name_acquire 5 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 send 5 ok 0" SIGNAL FILTER VEC "\n"
	"0 send 5 ok 0" SIGNAL FILTER LARGE " [PAYLOAD_MEMFD m x1 0 0,20,fd:9,/-]\n"
	"0 send 5 ok 0 0 4 id:4 0 " D " 1 0 0 0 0" FILTER VEC "\n"
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 close 7 ok 0\n"
	"0 recv 3 ok 0\n"
	"0 recv 4 ok 0\n"
	"0 match_add 4 ok 0 1 3 [BLOOM_MASK c x1 0 /f8:3]\n"
	"0 match_remove 4 ok 0 0 2\n"
	"0 recv 5 ok 0\n",

	/* More signals than the receiver has room for. */
	"0 match_add 4 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 send 3 ok 0" SIGNAL FILTER LARGE "\n"
	"0 again 3 ok 0 80\n"
	"0 recv 4 ok 0\n"
	"0 recv 4 ok 0 4 2\n"
	"0 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1000\n"
	"0 byebye 4 ok 0\n",

	/* The same, told where they are missing: of signals, and of names that come and go. */
	"0 open 7 ok 0 1\n"
	"0 hello 7 ok 0 10001 ffffffffffffffff 3fff 1000\n"
	"0 mmap 7 ok 0 0 0 1 1\n"
	"0 match_add 7 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 match_add 7 ok 0 0 2 [NAME_ADD c x1 0 ffffffffffffffff,0,ffffffffffffffff,0,/-]\n"
	"0 send 3 ok 0" SIGNAL FILTER VEC "\n"
	"0 again 3 ok 0 20\n"
	"0 name_acquire 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 recv 7 ok 0\n"
	"0 free 7 ok 0 0 off:7\n"
	"0 send 3 ok 0" SIGNAL FILTER "\n"
	"0 recv 7 ok 0 1\n"
	"0 send 3 ok 0" SIGNAL FILTER LARGE "\n"
	"0 recv 7 ok 0\n"
	"0 again 7 ok 0 40\n"
	"0 byebye 7 ok 0\n",

	/* Pages of a pool that are of no use any more, and a kernel that wants them. */
	"0 send 3 ok 0" PLAIN " [PAYLOAD_VEC m x1 0 8000,mem:8,/-]\n"
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 recv 4 ok 0\n"
	"0 free 4 ok 0 0 off:4\n"
	"0 file 4 ok 0 13\n"
	"0 send 3 ok 0" PLAIN LARGE "\n"
	"0 walk 4 ok 0\n"
	"0 recv 4 ok 0\n"
	"0 free 4 ok 0 0 off:4\n"
	"0 file 4 ok 0 13\n"
	"0 walk 4 ok 0\n",

	/* A crowd is interested in the same; more than one kind of interest. */
	"0 crowd 0 ok 0 14 1\n"
	"0 match_add 4 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:3]\n"
	"0 again 4 ok 0 40\n"
	"0 send 3 ok 0" SIGNAL " [BLOOM_FILTER m x1 0 0,/f8:1]" VEC "\n"
	"0 send 3 ok 0" SIGNAL FILTER LARGE "\n"
	"0 name_acquire 4 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 list 3 ok 0 f\n"
	"0 match_remove 4 ok 0 0 4\n"
	"0 make 12 ok 0 c\n"
	"0 file 12 ok 0 f 20\n",

	/* Where results go cannot be written any more when they are there. */
	"3 flip 0 ok 0 1 0\n"
	"0 send 4 ok 0 0 0 id:3 0 " D " 1" VEC " [FDS m x1 0 fd:b,/-]\n"
	"0 exchange 3 flip 0 0 0 id:4 0 " D " 1 0 0 0 0 now:1000 0"
	" [PAYLOAD_VEC m x1 0 20,mem:30000000008,/-]\n"
	"0 recv 3 ok 0\n",

	/* The same, of a call that waits. */
	"3 flip 0 ok 0 1 0\n"
	"1 exchange 4 ok 0 0 0 0 0 0 0 0 0 7 0 now:1312d00\n"
	"1 exchange 4 ok 0" ANSWER " 0 0 0 now:1000" VEC " [FDS m x1 0 fd:b,/-]\n"
	"0 send 3 flip 0 1 1 id:4 0 " D " 1 now:1312d00"
	" [PAYLOAD_VEC m x1 0 20,mem:30000000008,/-]\n"
	"0 recv 3 ok 0\n",

	/* Another user namespace sees ids of its own. */
	"0 send 3 ok 0" PLAIN VEC "\n"
	"2 userns 0 ok 0\n"
	"2 open 6 ok 0 1\n"
	"2 hello 6 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"2 send 6 ok 0 0 0 id:6 0 " D " 1" VEC "\n"
	"2 recv 6 ok 0\n"
	"2 conn_info 6 ok 0 0 id:3 3fff\n"
	"2 list 6 ok 0 f\n"
	"2 mount 14 ok 0 0 6 2\n"
	"2 mount 14 ok 0 0 c 7\n"
	"2 make 12 ok 0 c\n"
	"2 file 12 ok 0 f 20\n",

	/* A domain with limits, and a bus in it. */
	"0 mount 14 ok 0 1 6 2\n"
	"0 open 1 ok 0 5 0 e\n"
	"0 bus_make 1 ok 0 2 [MAKE_NAME c x1 0 /s24] [BLOOM_PARAMETER c x1 0 8,1,/-]\n"
	"0 open 6 ok 0 6 0 e\n"
	"0 hello 6 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 open 7 ok 0 6 0 e\n"
	"0 hello 7 ok 0 1 ffffffffffffffff 3fff 10000\n"
	"0 send 6 ok 0 0 1 id:7 0 " D " 1 now:5f5e100" VEC "\n"
	"0 again 6 ok 0 8\n"
	"0 name_acquire 6 ok 0 0 [NAME c x1 0 /s0]\n"
	"0 name_acquire 6 ok 0 0 [NAME c x1 0 /s1]\n"
	"0 match_add 6 ok 0 0 1 [BLOOM_MASK c x1 0 /f8:0]\n"
	"0 again 6 ok 0 8\n",
};

#define N_SCENES (sizeof(scenes) / sizeof(scenes[0]))

/* Puts one before operation @at; what has no room is left out at the end. */
void scene_insert(struct random *random, struct prog *prog, unsigned int at)
{
	const char *text = scenes[random_below(random, N_SCENES)];
	static struct prog scene;
	unsigned int behind;

	/* A scene that cannot be read is a mistake in this file. */
	if (!prog_parse(&scene, text, NULL) || !scene.ops)
		abort();
	if (scene.ops > PROG_OPS - at)
		scene.ops = PROG_OPS - at;
	behind = prog->ops - at;
	if (behind > PROG_OPS - at - scene.ops)
		behind = PROG_OPS - at - scene.ops;
	memmove(&prog->op[at + scene.ops], &prog->op[at], behind * sizeof(prog->op[0]));
	memcpy(&prog->op[at], scene.op, scene.ops * sizeof(prog->op[0]));
	prog->ops = at + scene.ops + behind;
}
