// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-address.c - bus addresses */
#include <errno.h>

#include "address.h"
#include "test.h"

TEST(addresses_and_their_first_paths)
{
	static const struct {
		const char *address;
		int result;
		const char *path;
	} cases[] = {
		{ "unix:path=/a/b", 0, "/a/b" },
		{ "unix:path=/a/b,guid=123", 0, "/a/b" },
		{ "unix:guid=123,path=/a", 0, "/a" },
		{ "tcp:host=x;unix:path=/second", 0, "/second" },
		{ "unix:abstract=/x;unix:path=/y;unix:path=/z", 0, "/y" },
		{ "unix:path=/with%20space%2c", 0, "/with space," },
		{ "", -ENOENT, NULL },
		{ ";;;", -ENOENT, NULL },
		{ "unix:", -ENOENT, NULL },
		{ "unix:runtime=yes", -ENOENT, NULL },
		{ "unixpath=/a", -ENOENT, NULL },
		{ "unix:path=", -EINVAL, NULL },
		{ "unix:path=,guid=1", -EINVAL, NULL },
		{ "unix:path=/a%", -EINVAL, NULL },
		{ "unix:path=/a%2", -EINVAL, NULL },
		{ "unix:path=/a%zz", -EINVAL, NULL },
		{ "unix:path=/a%00b", -EINVAL, NULL },
		{ "unix:path=/123456789012345678901234567890", -ENAMETOOLONG, NULL },
		{ "unix:path=/1234567890123456789012345678", 0, "/1234567890123456789012345678" },
	};
	char path[30];
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		EXPECT_EQ_CASE(cases[i].result, kbus_address_resolve(cases[i].address, path,
								     sizeof(path)),
			       "%s", cases[i].address);
		if (cases[i].path)
			EXPECT_STR(cases[i].path, path);
	}
}

TEST(a_list_is_read_to_its_end_also_behind_a_wrong_address)
{
	const char *list = "unix:path=/a;unix:path=%;tcp:x=y;unix:path=/b";
	char path[30];

	EXPECT_EQ(1, kbus_address_next(&list, path, sizeof(path)));
	EXPECT_STR("/a", path);
	EXPECT_EQ(-EINVAL, kbus_address_next(&list, path, sizeof(path)));
	EXPECT_EQ(1, kbus_address_next(&list, path, sizeof(path)));
	EXPECT_STR("/b", path);
	EXPECT_EQ(0, kbus_address_next(&list, path, sizeof(path)));
}
