// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The binary interface as the compiler sees it.  Nothing here talks to the
 * kernel; built with -m32 it proves that both word sizes agree.
 */
#include <stdalign.h>
#include "common.h"
#include "kselftest_harness.h"

#define EXPECT_MEMBER(type, member, bytes, at)				\
	do {								\
		EXPECT_EQ((size_t)(bytes), sizeof(((type *)0)->member));	\
		EXPECT_EQ((size_t)(at), offsetof(type, member));	\
	} while (0)

/* abi: 3/BUS_MAKE, 3/ENDPOINT_MAKE, 3/ENDPOINT_UPDATE, 3/HELLO, 3/UPDATE, 3/BYEBYE, 3/FREE */
TEST(ioctl_numbers_of_set_up_and_life)
{
	EXPECT_EQ(0x95, KDBUS_IOCTL_MAGIC);
	EXPECT_EQ(0x40189500UL, (unsigned long)KDBUS_CMD_BUS_MAKE);
	EXPECT_EQ(0x40189510UL, (unsigned long)KDBUS_CMD_ENDPOINT_MAKE);
	EXPECT_EQ(0x40189511UL, (unsigned long)KDBUS_CMD_ENDPOINT_UPDATE);
	EXPECT_EQ(0xc0609580UL, (unsigned long)KDBUS_CMD_HELLO);
	EXPECT_EQ(0x40189581UL, (unsigned long)KDBUS_CMD_UPDATE);
	EXPECT_EQ(0x40189582UL, (unsigned long)KDBUS_CMD_BYEBYE);
	EXPECT_EQ(0x40209583UL, (unsigned long)KDBUS_CMD_FREE);
}

/* abi: 3/CONN_INFO, 3/BUS_CREATOR_INFO, 3/LIST, 3/SEND, 3/RECV, 3/NAME_ACQUIRE */
/* abi: 3/NAME_RELEASE, 3/MATCH_ADD, 3/MATCH_REMOVE */
TEST(ioctl_numbers_of_queries_messages_names_matches)
{
	EXPECT_EQ(0x80389584UL, (unsigned long)KDBUS_CMD_CONN_INFO);
	EXPECT_EQ(0x80389585UL, (unsigned long)KDBUS_CMD_BUS_CREATOR_INFO);
	EXPECT_EQ(0x80289586UL, (unsigned long)KDBUS_CMD_LIST);
	EXPECT_EQ(0x40389590UL, (unsigned long)KDBUS_CMD_SEND);
	EXPECT_EQ(0x80409591UL, (unsigned long)KDBUS_CMD_RECV);
	EXPECT_EQ(0x401895a0UL, (unsigned long)KDBUS_CMD_NAME_ACQUIRE);
	EXPECT_EQ(0x401895a1UL, (unsigned long)KDBUS_CMD_NAME_RELEASE);
	EXPECT_EQ(0x402095b0UL, (unsigned long)KDBUS_CMD_MATCH_ADD);
	EXPECT_EQ(0x402095b1UL, (unsigned long)KDBUS_CMD_MATCH_REMOVE);
}

/* abi: 4/alignment */
TEST(every_structure_is_aligned_to_8)
{
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_hello));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_free));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_info));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_list));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_match));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_send));
	EXPECT_EQ(8UL, alignof(struct kdbus_cmd_recv));
	EXPECT_EQ(8UL, alignof(struct kdbus_msg));
	EXPECT_EQ(8UL, alignof(struct kdbus_msg_info));
	EXPECT_EQ(8UL, alignof(struct kdbus_info));
	EXPECT_EQ(8UL, alignof(struct kdbus_item));
	EXPECT_EQ(8UL, alignof(struct kdbus_vec));
	EXPECT_EQ(8UL, alignof(struct kdbus_caps));
	EXPECT_EQ(8UL, alignof(struct kdbus_audit));
}

/* abi: 4.1/prefix, 4.1/cmd, 4.1/hello */
TEST(layout_of_cmd_and_hello)
{
	EXPECT_EQ(24UL, sizeof(struct kdbus_cmd));
	EXPECT_MEMBER(struct kdbus_cmd, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_cmd, flags, 8, 8);
	EXPECT_MEMBER(struct kdbus_cmd, return_flags, 8, 16);
	EXPECT_EQ(24UL, offsetof(struct kdbus_cmd, items));

	EXPECT_EQ(96UL, sizeof(struct kdbus_cmd_hello));
	EXPECT_MEMBER(struct kdbus_cmd_hello, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_cmd_hello, flags, 8, 8);
	EXPECT_MEMBER(struct kdbus_cmd_hello, return_flags, 8, 16);
	EXPECT_MEMBER(struct kdbus_cmd_hello, attach_flags_send, 8, 24);
	EXPECT_MEMBER(struct kdbus_cmd_hello, attach_flags_recv, 8, 32);
	EXPECT_MEMBER(struct kdbus_cmd_hello, bus_flags, 8, 40);
	EXPECT_MEMBER(struct kdbus_cmd_hello, id, 8, 48);
	EXPECT_MEMBER(struct kdbus_cmd_hello, pool_size, 8, 56);
	EXPECT_MEMBER(struct kdbus_cmd_hello, offset, 8, 64);
	EXPECT_MEMBER(struct kdbus_cmd_hello, items_size, 8, 72);
	EXPECT_MEMBER(struct kdbus_cmd_hello, id128, 16, 80);
	EXPECT_EQ(96UL, offsetof(struct kdbus_cmd_hello, items));
}

/* abi: 4.1/free, 4.1/info, 4.1/list, 4.1/match */
TEST(layout_of_free_info_list_match)
{
	EXPECT_EQ(32UL, sizeof(struct kdbus_cmd_free));
	EXPECT_MEMBER(struct kdbus_cmd_free, offset, 8, 24);
	EXPECT_EQ(32UL, offsetof(struct kdbus_cmd_free, items));

	EXPECT_EQ(56UL, sizeof(struct kdbus_cmd_info));
	EXPECT_MEMBER(struct kdbus_cmd_info, id, 8, 24);
	EXPECT_MEMBER(struct kdbus_cmd_info, attach_flags, 8, 32);
	EXPECT_MEMBER(struct kdbus_cmd_info, offset, 8, 40);
	EXPECT_MEMBER(struct kdbus_cmd_info, info_size, 8, 48);
	EXPECT_EQ(56UL, offsetof(struct kdbus_cmd_info, items));

	EXPECT_EQ(40UL, sizeof(struct kdbus_cmd_list));
	EXPECT_MEMBER(struct kdbus_cmd_list, offset, 8, 24);
	EXPECT_MEMBER(struct kdbus_cmd_list, list_size, 8, 32);
	EXPECT_EQ(40UL, offsetof(struct kdbus_cmd_list, items));

	EXPECT_EQ(32UL, sizeof(struct kdbus_cmd_match));
	EXPECT_MEMBER(struct kdbus_cmd_match, cookie, 8, 24);
	EXPECT_EQ(32UL, offsetof(struct kdbus_cmd_match, items));
}

/* abi: 4.1/msg_info, 4.1/send, 4.1/recv */
TEST(layout_of_send_and_recv)
{
	EXPECT_EQ(24UL, sizeof(struct kdbus_msg_info));
	EXPECT_MEMBER(struct kdbus_msg_info, offset, 8, 0);
	EXPECT_MEMBER(struct kdbus_msg_info, msg_size, 8, 8);
	EXPECT_MEMBER(struct kdbus_msg_info, return_flags, 8, 16);

	EXPECT_EQ(56UL, sizeof(struct kdbus_cmd_send));
	EXPECT_MEMBER(struct kdbus_cmd_send, msg_address, 8, 24);
	EXPECT_MEMBER(struct kdbus_cmd_send, reply, 24, 32);
	EXPECT_EQ(56UL, offsetof(struct kdbus_cmd_send, items));

	EXPECT_EQ(64UL, sizeof(struct kdbus_cmd_recv));
	EXPECT_MEMBER(struct kdbus_cmd_recv, priority, 8, 24);
	EXPECT_MEMBER(struct kdbus_cmd_recv, dropped_msgs, 8, 32);
	EXPECT_MEMBER(struct kdbus_cmd_recv, msg, 24, 40);
	EXPECT_EQ(64UL, offsetof(struct kdbus_cmd_recv, items));
}

/* abi: 4.2/msg, 4.2/info */
TEST(layout_of_msg_and_info)
{
	EXPECT_EQ(64UL, sizeof(struct kdbus_msg));
	EXPECT_MEMBER(struct kdbus_msg, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_msg, flags, 8, 8);
	EXPECT_MEMBER(struct kdbus_msg, priority, 8, 16);
	EXPECT_MEMBER(struct kdbus_msg, dst_id, 8, 24);
	EXPECT_MEMBER(struct kdbus_msg, src_id, 8, 32);
	EXPECT_MEMBER(struct kdbus_msg, payload_type, 8, 40);
	EXPECT_MEMBER(struct kdbus_msg, cookie, 8, 48);
	EXPECT_MEMBER(struct kdbus_msg, timeout_ns, 8, 56);
	EXPECT_MEMBER(struct kdbus_msg, cookie_reply, 8, 56);
	EXPECT_EQ(64UL, offsetof(struct kdbus_msg, items));
	EXPECT_TRUE((__typeof__(((struct kdbus_msg *)0)->priority))-1 < 0);

	EXPECT_EQ(24UL, sizeof(struct kdbus_info));
	EXPECT_MEMBER(struct kdbus_info, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_info, id, 8, 8);
	EXPECT_MEMBER(struct kdbus_info, flags, 8, 16);
	EXPECT_EQ(24UL, offsetof(struct kdbus_info, items));
}

/* abi: 4.3/item */
TEST(layout_of_item)
{
	EXPECT_EQ(80UL, sizeof(struct kdbus_item));
	EXPECT_MEMBER(struct kdbus_item, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_item, type, 8, 8);
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, data));
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, data32));
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, data64));
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, str));
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, fds));
	EXPECT_MEMBER(struct kdbus_item, id, 8, 16);
	EXPECT_MEMBER(struct kdbus_item, vec, 16, 16);
	EXPECT_MEMBER(struct kdbus_item, creds, 64, 16);
	EXPECT_MEMBER(struct kdbus_item, pids, 24, 16);
	EXPECT_MEMBER(struct kdbus_item, audit, 8, 16);
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, caps));
	EXPECT_MEMBER(struct kdbus_item, timestamp, 24, 16);
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, name));
	EXPECT_MEMBER(struct kdbus_item, memfd, 24, 16);
	EXPECT_MEMBER(struct kdbus_item, bloom_parameter, 16, 16);
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, bloom_filter));
	EXPECT_MEMBER(struct kdbus_item, policy_access, 24, 16);
	EXPECT_MEMBER(struct kdbus_item, id_change, 16, 16);
	EXPECT_EQ(16UL, offsetof(struct kdbus_item, name_change));
}

/* abi: 4.3/vec, 4.3/memfd, 4.3/bloom_parameter, 4.3/bloom_filter, 4.3/creds, 4.3/pids */
TEST(layout_of_payloads_from_users)
{
	EXPECT_MEMBER(struct kdbus_vec, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_vec, address, 8, 8);
	EXPECT_MEMBER(struct kdbus_vec, offset, 8, 8);
	EXPECT_MEMBER(struct kdbus_memfd, start, 8, 0);
	EXPECT_MEMBER(struct kdbus_memfd, size, 8, 8);
	EXPECT_MEMBER(struct kdbus_memfd, fd, 4, 16);
	EXPECT_MEMBER(struct kdbus_memfd, __pad, 4, 20);
	EXPECT_MEMBER(struct kdbus_bloom_parameter, size, 8, 0);
	EXPECT_MEMBER(struct kdbus_bloom_parameter, n_hash, 8, 8);
	EXPECT_MEMBER(struct kdbus_bloom_filter, generation, 8, 0);
	EXPECT_EQ(8UL, offsetof(struct kdbus_bloom_filter, data));
	EXPECT_EQ(8UL, sizeof(((struct kdbus_bloom_filter *)0)->data[0]));
	EXPECT_MEMBER(struct kdbus_creds, uid, 8, 0);
	EXPECT_MEMBER(struct kdbus_creds, euid, 8, 8);
	EXPECT_MEMBER(struct kdbus_creds, suid, 8, 16);
	EXPECT_MEMBER(struct kdbus_creds, fsuid, 8, 24);
	EXPECT_MEMBER(struct kdbus_creds, gid, 8, 32);
	EXPECT_MEMBER(struct kdbus_creds, egid, 8, 40);
	EXPECT_MEMBER(struct kdbus_creds, sgid, 8, 48);
	EXPECT_MEMBER(struct kdbus_creds, fsgid, 8, 56);
	EXPECT_MEMBER(struct kdbus_pids, pid, 8, 0);
	EXPECT_MEMBER(struct kdbus_pids, tid, 8, 8);
	EXPECT_MEMBER(struct kdbus_pids, ppid, 8, 16);
}

/* abi: 4.3/caps, 4.3/audit, 4.3/timestamp, 4.3/name, 4.3/policy_access */
/* abi: 4.3/notify_id_change, 4.3/notify_name_change */
TEST(layout_of_payloads_from_the_kernel)
{
	EXPECT_MEMBER(struct kdbus_caps, last_cap, 4, 0);
	EXPECT_EQ(4UL, offsetof(struct kdbus_caps, caps));
	EXPECT_EQ(4UL, sizeof(((struct kdbus_caps *)0)->caps[0]));
	EXPECT_MEMBER(struct kdbus_audit, sessionid, 4, 0);
	EXPECT_MEMBER(struct kdbus_audit, loginuid, 4, 4);
	EXPECT_MEMBER(struct kdbus_timestamp, seqnum, 8, 0);
	EXPECT_MEMBER(struct kdbus_timestamp, monotonic_ns, 8, 8);
	EXPECT_MEMBER(struct kdbus_timestamp, realtime_ns, 8, 16);
	EXPECT_MEMBER(struct kdbus_name, flags, 8, 0);
	EXPECT_EQ(8UL, offsetof(struct kdbus_name, name));
	EXPECT_MEMBER(struct kdbus_policy_access, type, 8, 0);
	EXPECT_MEMBER(struct kdbus_policy_access, access, 8, 8);
	EXPECT_MEMBER(struct kdbus_policy_access, id, 8, 16);
	EXPECT_MEMBER(struct kdbus_notify_id_change, id, 8, 0);
	EXPECT_MEMBER(struct kdbus_notify_id_change, flags, 8, 8);
	EXPECT_MEMBER(struct kdbus_notify_name_change, old_id, 16, 0);
	EXPECT_MEMBER(struct kdbus_notify_name_change, new_id, 16, 16);
	EXPECT_EQ(32UL, offsetof(struct kdbus_notify_name_change, name));
	EXPECT_EQ(32UL, sizeof(struct kdbus_notify_name_change));
}

/* abi: 5.1/specials */
TEST(special_values)
{
	EXPECT_EQ(0ULL, (__u64)KDBUS_SRC_ID_KERNEL);
	EXPECT_EQ(0ULL, (__u64)KDBUS_DST_ID_NAME);
	EXPECT_EQ(0xffffffffffffffffULL, (__u64)KDBUS_DST_ID_BROADCAST);
	EXPECT_EQ(0xffffffffffffffffULL, (__u64)KDBUS_MATCH_ID_ANY);
	EXPECT_EQ(0x8000000000000000ULL, (__u64)KDBUS_FLAG_NEGOTIATE);
	EXPECT_EQ(0ULL, (__u64)KDBUS_PAYLOAD_KERNEL);
	EXPECT_EQ(0x4442757344427573ULL, (__u64)KDBUS_PAYLOAD_DBUS);
}

/* abi: 5.2/user */
TEST(item_types_of_users)
{
	static const int types[] = {
		_KDBUS_ITEM_NULL, KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_PAYLOAD_VEC,
		KDBUS_ITEM_PAYLOAD_OFF, KDBUS_ITEM_PAYLOAD_MEMFD, KDBUS_ITEM_FDS,
		KDBUS_ITEM_CANCEL_FD, KDBUS_ITEM_BLOOM_PARAMETER, KDBUS_ITEM_BLOOM_FILTER,
		KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_DST_NAME, KDBUS_ITEM_MAKE_NAME,
		KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ITEM_ATTACH_FLAGS_RECV, KDBUS_ITEM_ID,
		KDBUS_ITEM_NAME, KDBUS_ITEM_DST_ID,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ((int)i, types[i]);
	}
	EXPECT_EQ(1, (int)_KDBUS_ITEM_USER_BASE);
}

/* abi: 5.2/attach, 5.3/attach */
TEST(metadata_item_type_is_0x1000_plus_bit_of_its_flag)
{
	static const struct {
		__u64 flag;
		int type;
	} kinds[] = {
		{ KDBUS_ATTACH_TIMESTAMP, KDBUS_ITEM_TIMESTAMP },
		{ KDBUS_ATTACH_CREDS, KDBUS_ITEM_CREDS },
		{ KDBUS_ATTACH_PIDS, KDBUS_ITEM_PIDS },
		{ KDBUS_ATTACH_AUXGROUPS, KDBUS_ITEM_AUXGROUPS },
		{ KDBUS_ATTACH_NAMES, KDBUS_ITEM_OWNED_NAME },
		{ KDBUS_ATTACH_TID_COMM, KDBUS_ITEM_TID_COMM },
		{ KDBUS_ATTACH_PID_COMM, KDBUS_ITEM_PID_COMM },
		{ KDBUS_ATTACH_EXE, KDBUS_ITEM_EXE },
		{ KDBUS_ATTACH_CMDLINE, KDBUS_ITEM_CMDLINE },
		{ KDBUS_ATTACH_CGROUP, KDBUS_ITEM_CGROUP },
		{ KDBUS_ATTACH_CAPS, KDBUS_ITEM_CAPS },
		{ KDBUS_ATTACH_SECLABEL, KDBUS_ITEM_SECLABEL },
		{ KDBUS_ATTACH_AUDIT, KDBUS_ITEM_AUDIT },
		{ KDBUS_ATTACH_CONN_DESCRIPTION, KDBUS_ITEM_CONN_DESCRIPTION },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(1ULL << i, kinds[i].flag);
		EXPECT_EQ(0x1000 + (int)i, kinds[i].type);
	}
	EXPECT_EQ(0x1000, (int)_KDBUS_ITEM_ATTACH_BASE);
	EXPECT_EQ(0x3fffULL, (__u64)_KDBUS_ATTACH_ALL);
	EXPECT_EQ(~0ULL, (__u64)_KDBUS_ATTACH_ANY);
}

/* abi: 5.2/policy, 5.2/kernel */
TEST(item_types_of_policy_and_kernel)
{
	EXPECT_EQ(0x2000, (int)_KDBUS_ITEM_POLICY_BASE);
	EXPECT_EQ(0x2000, (int)KDBUS_ITEM_POLICY_ACCESS);
	EXPECT_EQ(0x8000, (int)_KDBUS_ITEM_KERNEL_BASE);
	EXPECT_EQ(0x8000, (int)KDBUS_ITEM_NAME_ADD);
	EXPECT_EQ(0x8001, (int)KDBUS_ITEM_NAME_REMOVE);
	EXPECT_EQ(0x8002, (int)KDBUS_ITEM_NAME_CHANGE);
	EXPECT_EQ(0x8003, (int)KDBUS_ITEM_ID_ADD);
	EXPECT_EQ(0x8004, (int)KDBUS_ITEM_ID_REMOVE);
	EXPECT_EQ(0x8005, (int)KDBUS_ITEM_REPLY_TIMEOUT);
	EXPECT_EQ(0x8006, (int)KDBUS_ITEM_REPLY_DEAD);
}

/* abi: 5.3/make, 5.3/hello, 5.3/message, 5.3/send, 5.3/recv, 5.3/recv-return, 5.3/list */
TEST(flag_bits_of_commands)
{
	EXPECT_EQ(0x1, (int)KDBUS_MAKE_ACCESS_GROUP);
	EXPECT_EQ(0x2, (int)KDBUS_MAKE_ACCESS_WORLD);
	EXPECT_EQ(0x1, (int)KDBUS_HELLO_ACCEPT_FD);
	EXPECT_EQ(0x2, (int)KDBUS_HELLO_ACTIVATOR);
	EXPECT_EQ(0x4, (int)KDBUS_HELLO_POLICY_HOLDER);
	EXPECT_EQ(0x8, (int)KDBUS_HELLO_MONITOR);
	EXPECT_EQ(0x1, (int)KDBUS_MSG_EXPECT_REPLY);
	EXPECT_EQ(0x2, (int)KDBUS_MSG_NO_AUTO_START);
	EXPECT_EQ(0x4, (int)KDBUS_MSG_SIGNAL);
	EXPECT_EQ(0x1, (int)KDBUS_SEND_SYNC_REPLY);
	EXPECT_EQ(0x1, (int)KDBUS_RECV_PEEK);
	EXPECT_EQ(0x2, (int)KDBUS_RECV_DROP);
	EXPECT_EQ(0x4, (int)KDBUS_RECV_USE_PRIORITY);
	EXPECT_EQ(0x1, (int)KDBUS_RECV_RETURN_INCOMPLETE_FDS);
	EXPECT_EQ(0x2, (int)KDBUS_RECV_RETURN_DROPPED_MSGS);
	EXPECT_EQ(0x1, (int)KDBUS_LIST_UNIQUE);
	EXPECT_EQ(0x2, (int)KDBUS_LIST_NAMES);
	EXPECT_EQ(0x4, (int)KDBUS_LIST_ACTIVATORS);
	EXPECT_EQ(0x8, (int)KDBUS_LIST_QUEUED);
}

/* abi: 5.3/match, 5.3/name, 5.3/policy-type, 5.3/policy-level */
TEST(flag_bits_of_names_matches_policy)
{
	EXPECT_EQ(0x1, (int)KDBUS_MATCH_REPLACE);
	EXPECT_EQ(0x1, (int)KDBUS_NAME_REPLACE_EXISTING);
	EXPECT_EQ(0x2, (int)KDBUS_NAME_ALLOW_REPLACEMENT);
	EXPECT_EQ(0x4, (int)KDBUS_NAME_QUEUE);
	EXPECT_EQ(0x8, (int)KDBUS_NAME_IN_QUEUE);
	EXPECT_EQ(0x10, (int)KDBUS_NAME_ACTIVATOR);
	EXPECT_EQ(0x20, (int)KDBUS_NAME_PRIMARY);
	EXPECT_EQ(0x40, (int)KDBUS_NAME_ACQUIRED);
	EXPECT_EQ(1, (int)KDBUS_POLICY_ACCESS_USER);
	EXPECT_EQ(2, (int)KDBUS_POLICY_ACCESS_GROUP);
	EXPECT_EQ(3, (int)KDBUS_POLICY_ACCESS_WORLD);
	EXPECT_EQ(0, (int)KDBUS_POLICY_SEE);
	EXPECT_EQ(1, (int)KDBUS_POLICY_TALK);
	EXPECT_EQ(2, (int)KDBUS_POLICY_OWN);
}

TEST_HARNESS_MAIN
