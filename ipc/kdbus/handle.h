/* SPDX-License-Identifier: GPL-2.0 */
/* An open node: its role, and the table of commands. */
#ifndef KDBUS_HANDLE_H
#define KDBUS_HANDLE_H

#include <linux/fs.h>

extern const struct file_operations kdbus_handle_fops;

#endif
