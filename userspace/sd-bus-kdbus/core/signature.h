/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signature.h - D-Bus type signatures */
#ifndef KBUS_SIGNATURE_H
#define KBUS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#define KBUS_SIGNATURE_MAX	255	/* bytes of a signature, without NUL */
#define KBUS_DEPTH_MAX		32	/* arrays in arrays; structs in structs; each at most this */
#define KBUS_DEPTH_TOTAL	64	/* containers in containers, variants included */

bool kbus_signature_is_valid(const char *signature, size_t size);
bool kbus_signature_is_single(const char *signature, size_t size);
size_t kbus_type_length(const char *type);
size_t kbus_type_alignment(char type);
size_t kbus_type_size(char type);

#endif /* KBUS_SIGNATURE_H */
