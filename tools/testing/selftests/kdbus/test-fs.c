// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mounts and nodes: what the file system looks like, in both types. */
#include <dirent.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(fs) {
	char domain[PATH_MAX];
	struct bus bus;
};

FIXTURE_VARIANT(fs) {
	const char *type;
	mode_t node_type;
	unsigned char entry_type;
};

FIXTURE_VARIANT_ADD(fs, kdbus_with_devices) {
	.type = "kdbus",
	.node_type = S_IFCHR,
	.entry_type = DT_CHR,
};

FIXTURE_VARIANT_ADD(fs, kdbusfs_with_regular_files) {
	.type = "kdbusfs",
	.node_type = S_IFREG,
	.entry_type = DT_REG,
};

FIXTURE_SETUP(fs)
{
	self->bus.fd = -1;
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount(variant->type, self->domain));
}

FIXTURE_TEARDOWN(fs)
{
	bus_close(&self->bus);
	EXPECT_EQ(0, domain_umount(self->domain));
}

static int stat_at(const char *dir, const char *name, struct stat *st)
{
	char path[PATH_MAX + NAME_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, st) < 0 ? -errno : 0;
}

/* abi: 2.1/type-name, 2.2/root */
TEST_F(fs, root_is_directory_0555_of_root)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->domain, &st));
	EXPECT_EQ(S_IFDIR | 0555, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(2, st.st_nlink);
	EXPECT_EQ(0, st.st_size);
}

/* abi: 2.2/control */
TEST_F(fs, control_is_file_0666_of_root)
{
	struct stat st;

	ASSERT_EQ(0, stat_at(self->domain, "control", &st));
	EXPECT_EQ(variant->node_type | 0666, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(0, st.st_size);
}

/* abi: 2.2/mode-private */
TEST_F(fs, bus_without_access_flags_is_0500_and_endpoint_0600)
{
	struct stat st;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	ASSERT_EQ(0, stat(self->bus.dir, &st));
	EXPECT_EQ(S_IFDIR | 0500, st.st_mode);
	EXPECT_EQ(2, st.st_nlink);
	ASSERT_EQ(0, stat(self->bus.path, &st));
	EXPECT_EQ(variant->node_type | 0600, st.st_mode);
}

/* abi: 2.2/mode-group */
TEST_F(fs, bus_with_access_group_is_0550_and_endpoint_0660)
{
	struct stat st;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_GROUP));
	ASSERT_EQ(0, stat(self->bus.dir, &st));
	EXPECT_EQ(S_IFDIR | 0550, st.st_mode);
	ASSERT_EQ(0, stat(self->bus.path, &st));
	EXPECT_EQ(variant->node_type | 0660, st.st_mode);
}

/* abi: 2.2/mode-world */
TEST_F(fs, bus_with_access_world_is_0555_and_endpoint_0666)
{
	struct stat st;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, stat(self->bus.dir, &st));
	EXPECT_EQ(S_IFDIR | 0555, st.st_mode);
	ASSERT_EQ(0, stat(self->bus.path, &st));
	EXPECT_EQ(variant->node_type | 0666, st.st_mode);
}

/* abi: 2.2/owner-bus, 2.2/owner-endpoint */
TEST_F(fs, bus_nodes_belong_to_effective_ids_of_the_maker)
{
	struct stat st;

	ASSERT_EQ(0, setresgid(0, STAFF, 0));
	ASSERT_EQ(0, setresuid(0, ALICE, 0));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, stat(self->bus.dir, &st));
	EXPECT_EQ(ALICE, st.st_uid);
	EXPECT_EQ(STAFF, st.st_gid);
	ASSERT_EQ(0, stat(self->bus.path, &st));
	EXPECT_EQ(ALICE, st.st_uid);
	EXPECT_EQ(STAFF, st.st_gid);
}

/* abi: 2.1/type-name */
TEST_F(fs, carries_calls_payload_and_descriptors)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct kdbus_msg *msg;
	struct sync_call call;
	struct args reply;
	struct conn a, b;

	ASSERT_LE(0, null);
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&a, &self->bus));
	ASSERT_EQ(0, conn_new(&b, &self->bus));
	ASSERT_EQ(0, name_acquire(&b, "com.example.Service", 0, NULL));
	sync_call_init(&call, &a, KDBUS_DST_ID_NAME, 1);
	args_str(&call.msg, KDBUS_ITEM_DST_NAME, "com.example.Service");
	args_vec(&call.msg, "question", 9);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&b));
	msg = msg_next(&b);
	ASSERT_NE(NULL, msg);
	EXPECT_STREQ("question", (const char *)msg + A8(msg->size));
	args_reply(&reply, a.id, 2, 1);
	args_vec(&reply, "answer", 7);
	args_fds(&reply, &null, 1);
	EXPECT_EQ(0, msg_send(&b, &reply));
	ASSERT_EQ(0, sync_call_join(&call));
	msg = sync_call_reply(&call);
	EXPECT_STREQ("answer", (const char *)msg + A8(msg->size));
	EXPECT_TRUE(fd_same_file(null, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]));
	conn_close(&b);
	conn_close(&a);
}

/* abi: 2.1/statfs */
TEST_F(fs, statfs_shows_page_size)
{
	struct statfs sfs;

	ASSERT_EQ(0, statfs(self->domain, &sfs));
	EXPECT_EQ(sysconf(_SC_PAGESIZE), (long)sfs.f_bsize);
	EXPECT_NE(0, (long)sfs.f_type);
}

/* abi: 2.1/independent-domains */
TEST_F(fs, second_mount_is_an_empty_domain_of_its_own)
{
	char other[PATH_MAX];
	struct bus twin = { .fd = -1 };
	struct stat st;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	ASSERT_EQ(0, domain_mount(variant->type, other));
	EXPECT_EQ(-ENOENT, stat_at(other, self->bus.name, &st));
	ASSERT_EQ(0, bus_make_in(&twin, other, 0));
	EXPECT_EQ(-ENOENT, stat_at(self->domain, twin.name, &st));
	bus_close(&twin);
	EXPECT_EQ(0, domain_umount(other));
}

/* abi: 1/ids */
TEST_F(fs, fresh_domain_counts_ids_from_1)
{
	struct conn conn;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&conn, &self->bus));
	EXPECT_EQ(2ULL, conn.id);
	conn_close(&conn);
	ASSERT_EQ(0, conn_new(&conn, &self->bus));
	EXPECT_EQ(3ULL, conn.id);
	conn_close(&conn);
}

/* abi: 2.1/bind-mount */
TEST_F(fs, bind_mount_shares_the_domain)
{
	char other[] = "/tmp/kdbus-bind-XXXXXX";
	struct stat st;

	ASSERT_NE(NULL, mkdtemp(other));
	ASSERT_EQ(0, mount(self->domain, other, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	EXPECT_EQ(0, stat_at(other, self->bus.name, &st));
	EXPECT_EQ(0, umount(other));
	EXPECT_EQ(0, rmdir(other));
}

/* abi: 2.2/bind-source */
TEST_F(fs, endpoint_can_be_bind_mounted_over_a_file)
{
	char file[] = "/tmp/kdbus-bind-XXXXXX";
	struct conn conn;
	struct args args;
	int fd;

	fd = mkstemp(file);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, mount(self->bus.path, file, NULL, MS_BIND, NULL));
	args_hello_default(&args);
	EXPECT_EQ(0, conn_new_args(&conn, file, &args));
	conn_close(&conn);
	EXPECT_EQ(0, umount(file));
	EXPECT_EQ(0, unlink(file));
}

/* abi: 2.1/nodev */
TEST_F(fs, nodev_mount_is_usable_with_regular_files_only)
{
	int fd;

	ASSERT_EQ(0, mount(NULL, self->domain, NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
	fd = open_at(self->domain, "control");
	if (variant->node_type == S_IFREG) {
		EXPECT_LE(0, fd);
	} else {
		EXPECT_EQ(-EACCES, fd);
	}
	if (fd >= 0)
		close(fd);
}

/* abi: 2.2/readdir, 2.2/entry-type */
TEST_F(fs, readdir_of_root_lists_control_and_buses)
{
	bool control = false, bus = false;
	unsigned int n = 0, round;
	struct dirent *entry;
	DIR *dir;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	dir = opendir(self->domain);
	ASSERT_NE(NULL, dir);
	for (round = 0; round < 2; round++) {
		n = 0;
		control = false;
		bus = false;
		while ((entry = readdir(dir))) {
			n++;
			if (!strcmp(entry->d_name, "control")) {
				EXPECT_EQ(variant->entry_type, entry->d_type);
				control = true;
			} else if (!strcmp(entry->d_name, self->bus.name)) {
				EXPECT_EQ(DT_DIR, entry->d_type);
				bus = true;
			}
		}
		EXPECT_EQ(4, n);	/* with . and .. */
		EXPECT_TRUE(control);
		EXPECT_TRUE(bus);
		rewinddir(dir);
	}
	closedir(dir);
}

/* abi: 2.2/readdir */
TEST_F(fs, readdir_of_bus_lists_the_default_endpoint)
{
	unsigned int n = 0, endpoints = 0;
	struct dirent *entry;
	DIR *dir;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	dir = opendir(self->bus.dir);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		n++;
		if (!strcmp(entry->d_name, "bus")) {
			EXPECT_EQ(variant->entry_type, entry->d_type);
			endpoints++;
		}
	}
	closedir(dir);
	EXPECT_EQ(3, n);
	EXPECT_EQ(1, endpoints);
}

/* abi: 2.2/readdir */
TEST_F(fs, readdir_does_not_list_a_bus_that_is_gone)
{
	struct dirent *entry;
	DIR *dir;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	dir = opendir(self->domain);
	ASSERT_NE(NULL, dir);
	while (readdir(dir))
		;
	bus_close(&self->bus);
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		EXPECT_STRNE(self->bus.name, entry->d_name);
	}
	closedir(dir);
}

/* abi: 2.2/inode-numbers, 2.2/timestamps */
TEST_F(fs, inode_numbers_are_unique_and_times_recent)
{
	struct stat root, control, dir, endpoint;
	struct timespec now;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	ASSERT_EQ(0, stat(self->domain, &root));
	ASSERT_EQ(0, stat_at(self->domain, "control", &control));
	ASSERT_EQ(0, stat(self->bus.dir, &dir));
	ASSERT_EQ(0, stat(self->bus.path, &endpoint));
	EXPECT_NE(root.st_ino, control.st_ino);
	EXPECT_NE(root.st_ino, dir.st_ino);
	EXPECT_NE(root.st_ino, endpoint.st_ino);
	EXPECT_NE(control.st_ino, dir.st_ino);
	EXPECT_NE(control.st_ino, endpoint.st_ino);
	EXPECT_NE(dir.st_ino, endpoint.st_ino);
	ASSERT_EQ(0, clock_gettime(CLOCK_REALTIME, &now));
	EXPECT_GE(now.tv_sec, endpoint.st_mtim.tv_sec);
	EXPECT_LE(now.tv_sec - 3600, endpoint.st_mtim.tv_sec);
}

/* abi: 2.2/open-creat */
TEST_F(fs, creating_a_file_is_refused_with_eacces)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/new", self->domain);
	EXPECT_EQ(-1, open(path, O_RDWR | O_CREAT, 0600));
	EXPECT_EQ(EACCES, errno);
}

/* abi: 2.2/mkdir */
TEST_F(fs, changing_directories_is_refused_with_eperm)
{
	char path[PATH_MAX + 16], control[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/new", self->domain);
	snprintf(control, sizeof(control), "%s/control", self->domain);
	EXPECT_EQ(-1, mkdir(path, 0700));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, symlink("x", path));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mknod(path, S_IFIFO | 0600, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, link(control, path));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, rename(control, path));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, unlink(control));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	EXPECT_EQ(-1, rmdir(self->bus.dir));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, unlink(self->bus.path));
	EXPECT_EQ(EPERM, errno);
}

/* abi: 2.2/no-xattr-no-truncate */
TEST_F(fs, xattr_is_refused_and_truncation_without_effect)
{
	char control[PATH_MAX + 16];
	struct stat st;
	int fd, ret;

	snprintf(control, sizeof(control), "%s/control", self->domain);
	EXPECT_EQ(-1, setxattr(control, "user.kdbus", "x", 1, 0));
	ret = truncate(control, 4096);
	EXPECT_TRUE(ret == 0 || errno == EINVAL);
	fd = open(control, O_RDWR | O_TRUNC | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ret = ftruncate(fd, 4096);
	EXPECT_TRUE(ret == 0 || errno == EINVAL);
	close(fd);
	ASSERT_EQ(0, stat(control, &st));
	EXPECT_EQ(0, st.st_size);
}

/* abi: 2.2/denied-open */
TEST_F(fs, open_of_a_private_bus_by_others_is_refused_with_eacces)
{
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	EXPECT_EQ(-EACCES, open_as(ALICE, STAFF, self->bus.path));
}

/* abi: 2.2/denied-open */
TEST_F(fs, group_bus_lets_the_group_in_and_nobody_else)
{
	int fd;

	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_GROUP));
	ASSERT_EQ(0, become_root());
	fd = open_as(BOB, STAFF, self->bus.path);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EACCES, open_as(BOB, BOB, self->bus.path));
}

/* abi: 2.2/denied-open */
TEST_F(fs, world_bus_lets_everybody_in)
{
	int fd;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	fd = open_as(BOB, BOB, self->bus.path);
	EXPECT_LE(0, fd);
	close(fd);
}

/* abi: 2.2/lookup-gone */
TEST_F(fs, lookup_of_what_does_not_exist_fails_with_enoent)
{
	struct stat st;

	EXPECT_EQ(-ENOENT, stat_at(self->domain, "0-nothing", &st));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	EXPECT_EQ(-ENOENT, stat_at(self->bus.dir, "nothing", &st));
}

/* abi: 2.2/lookup-gone, 2.3/vanish */
TEST_F(fs, cached_path_of_a_closed_bus_fails_with_enoent)
{
	struct stat st;
	int dir;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	ASSERT_EQ(0, stat(self->bus.path, &st));
	dir = open(self->bus.dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	bus_close(&self->bus);
	EXPECT_EQ(-1, stat(self->bus.path, &st));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, stat(self->bus.dir, &st));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, fstatat(dir, "bus", &st, 0));
	EXPECT_EQ(ENOENT, errno);
	close(dir);
}

/* abi: 2.4/directory-ioctl */
TEST_F(fs, directories_know_no_command)
{
	struct args args;
	int fd;

	fd = open(self->domain, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	args_cmd(&args);
	EXPECT_EQ(-ENOTTY, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	close(fd);
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	fd = open(self->bus.dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOTTY, command(fd, KDBUS_CMD_BYEBYE, &args));
	close(fd);
}

/* abi: 2.4/open-any-mode */
TEST_F(fs, access_mode_of_open_does_not_matter_later)
{
	char control[PATH_MAX + 16];
	struct args args;
	int fd, flags;

	snprintf(control, sizeof(control), "%s/control", self->domain);
	for (flags = O_RDONLY; flags <= O_RDWR; flags++) {
		fd = open(control, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		args_cmd(&args);
		args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
		EXPECT_EQ(0, command(fd, KDBUS_CMD_BUS_MAKE, &args));
		close(fd);
	}
}

/* abi: 2.4/read-write */
TEST_F(fs, read_and_write_are_refused_with_einval)
{
	char byte = 0;
	int fd;

	fd = open_at(self->domain, "control");
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

/* abi: 2.4/lseek */
TEST_F(fs, lseek_succeeds)
{
	int fd;

	fd = open_at(self->domain, "control");
	ASSERT_LE(0, fd);
	EXPECT_LE(0, lseek(fd, 0, SEEK_SET));
	EXPECT_LE(0, lseek(fd, 0, SEEK_CUR));
	close(fd);
}

/* abi: 2.1/sysfs-directory */
TEST(module_makes_the_mount_point_of_kdbusfs)
{
	struct stat st;

	ASSERT_EQ(0, stat("/sys/fs/kdbus", &st));
	EXPECT_TRUE(S_ISDIR(st.st_mode));
}

TEST_HARNESS_MAIN
