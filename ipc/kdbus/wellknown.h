/* SPDX-License-Identifier: GPL-2.0 */
/* The grammar of well-known bus names */
#ifndef KDBUS_WELLKNOWN_H
#define KDBUS_WELLKNOWN_H

#include <linux/types.h>

/* Longest name, without the terminating NUL. */
#define KDBUS_WELLKNOWN_MAX	255

bool kdbus_wellknown_is_valid(const char *name, size_t len, bool wildcard_ok);
bool kdbus_wellknown_is_wildcard(const char *name, size_t len);

#endif
