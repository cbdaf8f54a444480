/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bus-id.h - what a program and a plugin have in common */
#ifndef KDBUS_INTERPLAY_BUS_ID_H
#define KDBUS_INTERPLAY_BUS_ID_H

int bus_id_print(const char *address);

#endif /* KDBUS_INTERPLAY_BUS_ID_H */
