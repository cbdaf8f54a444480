/* SPDX-License-Identifier: GPL-2.0 */
/* Signals: for whoever wants to hear them. */
#ifndef KDBUS_SIGNALS_H
#define KDBUS_SIGNALS_H

struct kdbus_message;

int kdbus_signal_send(struct kdbus_message *message);
int kdbus_signal_broadcast(struct kdbus_message *message);

#endif
