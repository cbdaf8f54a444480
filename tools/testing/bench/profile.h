/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profile.h - marks between which instructions are counted by address
 *
 * A mark is an instruction that does nothing, in a form that no compiler writes: a nop of eight
 * bytes whose address is a text.  The emulator's plugin (profile-plugin.c) looks for it.
 */
#ifndef KDBUS_BENCH_PROFILE_H
#define KDBUS_BENCH_PROFILE_H

/* The first seven of eight bytes: nopl with a 32-bit displacement, of which three are a text. */
#define PROFILE_MARK_BYTES	0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x64, 0x62
#define PROFILE_MARK_BEGIN	0x01
#define PROFILE_MARK_END	0x02
#define PROFILE_MARK_CALL	0x03

#ifdef __x86_64__
static inline void profile_begin(void)
{
	__asm__ volatile(".byte 0x0f,0x1f,0x84,0x00,0x6b,0x64,0x62,0x01" : : : "memory");
}

static inline void profile_end(void)
{
	__asm__ volatile(".byte 0x0f,0x1f,0x84,0x00,0x6b,0x64,0x62,0x02" : : : "memory");
}
/* One more call is over. */
static inline void profile_call(void)
{
	__asm__ volatile(".byte 0x0f,0x1f,0x84,0x00,0x6b,0x64,0x62,0x03" : : : "memory");
}
#else
static inline void profile_begin(void) { }
static inline void profile_call(void) { }
static inline void profile_end(void) { }
#endif

#endif /* KDBUS_BENCH_PROFILE_H */
