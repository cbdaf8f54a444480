/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Items, and whether they are well-formed */
#ifndef KDBUS_TESTS_ITEM_CASES_H
#define KDBUS_TESTS_ITEM_CASES_H

#define C63	"abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz-012345678"

struct item_case {
	const char *what;
	u64 type;
	size_t size;		/* of the payload */
	const void *payload;	/* NULL: zero bytes */
	int result;
};

static const struct kdbus_vec vec_full = { .size = 1, .address = 0 };
static const struct kdbus_vec vec_empty = { .size = 0, .address = 8 };
static const struct kdbus_memfd memfd_full = { .size = 1, .fd = 0 };
static const struct kdbus_memfd memfd_empty = { .size = 0, .fd = 0 };
static const struct kdbus_memfd memfd_negative = { .size = 1, .fd = -1 };
static const struct kdbus_memfd memfd_empty_negative = { .size = 0, .fd = -1 };

static const struct {
	struct kdbus_notify_name_change change;
	char name[4];
} change_name = { .name = "a.b" }, change_cut = { .name = { 'a', '.', 'b', 'c' } };

static const struct item_case item_cases[] = {
	{ "negotiate_empty", KDBUS_ITEM_NEGOTIATE, 0, NULL, 0 },
	{ "negotiate_one", KDBUS_ITEM_NEGOTIATE, 8, NULL, 0 },
	{ "negotiate_uneven", KDBUS_ITEM_NEGOTIATE, 12, NULL, -EINVAL },
	{ "vec", KDBUS_ITEM_PAYLOAD_VEC, 16, &vec_full, 0 },
	{ "vec_short", KDBUS_ITEM_PAYLOAD_VEC, 15, &vec_full, -EINVAL },
	{ "vec_long", KDBUS_ITEM_PAYLOAD_VEC, 17, NULL, -EINVAL },
	{ "vec_of_size_0", KDBUS_ITEM_PAYLOAD_VEC, 16, &vec_empty, -EINVAL },
	{ "memfd", KDBUS_ITEM_PAYLOAD_MEMFD, 24, &memfd_full, 0 },
	{ "memfd_short", KDBUS_ITEM_PAYLOAD_MEMFD, 20, &memfd_full, -EINVAL },
	{ "memfd_long", KDBUS_ITEM_PAYLOAD_MEMFD, 25, NULL, -EINVAL },
	{ "memfd_of_size_0", KDBUS_ITEM_PAYLOAD_MEMFD, 24, &memfd_empty, -EINVAL },
	{ "memfd_negative_fd", KDBUS_ITEM_PAYLOAD_MEMFD, 24, &memfd_negative, -EBADF },
	{ "memfd_size_before_fd", KDBUS_ITEM_PAYLOAD_MEMFD, 24, &memfd_empty_negative, -EINVAL },
	{ "fds_none", KDBUS_ITEM_FDS, 0, NULL, 0 },
	{ "fds_one", KDBUS_ITEM_FDS, 4, NULL, 0 },
	{ "fds_many", KDBUS_ITEM_FDS, 400, NULL, 0 },
	{ "fds_uneven", KDBUS_ITEM_FDS, 6, NULL, -EINVAL },
	{ "cancel_fd", KDBUS_ITEM_CANCEL_FD, 4, NULL, 0 },
	{ "cancel_fd_short", KDBUS_ITEM_CANCEL_FD, 3, NULL, -EINVAL },
	{ "cancel_fd_long", KDBUS_ITEM_CANCEL_FD, 8, NULL, -EINVAL },
	{ "bloom_parameter", KDBUS_ITEM_BLOOM_PARAMETER, 16, NULL, 0 },
	{ "bloom_parameter_short", KDBUS_ITEM_BLOOM_PARAMETER, 8, NULL, -EINVAL },
	{ "bloom_parameter_long", KDBUS_ITEM_BLOOM_PARAMETER, 24, NULL, -EINVAL },
	{ "bloom_filter_without_data", KDBUS_ITEM_BLOOM_FILTER, 8, NULL, 0 },
	{ "bloom_filter_short", KDBUS_ITEM_BLOOM_FILTER, 7, NULL, -EINVAL },
	{ "bloom_filter_uneven", KDBUS_ITEM_BLOOM_FILTER, 9, NULL, 0 },
	{ "bloom_mask_empty", KDBUS_ITEM_BLOOM_MASK, 0, NULL, 0 },
	{ "bloom_mask_uneven", KDBUS_ITEM_BLOOM_MASK, 3, NULL, 0 },
	{ "make_name", KDBUS_ITEM_MAKE_NAME, 7, "0-test", 0 },
	{ "make_name_one_character", KDBUS_ITEM_MAKE_NAME, 2, "a", 0 },
	{ "make_name_empty", KDBUS_ITEM_MAKE_NAME, 1, "", -EINVAL },
	{ "make_name_without_payload", KDBUS_ITEM_MAKE_NAME, 0, NULL, -EINVAL },
	{ "make_name_63", KDBUS_ITEM_MAKE_NAME, 64, C63, 0 },
	{ "make_name_64", KDBUS_ITEM_MAKE_NAME, 65, C63 "a", -ENAMETOOLONG },
	{ "make_name_long_and_bad", KDBUS_ITEM_MAKE_NAME, 65, NULL, -ENAMETOOLONG },
	{ "make_name_not_terminated", KDBUS_ITEM_MAKE_NAME, 3, "abc", -EINVAL },
	{ "make_name_terminated_twice", KDBUS_ITEM_MAKE_NAME, 4, "ab\0", -EINVAL },
	{ "make_name_dash_first", KDBUS_ITEM_MAKE_NAME, 3, "-a", -EINVAL },
	{ "make_name_dash_last", KDBUS_ITEM_MAKE_NAME, 3, "a-", -EINVAL },
	{ "make_name_dot_first", KDBUS_ITEM_MAKE_NAME, 3, ".a", -EINVAL },
	{ "make_name_dot_last", KDBUS_ITEM_MAKE_NAME, 3, "a.", -EINVAL },
	{ "make_name_dash_and_dot_inside", KDBUS_ITEM_MAKE_NAME, 6, "a-.-b", 0 },
	{ "make_name_underscore_only", KDBUS_ITEM_MAKE_NAME, 2, "_", 0 },
	{ "make_name_slash", KDBUS_ITEM_MAKE_NAME, 4, "a/b", -EINVAL },
	{ "make_name_space", KDBUS_ITEM_MAKE_NAME, 4, "a b", -EINVAL },
	{ "make_name_latin1", KDBUS_ITEM_MAKE_NAME, 4, "a\344b", -EINVAL },
	{ "description", KDBUS_ITEM_CONN_DESCRIPTION, 5, "test", 0 },
	{ "description_64", KDBUS_ITEM_CONN_DESCRIPTION, 65, C63 "a", -ENAMETOOLONG },
	{ "description_bad", KDBUS_ITEM_CONN_DESCRIPTION, 4, "a b", -EINVAL },
	{ "attach_flags_send", KDBUS_ITEM_ATTACH_FLAGS_SEND, 8, NULL, 0 },
	{ "attach_flags_send_short", KDBUS_ITEM_ATTACH_FLAGS_SEND, 4, NULL, -EINVAL },
	{ "attach_flags_recv", KDBUS_ITEM_ATTACH_FLAGS_RECV, 8, NULL, 0 },
	{ "attach_flags_recv_long", KDBUS_ITEM_ATTACH_FLAGS_RECV, 16, NULL, -EINVAL },
	{ "id", KDBUS_ITEM_ID, 8, NULL, 0 },
	{ "id_short", KDBUS_ITEM_ID, 7, NULL, -EINVAL },
	{ "dst_id", KDBUS_ITEM_DST_ID, 8, NULL, 0 },
	{ "dst_id_long", KDBUS_ITEM_DST_ID, 9, NULL, -EINVAL },
	{ "creds", KDBUS_ITEM_CREDS, 64, NULL, 0 },
	{ "creds_short", KDBUS_ITEM_CREDS, 56, NULL, -EINVAL },
	{ "creds_long", KDBUS_ITEM_CREDS, 72, NULL, -EINVAL },
	{ "pids", KDBUS_ITEM_PIDS, 24, NULL, 0 },
	{ "pids_short", KDBUS_ITEM_PIDS, 16, NULL, -EINVAL },
	{ "pids_long", KDBUS_ITEM_PIDS, 32, NULL, -EINVAL },
	{ "name", KDBUS_ITEM_NAME, 4, "a.b", 0 },
	{ "name_need_not_be_valid", KDBUS_ITEM_NAME, 4, "!!!", 0 },
	{ "name_empty_string", KDBUS_ITEM_NAME, 1, "", 0 },
	{ "name_without_payload", KDBUS_ITEM_NAME, 0, NULL, -EINVAL },
	{ "name_not_terminated", KDBUS_ITEM_NAME, 3, "a.b", -EINVAL },
	{ "name_terminated_twice", KDBUS_ITEM_NAME, 5, "a.b\0", -EINVAL },
	{ "dst_name", KDBUS_ITEM_DST_NAME, 4, "a.b", 0 },
	{ "dst_name_not_terminated", KDBUS_ITEM_DST_NAME, 3, "a.b", -EINVAL },
	{ "seclabel", KDBUS_ITEM_SECLABEL, 4, "x:y", 0 },
	{ "seclabel_without_payload", KDBUS_ITEM_SECLABEL, 0, NULL, -EINVAL },
	{ "policy_access", KDBUS_ITEM_POLICY_ACCESS, 24, NULL, 0 },
	{ "policy_access_short", KDBUS_ITEM_POLICY_ACCESS, 16, NULL, -EINVAL },
	{ "policy_access_long", KDBUS_ITEM_POLICY_ACCESS, 25, NULL, -EINVAL },
	{ "name_add_without_name", KDBUS_ITEM_NAME_ADD, 32, NULL, 0 },
	{ "name_add_with_name", KDBUS_ITEM_NAME_ADD, 36, &change_name, 0 },
	{ "name_add_short", KDBUS_ITEM_NAME_ADD, 31, NULL, -EINVAL },
	{ "name_add_not_terminated", KDBUS_ITEM_NAME_ADD, 36, &change_cut, -EINVAL },
	{ "name_add_empty_name", KDBUS_ITEM_NAME_ADD, 33, NULL, 0 },
	{ "name_remove_with_name", KDBUS_ITEM_NAME_REMOVE, 36, &change_name, 0 },
	{ "name_remove_terminated_twice", KDBUS_ITEM_NAME_REMOVE, 34, NULL, -EINVAL },
	{ "name_change_with_name", KDBUS_ITEM_NAME_CHANGE, 36, &change_name, 0 },
	{ "name_change_short", KDBUS_ITEM_NAME_CHANGE, 16, NULL, -EINVAL },
	{ "id_add", KDBUS_ITEM_ID_ADD, 16, NULL, 0 },
	{ "id_add_short", KDBUS_ITEM_ID_ADD, 8, NULL, -EINVAL },
	{ "id_remove", KDBUS_ITEM_ID_REMOVE, 16, NULL, 0 },
	{ "id_remove_long", KDBUS_ITEM_ID_REMOVE, 24, NULL, -EINVAL },
	{ "payload_off_is_not_for_users", KDBUS_ITEM_PAYLOAD_OFF, 16, &vec_full, -EINVAL },
	{ "null_type", _KDBUS_ITEM_NULL, 8, NULL, -EINVAL },
	{ "unknown_type", 0x4711, 8, NULL, -EINVAL },
	{ "highest_type", ~0ULL, 8, NULL, -EINVAL },
};

#endif
