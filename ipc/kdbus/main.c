// SPDX-License-Identifier: GPL-2.0
/* Load and unload. */

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "entry.h"
#include "fs.h"
#include "handle.h"
#include "slice.h"
#include "work.h"

static int __init kdbus_init(void)
{
	int ret;

	ret = kdbus_work_init();
	if (ret)
		return ret;
	ret = kdbus_slice_cache_init();
	if (ret)
		goto out_work;
	ret = kdbus_entry_cache_init();
	if (ret)
		goto out_slice_cache;
	ret = kdbus_fs_init(&kdbus_handle_fops);
	if (ret)
		goto out_entry_cache;
	return 0;

out_entry_cache:
	kdbus_entry_cache_deinit();
out_slice_cache:
	kdbus_slice_cache_deinit();
out_work:
	kdbus_work_deinit();
	return ret;
}

static void __exit kdbus_exit(void)
{
	kdbus_fs_deinit();
	/* What RCU still has to free is made of our types. */
	rcu_barrier();
	kdbus_entry_cache_deinit();
	kdbus_slice_cache_deinit();
	kdbus_work_deinit();
}

module_init(kdbus_init);
module_exit(kdbus_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("D-Bus in the kernel: a message bus of character devices");
MODULE_ALIAS("kdbus");
