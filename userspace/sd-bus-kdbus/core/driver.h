/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.h - org.freedesktop.DBus, answered in the process of the client
 *
 * What needs nobody else is answered from the kernel's knowledge; StartServiceByName,
 * UpdateActivationEnvironment, ReloadConfig and Debug.Stats go to the process that owns the name
 * org.freedesktop.DBus on the bus.
 */
#ifndef KBUS_DRIVER_H
#define KBUS_DRIVER_H

#include "conn.h"

int kbus_driver_call(struct kbus_conn *conn, const struct kbus_header *call, const void *body);

#endif /* KBUS_DRIVER_H */
