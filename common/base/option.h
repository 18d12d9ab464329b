/* SPDX-License-Identifier: MIT */
/*
 * option: one table per program declares every option; the parser, the registry reader, --help, the
 * sample file and the documentation check all read that table.
 */
#ifndef HUBPLANE_BASE_OPTION_H
#define HUBPLANE_BASE_OPTION_H

#include "common/base/bytes.h"

enum option_type {
    OPTION_TEXT,      /* char *, NULL when not set or set to nothing ("admin =") */
    OPTION_LIST,      /* char *, comma separated; OPTION_TEXT with another word in the help */
    OPTION_PATH,      /* char *, as OPTION_TEXT; relative to the folder of the file that says it */
    OPTION_BOOL,      /* bool: yes/no, true/false, on/off, 1/0 */
    OPTION_COUNT,     /* uint64_t; `choices` may be one word that stands for 0: "auto" */
    OPTION_BYTES,     /* uint64_t; suffix KB, MB, GB (powers of 1024) or none */
    OPTION_MS,        /* uint64_t milliseconds; suffix ms, s, m, h or none = ms */
    OPTION_ADDRESS,   /* char *, HOST:PORT or [IPv6]:PORT, NULL as for OPTION_TEXT */
    OPTION_ADDRESSES, /* char *, any number of them, comma separated */
    OPTION_CHOICE,    /* char *, one of the words of `choices`, separated by | */
};

enum option_reload { OPTION_RESTART, OPTION_RELOAD };

/* One row. `offset` is where the value lives in the section's struct. */
struct option {
    const char *section; /* "service", "app": a section may be repeated with a name, "[app chat]" */
    const char *name;
    enum option_type type;
    const char *unset; /* default as it would be written in the file; NULL = none */
    uint64_t minimum;  /* of COUNT, BYTES and MS; a word that stands for 0 is always allowed.
                        * Of ADDRESSES: 1 = there must be one */
    uint64_t maximum;  /* 0 = no upper bound */
    enum option_reload reload;
    const char *choices;
    size_t offset;
    const char *help; /* one sentence */
};

/* A section kind: "[app NAME]" makes a struct of `size` bytes each time it appears with another
 * NAME. */
struct option_section {
    const char *name;
    bool is_named; /* [app chat] rather than [service] */
    bool is_open; /* names that no option row declares are allowed and kept in order: hub methods */
    size_t size;
    const char *help;
};

struct option_schema {
    const struct option_section *sections;
    size_t section_count;
    const struct option *options;
    size_t option_count;
};

/* A "key = value" of an open section that no row declares. */
struct option_extra {
    char *name;
    char *value;
    char *origin; /* "hubplane.ini:12" */
};

/* A section as read. `values` keeps its address until option_set_deinit(), the group itself only
 * until the next value is set. */
struct option_group {
    const struct option_section *section;
    char *name; /* "chat" of [app chat], NULL of an unnamed section */
    char *origin;
    void *values;   /* a struct of section->size bytes */
    char **origins; /* per option row of the schema: where it was written last; NULL = nowhere */
    struct option_extra *extras;
    size_t extra_count;
};

struct option_set {
    const struct option_schema *schema;
    const char *file; /* whose folder an OPTION_PATH is relative to; NULL = the current folder. Set
                       * by option_read_file(), and by whoever else calls option_set_value() */
    struct option_group *groups;
    size_t group_count;
    /* One line each, such as
     * "hubplane.ini:7: [service] listn: unknown option; did you mean listen?" */
    struct buffer problems;
    size_t problem_count;
};

enum { OPTION_FILE_MAX_BYTES = 1024 * 1024, OPTION_LINE_MAX_BYTES = 16 * 1024 };

/** ${schema} is a static table. Fill in one struct of every unnamed section with the defaults. OK
 * or NO_MEMORY. */
MUST_CHECK enum status option_set_init(struct option_set *set, const struct option_schema *schema);
/** Frees every value, also those that structs of the caller point to. */
void option_set_deinit(struct option_set *set);
/** Read an INI file (inih). Every mistake becomes a line in `problems`, reading goes on; returns
 * OK, INVALID (there are problems), NOT_FOUND / DENIED / IO (the file; also a problem line). Later
 * values of the same name win. */
MUST_CHECK enum status option_read_file(struct option_set *set, const char *path);
/** The same for text that is in memory: OK, INVALID or NO_MEMORY. ${origin} stands where the file
 * name would. */
MUST_CHECK enum status option_read_text(struct option_set *set, struct bytes text,
                                        const char *origin);
/**
 * option_set_value(set, section, section_name, name, value, origin):
 * Set one value from anywhere else (registry, command line); ${section_name} is NULL for unnamed
 * sections, and a new one makes a new group. ${origin} is what problems and
 * option_write_effective() call the place.
 *   Owns:     all texts are copied.
 *   Returns:  OK;  INVALID - a line was added to `problems`;  NO_MEMORY.
 */
MUST_CHECK enum status option_set_value(struct option_set *set, const char *section,
                                        const char *section_name, const char *name,
                                        const char *value, const char *origin);
/** Whether ${name} in [${section}] is left open by the schema, so that it becomes an option_extra.
 */
bool option_is_extra(const struct option_schema *schema, const char *section, const char *name);
/** Make sure of the group of "[section section_name]", which starts with the defaults: OK, INVALID
 * (with a problem line), NO_MEMORY. A section that only has its heading counts, too. */
MUST_CHECK enum status option_open_section(struct option_set *set, const char *section,
                                           const char *section_name, const char *origin);
/** The group, or NULL; ${name} NULL for unnamed sections. */
struct option_group *option_find(const struct option_set *set, const char *section,
                                 const char *name);
/** Whether somebody wrote a value of the row ${name}, be it a good one or one that was refused. */
bool option_is_written(const struct option_set *set, const struct option_group *group,
                       const char *name);
/** Where the value of the row ${name} was written; where its section was if it is the default. NULL
 * when nobody wrote either, or its section has none. */
const char *option_origin(const struct option_set *set, const struct option_group *group,
                          const char *name);
/** Add a problem line of the caller's own (a check across options); ${origin} as in option_group,
 * NULL = none. */
PRINTF_LIKE(3, 4)
void option_add_problem(struct option_set *set, const char *origin, const char *format, ...);
/** Write a commented sample file with all defaults. */
enum status option_write_sample(const struct option_schema *schema, struct buffer *out);
/** Append what --help says about every option: two lines each. */
enum status option_write_help(const struct option_schema *schema, struct buffer *out);
/** Append "[section] name" of every option of the kind ${reload} whose value differs between two
 * sets of one schema, ", " between them; a named section that came or went counts as
 * OPTION_RESTART. */
enum status option_write_changes(const struct option_set *before, const struct option_set *after,
                                 enum option_reload reload, struct buffer *out);
/** Write the effective values, one "[section] name = value  ; origin" line each; secrets are not
 * options. */
enum status option_write_effective(const struct option_set *set, struct buffer *out);

#endif
