/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.h - the strings with rules: bus names, object paths, interfaces, members, UTF-8
 *
 * The rules are those of the D-Bus specification, "Valid Names" and "Valid Object Paths". All
 * functions take the length, without the NUL, and never look behind it.
 */
#ifndef KBUS_NAMES_H
#define KBUS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KBUS_NAME_MAX		255	/* bytes of any name, without NUL */
#define KBUS_UNIQUE_MAX		24	/* room for ":1." and an id in decimal, with NUL */

#define KBUS_DRIVER_NAME	"org.freedesktop.DBus"
#define KBUS_DRIVER_PATH	"/org/freedesktop/DBus"
#define KBUS_DRIVER_INTERFACE	"org.freedesktop.DBus"

bool kbus_utf8_is_valid(const char *text, size_t size);
bool kbus_path_is_valid(const char *path, size_t size);
bool kbus_interface_is_valid(const char *name, size_t size);
bool kbus_member_is_valid(const char *name, size_t size);

/* error names follow the rules of interfaces */
#define kbus_error_name_is_valid kbus_interface_is_valid

bool kbus_well_known_is_valid(const char *name, size_t size);
bool kbus_unique_is_valid(const char *name, size_t size);
bool kbus_bus_name_is_valid(const char *name, size_t size);
bool kbus_namespace_is_valid(const char *name, size_t size);

bool kbus_unique_parse(const char *name, uint64_t *ret_id);
size_t kbus_unique_format(char name[KBUS_UNIQUE_MAX], uint64_t id);

#endif /* KBUS_NAMES_H */
