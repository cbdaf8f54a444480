// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * seeds.c - writes valid messages, for the fuzzer to begin with: seeds DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>

#include "../core/build.h"

static void write_seed(const char *directory, const char *name, struct kbus_writer *body,
		       const struct kbus_fields *fields)
{
	uint8_t *data;
	size_t size;
	char path[512];
	FILE *file;

	if (kbus_build(body, fields, &data, &size) < 0)
		exit(EXIT_FAILURE);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		exit(EXIT_FAILURE);
	free(data);
}

int main(int argc, char **argv)
{
	struct kbus_writer body = {};
	int i;

	if (argc != 2)
		return EXIT_FAILURE;
	write_seed(argv[1], "call", NULL, &(struct kbus_fields){
		.type = KBUS_METHOD_CALL, .serial = 1, .path = "/a/b", .interface = "a.b",
		.member = "M", .destination = ":1.5", .sender = ":1.6", .n_fds = 2 });
	write_seed(argv[1], "return", NULL, &(struct kbus_fields){
		.type = KBUS_METHOD_RETURN, .serial = 1, .reply_serial = 2 });

	kbus_put_string(&body, "something went wrong");
	write_seed(argv[1], "error", &body, &(struct kbus_fields){
		.type = KBUS_ERROR, .serial = 1, .reply_serial = 2, .error_name = "a.b.C",
		.signature = "s" });

	kbus_put_string(&body, "a.b.c");
	kbus_put_string(&body, "/x/y");
	kbus_put_array_open(&body, 's');
	kbus_put_string(&body, "one");
	kbus_put_string(&body, "two");
	kbus_put_array_close(&body);
	write_seed(argv[1], "strings", &body, &(struct kbus_fields){
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
		.signature = "soas" });

	kbus_put_array_open(&body, '{');
	for (i = 0; i < 3; i++) {
		kbus_put_struct(&body);
		kbus_put_string(&body, "key");
		kbus_put_signature(&body, "v");
		kbus_put_signature(&body, "(bt)");
		kbus_put_struct(&body);
		kbus_put_bool(&body, i & 1);
		kbus_put_u64(&body, i);
	}
	kbus_put_array_close(&body);
	kbus_put_array_open(&body, 'b');
	kbus_put_bool(&body, true);
	kbus_put_array_close(&body);
	write_seed(argv[1], "containers", &body, &(struct kbus_fields){
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
		.signature = "a{sv}ab" });
	return EXIT_SUCCESS;
}
