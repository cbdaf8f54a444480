/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.h - messages for the journal, or for who watches standard error
 */
#ifndef KDBUS_BUSD_LOG_H
#define KDBUS_BUSD_LOG_H

#include <syslog.h>

void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)		log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...)	log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)		log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)		log_line(LOG_INFO, __VA_ARGS__)

#endif /* KDBUS_BUSD_LOG_H */
