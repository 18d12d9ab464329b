/* SPDX-License-Identifier: MIT */
/* annotate: compiler annotations behind our own names; the only place for compiler extensions. */
#ifndef HUBPLANE_BASE_ANNOTATE_H
#define HUBPLANE_BASE_ANNOTATE_H

#if defined(__GNUC__) || defined(__clang__)
#define MUST_CHECK __attribute__((warn_unused_result))
#if defined(__MINGW32__) && !defined(__clang__)
#define PRINTF_LIKE(format_index, first_argument) \
    __attribute__((format(gnu_printf, format_index, first_argument)))
#else
#define PRINTF_LIKE(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#endif
#else
#define MUST_CHECK
#define PRINTF_LIKE(format_index, first_argument)
#endif

/** CONTAINER_OF(pointer, type, member): Return the struct that embeds ${member} at ${pointer}. */
#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)(((char *)(pointer)) - offsetof(type, member)))

#endif
