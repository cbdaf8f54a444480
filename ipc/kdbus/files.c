// SPDX-License-Identifier: GPL-2.0
/* Descriptors and memfds that travel with a message. */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/net.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/sock.h>

#include "compat.h"
#include "files.h"
#include "fs.h"
#include "item.h"
#include "pool.h"

/**
 * DOC: Files
 *
 * Each file is referenced from SEND until the last copy of the message has left
 * its queue.  A file that can itself hold messages or files might so end up
 * waiting for itself: our own nodes, AF_UNIX sockets (whose collector of such cycles does not
 * know us) and io_uring instances are refused.
 *
 * In the image a descriptor reads -1 until it is installed: the numbers that the
 * sender used mean nothing to the receiver.
 */

#define FILES_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool is_io_uring(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(file->f_path.dentry->d_name.name, "[io_uring]");
}

static bool is_unix_socket(struct file *file)
{
	struct socket *socket = sock_from_file(file);

	return socket && socket->sk && socket->sk->sk_family == AF_UNIX;
}

static struct file *import_fd(int fd)
{
	struct file *file = fget_raw(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	/* Opened with O_PATH it is only a name, whatever it names. */
	if (!(file->f_mode & FMODE_PATH) &&
	    (kdbus_fs_is_node(file) || is_unix_socket(file) || is_io_uring(file))) {
		fput(file);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return file;
}

/*
 * The seals of a file, or -EMEDIUMTYPE if it cannot have any.  Read without the lock of the
 * inode: they only become more, and those that are found here stay.
 */
static int file_seals(struct file *file)
{
	if (shmem_file(file))
		return READ_ONCE(SHMEM_I(file_inode(file))->seals);
#ifdef CONFIG_HUGETLBFS
	if (file_inode(file)->i_sb->s_magic == HUGETLBFS_MAGIC)
		return READ_ONCE(HUGETLBFS_I(file_inode(file))->seals);
#endif
	return -EMEDIUMTYPE;
}

static int check_memfd(struct file *file, const struct kdbus_memfd *memfd)
{
	int seals = file_seals(file);

	if (seals < 0)
		return seals;
	/* Seals are only ever added: once they are there the size is final, too. */
	if ((seals & FILES_SEALS) != FILES_SEALS)
		return -ETXTBSY;
	if (memfd->start + memfd->size > (u64)i_size_read(file_inode(file)))
		return -EFAULT;
	return 0;
}

static struct file *import_memfd(const struct kdbus_memfd *memfd)
{
	struct file *file = fget(memfd->fd);
	int ret;

	if (!file)
		return ERR_PTR(-EBADF);
	ret = check_memfd(file, memfd);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

static int import_fds_item(struct kdbus_files *files, struct kdbus_msg *msg,
			   struct kdbus_item *item)
{
	unsigned int i;

	for (i = 0; i < files->n_fds; i++) {
		struct file *file = import_fd(item->fds[i]);

		if (IS_ERR(file))
			return PTR_ERR(file);
		files->files[i].file = file;
		files->files[i].at = (void *)&item->fds[i] - (void *)msg;
		item->fds[i] = -1;
	}
	return 0;
}

/**
 * kdbus_files_import() - take references on what a message carries
 * @msg: checked; the descriptor numbers in it are replaced by -1
 * @n_fds: entries of its FDS item
 * @n_memfds: number of its memfd items; with @n_fds not 0
 *
 * Return: the files with one reference; -EBADF, -EOPNOTSUPP, -EMEDIUMTYPE,
 *         -ETXTBSY, -EFAULT in the order of the items; -ENOMEM.
 */
struct kdbus_files *kdbus_files_import(struct kdbus_msg *msg, unsigned int n_fds,
				       unsigned int n_memfds)
{
	struct kdbus_files *files;
	struct kdbus_item *item;
	unsigned int next = n_fds;
	struct file *file;
	int ret;

	files = kzalloc(struct_size(files, files, n_fds + n_memfds), GFP_KERNEL_ACCOUNT);
	if (!files)
		return ERR_PTR(-ENOMEM);
	kref_init(&files->ref);
	files->n_fds = n_fds;
	files->n = n_fds + n_memfds;

	KDBUS_ITEMS_FOREACH(item, msg->items, msg->size - sizeof(*msg)) {
		ret = 0;
		if (item->type == KDBUS_ITEM_FDS)
			ret = import_fds_item(files, msg, item);
		if (ret)
			goto out_put;
		if (item->type != KDBUS_ITEM_PAYLOAD_MEMFD)
			continue;
		file = import_memfd(&item->memfd);
		if (IS_ERR(file)) {
			ret = PTR_ERR(file);
			goto out_put;
		}
		files->files[next].file = file;
		files->files[next++].at = (void *)&item->memfd.fd - (void *)msg;
		item->memfd.fd = -1;
	}
	return files;

out_put:
	kdbus_files_put(files);
	return ERR_PTR(ret);
}

/**
 * kdbus_files_get() - take a reference
 * @files: the files
 *
 * Return: @files.
 */
struct kdbus_files *kdbus_files_get(struct kdbus_files *files)
{
	kref_get(&files->ref);
	return files;
}

static void files_free(struct kref *ref)
{
	struct kdbus_files *files = container_of(ref, struct kdbus_files, ref);
	unsigned int i;

	for (i = 0; i < files->n; i++)
		if (files->files[i].file)
			fput(files->files[i].file);
	kfree(files);
}

/**
 * kdbus_files_put() - drop a reference
 * @files: the files
 */
void kdbus_files_put(struct kdbus_files *files)
{
	kref_put(&files->ref, files_free);
}

/**
 * kdbus_files_install() - give the files to current, and their numbers to the image
 * @files: of the message
 * @pool: where its image lies
 * @slice: the image
 * @accept_fds: also those of the FDS item; else only the memfds
 *
 * The lowest free numbers, in order, closed by execve().
 *
 * Return: whether all that was to be installed was.
 */
noinline bool kdbus_files_install(const struct kdbus_files *files, struct kdbus_pool *pool,
				  const struct kdbus_slice *slice, bool accept_fds)
{
	bool complete = true;
	unsigned int i;
	int number;

	for (i = accept_fds ? 0 : files->n_fds; i < files->n; i++) {
		number = kdbus_receive_fd(files->files[i].file, O_CLOEXEC);
		if (number < 0) {
			complete = false;
			continue;
		}
		kdbus_pool_write(pool, slice, files->files[i].at, &number, sizeof(number));
	}
	return complete;
}

/**
 * kdbus_files_uninstall() - undo kdbus_files_install()
 * @files: of the message
 * @pool: where its image lies
 * @slice: the image
 */
void kdbus_files_uninstall(const struct kdbus_files *files, struct kdbus_pool *pool,
			   const struct kdbus_slice *slice)
{
	const int none = -1;
	unsigned int i;
	int number;

	for (i = 0; i < files->n; i++) {
		kdbus_pool_read(pool, slice, files->files[i].at, &number, sizeof(number));
		if (number < 0)
			continue;
		close_fd(number);
		kdbus_pool_write(pool, slice, files->files[i].at, &none, sizeof(none));
	}
}
