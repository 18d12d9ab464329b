/* SPDX-License-Identifier: MIT */
#include "common/base/option_problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROBLEM_LINE_BYTES = 1024, WORD_MAX_BYTES = 64 };

void
option_add_problem(struct option_set *set, const char *origin, const char *format, ...)
{
    char raw[PROBLEM_LINE_BYTES];
    char line[PROBLEM_LINE_BYTES];
    struct bytes text;
    va_list arguments;
    int length;

    set->problem_count++;
    length = snprintf(raw, sizeof(raw), "%.500s%s", origin == NULL ? "" : origin,
                      origin == NULL ? "" : ": ");
    va_start(arguments, format);
    vsnprintf(raw + length, sizeof(raw) - (size_t)length, format, arguments);
    va_end(arguments);
    text = bytes_from_string(raw);
    buffer_append_format(&set->problems, "%.*s\n", (int)bytes_printable(&text, line, sizeof(line)),
                         line);
}

static int
lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
}

static size_t
smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

/* How many letters must be added, dropped or changed to make one word of the other (Levenshtein);
 * case does not count. SIZE_MAX when a word is too long to be a slip of the finger. */
static size_t
edit_distance(const char *left, const char *right)
{
    size_t row[WORD_MAX_BYTES + 1];
    size_t left_length = strlen(left), right_length = strlen(right);

    if (left_length > WORD_MAX_BYTES || right_length > WORD_MAX_BYTES) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i <= right_length; i++) {
        row[i] = i;
    }
    for (size_t i = 1; i <= left_length; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= right_length; j++) {
            size_t changed = diagonal + (lower(left[i - 1]) != lower(right[j - 1]));

            diagonal = row[j];
            row[j] = smaller(changed, 1 + smaller(row[j], row[j - 1]));
        }
    }
    return row[right_length];
}

/* The word that is nearest so far to what was written. */
struct guess {
    const char *written;
    const char *best;
    size_t distance;
};

static void
consider(struct guess *guess, const char *word)
{
    size_t distance = edit_distance(guess->written, word);

    if (distance < guess->distance && distance <= (strlen(word) + 2) / 3) {
        guess->best = word;
        guess->distance = distance;
    }
}

/* The section kind other than ${section} that has an option ${name}, or NULL. */
static const char *
home_of(const struct option_schema *schema, const char *section, const char *name)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct option *option = &schema->options[i];

        if (strcmp(option->name, name) == 0 && strcmp(option->section, section) != 0) {
            return option->section;
        }
    }
    return NULL;
}

void
option_problem_unknown(struct option_set *set, const char *origin, const char *section,
                       const char *section_name, const char *name)
{
    const struct option_schema *schema = set->schema;
    struct guess guess = {name, NULL, SIZE_MAX};
    const char *gap = section_name == NULL ? "" : " ";
    const char *home = home_of(schema, section, name);

    if (section_name == NULL) {
        section_name = "";
    }
    for (size_t i = 0; i < schema->option_count; i++) {
        if (strcmp(schema->options[i].section, section) == 0) {
            consider(&guess, schema->options[i].name);
        }
    }
    if (home != NULL) {
        option_add_problem(set, origin, "[%s%s%.100s] %.100s: unknown option; it belongs in [%s]",
                           section, gap, section_name, name, home);
    } else if (guess.best != NULL) {
        option_add_problem(set, origin, "[%s%s%.100s] %.100s: unknown option; did you mean %s?",
                           section, gap, section_name, name, guess.best);
    } else {
        option_add_problem(set, origin, "[%s%s%.100s] %.100s: unknown option", section, gap,
                           section_name, name);
    }
}

void
option_problem_unknown_section(struct option_set *set, const char *origin, const char *section)
{
    struct guess guess = {section, NULL, SIZE_MAX};

    for (size_t i = 0; i < set->schema->section_count; i++) {
        consider(&guess, set->schema->sections[i].name);
    }
    if (guess.best != NULL) {
        option_add_problem(set, origin, "[%.100s]: unknown section; did you mean [%s]?", section,
                           guess.best);
    } else {
        option_add_problem(set, origin, "[%.100s]: unknown section", section);
    }
}
