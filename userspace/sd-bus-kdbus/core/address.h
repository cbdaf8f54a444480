/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* address.h - bus addresses: "unix:path=/dev/kdbus/0-system/bus;unix:path=/run/..." */
#ifndef KBUS_ADDRESS_H
#define KBUS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

int kbus_address_next(const char **list, char *path, size_t capacity);
int kbus_address_resolve(const char *address, char *path, size_t capacity);

#endif /* KBUS_ADDRESS_H */
