// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A payload on a file system that hangs: a FUSE mount, served by a thread of the test, which
 * answers everything but the reading of its one file until it is told to.
 */
#include <sys/ioctl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define FILE_NODE	2
#define FILE_SIZE	8192
#define REQUEST_MAX	(128 * 1024 + 4096)

/*
 * @fd: of /dev/fuse
 * @dir: where it is mounted
 * @reading: a READ request has come
 * @unique: which one
 * @size: how much it asks for
 * @answering: READ requests are answered from now on
 * @error: with this, or if it is 0 with data
 */
struct hanging {
	int fd;
	char dir[PATH_MAX];
	pthread_t thread;
	int reading[2];
	__u64 unique;
	size_t size;
	bool answering;
	int error;
};

static void answer(struct hanging *fs, __u64 unique, int error, const void *data, size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size,
		.error = error,
		.unique = unique,
	};
	char reply[sizeof(header) + FILE_SIZE];

	memcpy(reply, &header, sizeof(header));
	if (size)
		memcpy(reply + sizeof(header), data, size);
	/* whoever asked may have been killed meanwhile */
	if (write(fs->fd, reply, sizeof(header) + size) < 0 && errno != ENOENT)
		perror("# /dev/fuse");
}

static void answer_read(struct hanging *fs)
{
	char data[FILE_SIZE];

	memset(data, 'x', sizeof(data));
	answer(fs, fs->unique, fs->error, data, fs->error ? 0 : fs->size);
}

/* Let those who read go on, who waits and who is still to come. */
static void release(struct hanging *fs, int error)
{
	fs->error = error;
	__atomic_store_n(&fs->answering, true, __ATOMIC_RELEASE);
	answer_read(fs);
}

static void attributes(struct fuse_attr *attr, __u64 node)
{
	attr->ino = node;
	attr->nlink = 1;
	attr->blksize = 4096;
	attr->mode = node == FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0755;
	attr->size = node == FILE_NODE ? FILE_SIZE : 0;
}

static void serve_one(struct hanging *fs, const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_entry_out entry = { .nodeid = FILE_NODE };
	struct fuse_attr_out attr = {};
	struct fuse_open_out open = {};

	switch (in->opcode) {
	case FUSE_INIT:
		answer(fs, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		attributes(&entry.attr, FILE_NODE);
		answer(fs, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		attributes(&attr.attr, in->nodeid);
		answer(fs, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(fs, in->unique, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		fs->unique = in->unique;
		fs->size = ((const struct fuse_read_in *)(in + 1))->size;
		if (__atomic_load_n(&fs->answering, __ATOMIC_ACQUIRE))
			answer_read(fs);
		else if (write(fs->reading[1], "", 1) != 1)
			perror("# pipe");
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(fs, in->unique, 0, NULL, 0);
		break;
	default:
		answer(fs, in->unique, -ENOSYS, NULL, 0);
	}
}

static void *serve(void *data)
{
	static char request[REQUEST_MAX] __attribute__((aligned(8)));
	struct hanging *fs = data;

	/* ends when it is unmounted */
	while (read(fs->fd, request, sizeof(request)) > 0 || errno == EINTR)
		serve_one(fs, (const void *)request);
	return NULL;
}

static int open_fuse(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	/* the node loads the module */
	if (fd < 0 && errno == ENOENT && mknod("/dev/fuse", S_IFCHR | 0600, makedev(10, 229)) == 0)
		fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int hanging_begin(struct hanging *fs)
{
	char options[128];

	fs->fd = open_fuse();
	if (fs->fd < 0)
		return fs->fd;
	if (pipe2(fs->reading, O_CLOEXEC) < 0)
		return -errno;
	snprintf(fs->dir, sizeof(fs->dir), "/tmp/kdbus-fuse-XXXXXX");
	if (!mkdtemp(fs->dir))
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0", fs->fd);
	if (mount("test", fs->dir, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	return -pthread_create(&fs->thread, NULL, serve, fs);
}

static int hanging_wait(struct hanging *fs)
{
	struct pollfd pfd = { .fd = fs->reading[0], .events = POLLIN };
	char byte;

	if (poll(&pfd, 1, PATIENCE_MS) != 1)
		return -ETIME;
	return read(fs->reading[0], &byte, 1) == 1 ? 0 : -EIO;
}

static void hanging_end(struct hanging *fs)
{
	umount2(fs->dir, MNT_FORCE | MNT_DETACH);
	pthread_join(fs->thread, NULL);
	close(fs->fd);
	close(fs->reading[0]);
	close(fs->reading[1]);
	rmdir(fs->dir);
}

/*
 * @a: sends what cannot be read
 * @memory: mapping of the file
 * @cmd: the command that hangs
 */
FIXTURE(hanging) {
	struct hanging fs;
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
	char *memory;
	struct args msg;
	pthread_t thread;
	int ret;
};

FIXTURE_SETUP(hanging)
{
	char path[PATH_MAX + 8];
	int fd;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, hanging_begin(&self->fs));
	snprintf(path, sizeof(path), "%s/file", self->fs.dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	self->memory = mmap(NULL, FILE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	close(fd);
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
}

FIXTURE_TEARDOWN(hanging)
{
	munmap(self->memory, FILE_SIZE);
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
	hanging_end(&self->fs);
}

static void *send_run(void *data)
{
	FIXTURE_DATA(hanging) *self = data;

	self->ret = msg_send(&self->a, &self->msg);
	return NULL;
}

/* SEND from the file, until it is asked for. */
static int send_hanging(FIXTURE_DATA(hanging) *self, __u64 dst)
{
	int ret;

	if (dst == KDBUS_DST_ID_BROADCAST)
		args_signal(&self->msg, dst, 11);
	else
		args_msg(&self->msg, dst, 11);
	args_vec(&self->msg, self->memory, FILE_SIZE);
	ret = -pthread_create(&self->thread, NULL, send_run, self);
	return ret ? ret : hanging_wait(&self->fs);
}

/* What the others still get done while that hangs: 0, or what failed. */
static int others_work(FIXTURE_DATA(hanging) *self)
{
	unsigned int i;
	struct conn d;
	int ret = 0;

	for (i = 1; i <= 100 && ret == 0; i++) {
		ret = send_plain(&self->c, self->b.id, i);
		if (ret == 0)
			ret = recv_cookie(&self->b) == i ? 0 : -EPROTO;
	}
	if (ret == 0)
		ret = name_acquire(&self->c, "org.example.hanging", 0, NULL);
	if (ret == 0)
		ret = send_name(&self->b, "org.example.hanging", 5);
	if (ret == 0)
		ret = recv_cookie(&self->c) == 5 ? 0 : -EPROTO;
	if (ret == 0)
		ret = name_release(&self->c, "org.example.hanging");
	if (ret == 0)
		ret = conn_new(&d, &self->bus);
	if (ret)
		return ret;
	ret = match_all(&d, 1);
	if (ret == 0)
		ret = send_broadcast(&self->c, 6);
	if (ret == 0)
		ret = recv_cookie(&d) == 6 ? 0 : -EPROTO;
	conn_close(&d);
	return ret;
}

/* abi: design/4-no-lock-while-copying */
TEST_F(hanging, file_system_holds_up_only_who_sends_from_it)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, send_hanging(self, self->b.id));
	EXPECT_EQ(0, others_work(self));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	release(&self->fs, 0);
	pthread_join(self->thread, NULL);
	EXPECT_EQ(0, self->ret);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ('x', ((const char *)msg)[msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF)->vec.offset]);
}

/* abi: design/4-no-lock-while-copying, 11.5/efault */
TEST_F(hanging, file_system_that_fails_is_efault)
{
	ASSERT_EQ(0, send_hanging(self, self->b.id));
	release(&self->fs, -EIO);
	pthread_join(self->thread, NULL);
	EXPECT_EQ(-EFAULT, self->ret);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_bytes(&self->c, self->b.id, 1, 2 * 1024 * 1024));
}

/* abi: design/4-no-lock-while-copying */
TEST_F(hanging, broadcast_and_the_end_of_the_bus_do_not_wait_for_it)
{
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, send_hanging(self, KDBUS_DST_ID_BROADCAST));
	EXPECT_EQ(0, match_remove(&self->b, 1));
	recv_all(&self->b);
	EXPECT_EQ(0, others_work(self));
	bus_close(&self->bus);
	EXPECT_EQ(-ECONNRESET, recv_cookie(&self->b));
	EXPECT_EQ(-ECONNRESET, recv_cookie(&self->c));
	umount2(self->fs.dir, MNT_FORCE);
	pthread_join(self->thread, NULL);
	EXPECT_EQ(-ECONNRESET, self->ret) {
		TH_LOG("SEND said %d", self->ret);
	}
}

TEST_HARNESS_MAIN
