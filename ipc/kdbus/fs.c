// SPDX-License-Identifier: GPL-2.0
/* The two file system types, and names in their mounts. */

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/fsnotify.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stringhash.h>
#include <linux/sysfs.h>
#include <linux/user_namespace.h>
#include <uapi/linux/kdbus.h>

#include "compat.h"
#include "domain.h"
#include "fs.h"
#include "node.h"

/**
 * DOC: File systems
 *
 * Each mount is a domain of its own, empty but for its control node.  There are
 * two types over this one implementation.  In a mount of type ``kdbus`` every
 * node is a character device, so that device cgroups, labels and ls(1) see one.
 * In a mount of type ``kdbusfs``, the name of 2015, it is a regular file, because the
 * clients of that time mount it nodev.  The operations on an open node are the
 * same.
 *
 * Names come and go by commands on open nodes only; a user can neither make
 * nor remove any.  Every dentry in the tree is pinned by its node's being
 * published, and let go by kdbus_fs_remove().  kdbus_domain.tree_lock covers both, so
 * that a bus directory and a custom endpoint in it can go at the same time.
 */

#define KDBUS_SUPER_MAGIC 0x44427573

static dev_t kdbus_devices;
static const struct file_operations *kdbus_node_fops;

struct fs_options {
	struct kdbus_limits limits;
	u64 attach_mask;
	bool device_nodes;
};

enum {
	OPT_PAYLOAD,
	OPT_MEMFDS,
	OPT_FDS,
	OPT_QUEUED_FDS,
	OPT_QUEUED_MESSAGES,
	OPT_CALLS,
	OPT_NAMES,
	OPT_MATCHES,
	OPT_MATCH_BYTES,
	OPT_SHARED_BYTES,
	OPT_CONNECTIONS,
	OPT_BUSES,
	OPT_ATTACH_MASK,
};

static const struct fs_parameter_spec fs_parameters[] = {
	fsparam_u32("max_payload", OPT_PAYLOAD),
	fsparam_u32("max_memfds", OPT_MEMFDS),
	fsparam_u32("max_fds", OPT_FDS),
	fsparam_u32("max_queued_fds", OPT_QUEUED_FDS),
	fsparam_u32("max_queued_messages", OPT_QUEUED_MESSAGES),
	fsparam_u32("max_calls", OPT_CALLS),
	fsparam_u32("max_names", OPT_NAMES),
	fsparam_u32("max_matches", OPT_MATCHES),
	fsparam_u32("max_match_bytes", OPT_MATCH_BYTES),
	fsparam_u32("max_shared_bytes", OPT_SHARED_BYTES),
	fsparam_u32("max_connections", OPT_CONNECTIONS),
	fsparam_u32("max_buses", OPT_BUSES),
	fsparam_u64("attach_mask", OPT_ATTACH_MASK),
	{}
};

/* Each limit is an option; what may be asked for is bounded to keep sums small. */
#define OPT_LIMIT_MAX BIT(24)

static const size_t limit_of_option[] = {
	[OPT_PAYLOAD] = offsetof(struct kdbus_limits, payload),
	[OPT_MEMFDS] = offsetof(struct kdbus_limits, memfds),
	[OPT_FDS] = offsetof(struct kdbus_limits, fds),
	[OPT_QUEUED_FDS] = offsetof(struct kdbus_limits, queued_fds),
	[OPT_QUEUED_MESSAGES] = offsetof(struct kdbus_limits, queued_messages),
	[OPT_CALLS] = offsetof(struct kdbus_limits, calls),
	[OPT_NAMES] = offsetof(struct kdbus_limits, names),
	[OPT_MATCHES] = offsetof(struct kdbus_limits, matches),
	[OPT_MATCH_BYTES] = offsetof(struct kdbus_limits, match_bytes),
	[OPT_SHARED_BYTES] = offsetof(struct kdbus_limits, shared_bytes),
	[OPT_CONNECTIONS] = offsetof(struct kdbus_limits, connections),
	[OPT_BUSES] = offsetof(struct kdbus_limits, buses),
};

static unsigned int *option_limit(const struct kdbus_limits *limits, int option)
{
	return (unsigned int *)((char *)limits + limit_of_option[option]);
}

static int fs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct fs_options *options = fc->fs_private;
	struct fs_parse_result result;
	unsigned int most;
	int option;

	option = fs_parse(fc, fs_parameters, param, &result);
	if (option < 0)
		return option;
	if (option == OPT_ATTACH_MASK) {
		if (result.uint_64 & ~(u64)_KDBUS_ATTACH_ALL)
			return invalfc(fc, "attach_mask has unknown bits");
		options->attach_mask = result.uint_64;
		return 0;
	}
	/* In a user namespace anybody is the administrator: he may ask for less only. */
	most = OPT_LIMIT_MAX;
	if (fc->user_ns != &init_user_ns)
		most = *option_limit(&kdbus_default_limits, option);
	if (result.uint_32 > most)
		return invalfc(fc, "%s is larger than %u", param->key, most);
	*option_limit(&options->limits, option) = result.uint_32;
	return 0;
}

static int fs_show_options(struct seq_file *seq, struct dentry *root)
{
	struct kdbus_domain *domain = root->d_sb->s_fs_info;
	const struct fs_parameter_spec *spec;
	unsigned int limit;

	for (spec = fs_parameters; spec->opt < (int)ARRAY_SIZE(limit_of_option); spec++) {
		limit = *option_limit(&domain->limits, spec->opt);
		if (limit != *option_limit(&kdbus_default_limits, spec->opt))
			seq_printf(seq, ",%s=%u", spec->name, limit);
	}
	if (domain->attach_mask != _KDBUS_ATTACH_ALL)
		seq_printf(seq, ",attach_mask=0x%llx", domain->attach_mask);
	return 0;
}

static void fs_evict_inode(struct inode *inode)
{
	struct kdbus_node *node = inode->i_private;

	clear_inode(inode);
	inode->i_private = NULL;
	if (node)
		kdbus_node_put(node);
}

static const struct super_operations fs_super_ops = {
	.statfs = simple_statfs,
	.evict_inode = fs_evict_inode,
	.show_options = fs_show_options,
};

/* O_TRUNC and ftruncate() succeed and change nothing, as on any device. */
static int fs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	attr->ia_valid &= ~ATTR_SIZE;
	return simple_setattr(idmap, dentry, attr);
}

static const struct inode_operations fs_node_iops = {
	.setattr = fs_setattr,
};

/* No operation that would add or remove a name. */
static const struct inode_operations fs_dir_iops = {
	.lookup = simple_lookup,
};

static struct inode *fs_new_inode(struct super_block *sb, struct kdbus_node *node)
{
	struct inode *inode;
	int ret;

	ret = kdbus_node_number(node);
	if (ret)
		return ERR_PTR(ret);
	inode = new_inode(sb);
	if (!inode)
		return ERR_PTR(-ENOMEM);

	inode->i_ino = node->ino;
	inode->i_uid = node->uid;
	inode->i_gid = node->gid;
	simple_inode_init_ts(inode);

	if (node->type == KDBUS_NODE_ROOT || node->type == KDBUS_NODE_BUS) {
		inode->i_mode = S_IFDIR | node->mode;
		inode->i_op = &fs_dir_iops;
		inode->i_fop = &simple_dir_operations;
		set_nlink(inode, 2);
	} else {
		if (node->domain->device_nodes) {
			/* A minor number is for show: after a million nodes they repeat. */
			init_special_inode(inode, S_IFCHR | node->mode,
					   MKDEV(MAJOR(kdbus_devices), node->ino & MINORMASK));
		} else {
			inode->i_mode = S_IFREG | node->mode;
		}
		inode->i_op = &fs_node_iops;
		inode->i_fop = kdbus_node_fops;
	}
	inode->i_private = kdbus_node_get(node);
	return inode;
}

/*
 * The dentry for a new name, not yet visible, with a reference; or -EEXIST.  The
 * directory is locked, so no look-up is under way: what is not in the cache
 * does not exist.
 */
static struct dentry *fs_new_dentry(struct dentry *parent, const char *name)
{
	struct qstr qname = QSTR_INIT(name, strlen(name));
	struct dentry *dentry;

	lockdep_assert_held_write(&d_inode(parent)->i_rwsem);

	qname.hash = full_name_hash(parent, qname.name, qname.len);
	dentry = d_lookup(parent, &qname);
	if (dentry && d_really_is_positive(dentry)) {
		dput(dentry);
		return ERR_PTR(-EEXIST);
	}
	return dentry ?: d_alloc(parent, &qname) ?: ERR_PTR(-ENOMEM);
}

/* Make @node visible in the locked directory @parent. */
static int fs_add_locked(struct dentry *parent, struct kdbus_node *node, const char *name)
{
	struct dentry *dentry;
	struct inode *inode;

	lockdep_assert_held(&node->domain->tree_lock);

	dentry = fs_new_dentry(parent, name);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	inode = fs_new_inode(parent->d_sb, node);
	if (IS_ERR(inode)) {
		dput(dentry);
		return PTR_ERR(inode);
	}
	node->dentry = dentry;
	kdbus_dentry_publish(dentry, inode);
	return 0;
}

/**
 * kdbus_fs_add() - give a node a name in a directory
 * @parent: node of the directory
 * @node: not in the tree; access set
 * @name: a valid system name
 *
 * Context: May sleep.
 * Return: 0; -EEXIST if the name is taken; -ESHUTDOWN if @parent is no longer
 *         in the tree, or @node was removed before it came there; -ENOMEM, -ENOSPC.
 */
int kdbus_fs_add(struct kdbus_node *parent, struct kdbus_node *node, const char *name)
{
	struct mutex *tree_lock = &node->domain->tree_lock;
	struct inode *dir;
	int ret;

	mutex_lock(tree_lock);
	/* Whoever removed it does not look again: it would go with its directory, unnoticed. */
	if (!parent->dentry || node->removed) {
		mutex_unlock(tree_lock);
		return -ESHUTDOWN;
	}
	dir = d_inode(parent->dentry);
	inode_lock(dir);
	ret = fs_add_locked(parent->dentry, node, name);
	if (!ret)
		fsnotify_create(dir, node->dentry);
	inode_unlock(dir);
	mutex_unlock(tree_lock);
	return ret;
}

/**
 * kdbus_fs_add_bus() - make a bus directory and its default endpoint visible
 * @root: root node of the domain
 * @bus: the directory; not in the tree; access set
 * @name: its name
 * @endpoint: the default endpoint, called "bus"
 *
 * The new directory is locked before it can be found, so nobody sees it empty.
 *
 * Context: May sleep.
 * Return: as kdbus_fs_add().
 */
int kdbus_fs_add_bus(struct kdbus_node *root, struct kdbus_node *bus, const char *name,
		     struct kdbus_node *endpoint)
{
	struct dentry *dentry, *bus_dentry;
	struct inode *dir, *inode, *endpoint_inode;
	int ret;

	mutex_lock(&root->domain->tree_lock);
	if (!root->dentry) {
		ret = -ESHUTDOWN;
		goto out_unlock_tree;
	}
	dir = d_inode(root->dentry);
	inode_lock_nested(dir, I_MUTEX_PARENT);

	dentry = fs_new_dentry(root->dentry, name);
	if (IS_ERR(dentry)) {
		ret = PTR_ERR(dentry);
		goto out_unlock_dir;
	}
	inode = fs_new_inode(root->dentry->d_sb, bus);
	if (IS_ERR(inode)) {
		ret = PTR_ERR(inode);
		goto out_put_dentry;
	}
	endpoint_inode = fs_new_inode(root->dentry->d_sb, endpoint);
	if (IS_ERR(endpoint_inode)) {
		ret = PTR_ERR(endpoint_inode);
		goto out_put_inode;
	}
	bus_dentry = d_alloc_name(dentry, "bus");
	if (!bus_dentry) {
		ret = -ENOMEM;
		goto out_put_endpoint_inode;
	}

	inode_lock_nested(inode, I_MUTEX_CHILD);
	bus->dentry = dentry;
	kdbus_dentry_publish(dentry, inode);
	endpoint->dentry = bus_dentry;
	kdbus_dentry_publish(bus_dentry, endpoint_inode);
	inode_unlock(inode);
	fsnotify_mkdir(dir, dentry);

	inode_unlock(dir);
	mutex_unlock(&root->domain->tree_lock);
	return 0;

out_put_endpoint_inode:
	iput(endpoint_inode);
out_put_inode:
	iput(inode);
out_put_dentry:
	dput(dentry);
out_unlock_dir:
	inode_unlock(dir);
out_unlock_tree:
	mutex_unlock(&root->domain->tree_lock);
	return ret;
}

/**
 * kdbus_fs_exists() - is a name taken?
 * @parent: node of the directory
 * @name: a valid system name
 *
 * Return: whether; the answer may be old when it is used.
 */
bool kdbus_fs_exists(struct kdbus_node *parent, const char *name)
{
	struct qstr qname = QSTR_INIT(name, strlen(name));
	struct dentry *dentry = NULL;
	bool exists;

	mutex_lock(&parent->domain->tree_lock);
	if (parent->dentry) {
		qname.hash = full_name_hash(parent->dentry, qname.name, qname.len);
		dentry = d_lookup(parent->dentry, &qname);
	}
	exists = dentry && d_really_is_positive(dentry);
	dput(dentry);
	mutex_unlock(&parent->domain->tree_lock);
	return exists;
}

static void fs_lend_link(struct inode *dir)
{
	inode_lock(dir);
	inc_nlink(dir);
	inode_unlock(dir);
}

/**
 * kdbus_fs_remove() - take a node out of the tree
 * @node: a bus or endpoint, published or not; a bus has no endpoints left in the tree
 *
 * Files that are open stay open.  May be called again.
 *
 * Context: May sleep.
 */
void kdbus_fs_remove(struct kdbus_node *node)
{
	struct mutex *tree_lock = &node->domain->tree_lock;

	mutex_lock(tree_lock);
	if (node->dentry) {
		/* Directories have two links here, whatever is in them; the removal takes one. */
		if (node->type == KDBUS_NODE_BUS)
			fs_lend_link(d_inode(node->dentry->d_parent));
		simple_recursive_removal(node->dentry, NULL);
	}
	node->dentry = NULL;
	node->removed = true;
	mutex_unlock(tree_lock);
}

/**
 * kdbus_fs_is_node() - is this an open control or endpoint node of any mount?
 * @file: any file
 *
 * Return: whether.
 */
bool kdbus_fs_is_node(const struct file *file)
{
	return file->f_op == kdbus_node_fops;
}

static int fs_add_root(struct super_block *sb, struct kdbus_domain *domain)
{
	struct inode *inode;
	int ret;

	domain->root.mode = 0555;
	inode = fs_new_inode(sb, &domain->root);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;

	/* Nobody can look yet; the locks are for the assertions. */
	domain->control.mode = 0666;
	mutex_lock(&domain->tree_lock);
	domain->root.dentry = sb->s_root;
	inode_lock(d_inode(sb->s_root));
	ret = fs_add_locked(sb->s_root, &domain->control, "control");
	inode_unlock(d_inode(sb->s_root));
	mutex_unlock(&domain->tree_lock);
	return ret;
}

static int fs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	const struct fs_options *options = fc->fs_private;
	struct kdbus_domain *domain;

	domain = kdbus_domain_new(sb->s_user_ns, &options->limits, options->attach_mask,
				  options->device_nodes);
	if (IS_ERR(domain))
		return PTR_ERR(domain);

	sb->s_fs_info = domain;
	sb->s_magic = KDBUS_SUPER_MAGIC;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_op = &fs_super_ops;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC;
	/*
	 * In a user namespace devices are refused unless we say that ours are
	 * safe: only we make nodes here, and only ours.
	 */
	if (options->device_nodes)
		sb->s_iflags &= ~SB_I_NODEV;
	return fs_add_root(sb, domain);
}

static int fs_get_tree(struct fs_context *fc)
{
	return get_tree_nodev(fc, fs_fill_super);
}

static void fs_free_context(struct fs_context *fc)
{
	kfree(fc->fs_private);
}

static const struct fs_context_operations fs_context_ops = {
	.parse_param = fs_parse_param,
	.get_tree = fs_get_tree,
	.free = fs_free_context,
};

static int fs_init_context(struct fs_context *fc, bool device_nodes)
{
	struct fs_options *options = kzalloc(sizeof(*options), GFP_KERNEL);

	if (!options)
		return -ENOMEM;
	options->limits = kdbus_default_limits;
	options->attach_mask = _KDBUS_ATTACH_ALL;
	options->device_nodes = device_nodes;
	fc->fs_private = options;
	fc->ops = &fs_context_ops;
	return 0;
}

static int fs_init_context_devices(struct fs_context *fc)
{
	return fs_init_context(fc, true);
}

static int fs_init_context_files(struct fs_context *fc)
{
	return fs_init_context(fc, false);
}

static void fs_kill_super(struct super_block *sb)
{
	struct kdbus_domain *domain = sb->s_fs_info;

	/* No file is open any more, so every bus is gone: only our own nodes are left. */
	kdbus_kill_super(sb);
	if (domain) {
		kdbus_domain_shutdown(domain);
		kdbus_domain_put(domain);
	}
}

static struct file_system_type kdbus_device_fs = {
	.owner = THIS_MODULE,
	.name = "kdbus",
	.init_fs_context = fs_init_context_devices,
	.parameters = fs_parameters,
	.kill_sb = fs_kill_super,
	.fs_flags = FS_USERNS_MOUNT,
};
MODULE_ALIAS_FS("kdbus");

static struct file_system_type kdbus_file_fs = {
	.owner = THIS_MODULE,
	.name = "kdbusfs",
	.init_fs_context = fs_init_context_files,
	.parameters = fs_parameters,
	.kill_sb = fs_kill_super,
	.fs_flags = FS_USERNS_MOUNT,
};
MODULE_ALIAS_FS("kdbusfs");

/**
 * kdbus_fs_init() - register both types and make /sys/fs/kdbus
 * @node_fops: operations of open nodes
 *
 * Return: 0 or a negative errno.
 */
int kdbus_fs_init(const struct file_operations *node_fops)
{
	int ret;

	kdbus_node_fops = node_fops;
	ret = alloc_chrdev_region(&kdbus_devices, 0, MINORMASK + 1, "kdbus");
	if (ret)
		return ret;
	ret = sysfs_create_mount_point(fs_kobj, "kdbus");
	if (ret)
		goto out_devices;
	ret = register_filesystem(&kdbus_device_fs);
	if (ret)
		goto out_mount_point;
	ret = register_filesystem(&kdbus_file_fs);
	if (ret)
		goto out_device_fs;
	return 0;

out_device_fs:
	unregister_filesystem(&kdbus_device_fs);
out_mount_point:
	sysfs_remove_mount_point(fs_kobj, "kdbus");
out_devices:
	unregister_chrdev_region(kdbus_devices, MINORMASK + 1);
	return ret;
}

/**
 * kdbus_fs_deinit() - undo kdbus_fs_init(); nothing is mounted
 */
void kdbus_fs_deinit(void)
{
	unregister_filesystem(&kdbus_file_fs);
	unregister_filesystem(&kdbus_device_fs);
	sysfs_remove_mount_point(fs_kobj, "kdbus");
	unregister_chrdev_region(kdbus_devices, MINORMASK + 1);
}
