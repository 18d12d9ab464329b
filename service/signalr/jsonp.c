/* SPDX-License-Identifier: MIT */
#include "service/signalr/jsonp.h"

#include "service/signalr/client_frame.h"

/* ECMAScript 3, 5 and 6, strict mode, and the literals. */
static const char *const reserved_words[] = {
    "abstract",  "arguments",    "await",      "boolean", "break",    "byte",       "case",
    "catch",     "char",         "class",      "const",   "continue", "debugger",   "default",
    "delete",    "do",           "double",     "else",    "enum",     "eval",       "export",
    "extends",   "false",        "final",      "finally", "float",    "for",        "function",
    "goto",      "if",           "implements", "import",  "in",       "instanceof", "int",
    "interface", "let",          "long",       "native",  "new",      "null",       "package",
    "private",   "protected",    "public",     "return",  "short",    "static",     "super",
    "switch",    "synchronized", "this",       "throw",   "throws",   "transient",  "true",
    "try",       "typeof",       "var",        "void",    "volatile", "while",      "with",
    "yield",
};

/* Non-ASCII characters that are no letters and could end or split a token: C1 controls, Latin-1
 * signs, blanks, punctuation, byte order mark, specials. */
static const struct {
    uint32_t from;
    uint32_t to;
} refused_ranges[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},        {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x1680, 0x1680}, {0x2000, 0x206F}, {0x3000, 0x3004},    {0xD800, 0xF8FF},
    {0xFE00, 0xFE1F}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF}, {0xE0000, 0x10FFFF},
};

static bool
is_reserved(struct bytes word)
{
    for (size_t i = 0; i < sizeof(reserved_words) / sizeof(reserved_words[0]); i++) {
        if (bytes_equal(word, bytes_from_string(reserved_words[i]))) {
            return true;
        }
    }
    return false;
}

/* The character at the front of well-formed UTF-8. */
static uint32_t
take_character(struct bytes *text)
{
    uint8_t first = text->data[0];
    size_t length = 1 + (first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0);
    uint32_t code = (length == 1) ? first : first & (0x7Fu >> length);

    for (size_t i = 1; i < length; i++) {
        code = code << 6 | (text->data[i] & 0x3Fu);
    }
    *text = bytes_after(*text, length);
    return code;
}

static bool
may_start(uint32_t code)
{
    if (code < 0x80) {
        return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '$' ||
               code == '_';
    }
    for (size_t i = 0; i < sizeof(refused_ranges) / sizeof(refused_ranges[0]); i++) {
        if (code >= refused_ranges[i].from && code <= refused_ranges[i].to) {
            return false;
        }
    }
    return true;
}

static bool
is_identifier(struct bytes word)
{
    bool is_first = true;

    if (word.length == 0 || is_reserved(word)) {
        return false;
    }
    while (word.length > 0) {
        uint32_t code = take_character(&word);
        bool is_digit = code >= '0' && code <= '9';
        if (!may_start(code) && (is_first || !is_digit)) {
            return false;
        }
        is_first = false;
    }
    return true;
}

bool
jsonp_is_valid_callback(struct bytes name)
{
    struct bytes word;

    if (name.length == 0 || name.length > JSONP_CALLBACK_BYTES_MAX || !bytes_is_utf8(name)) {
        return false;
    }
    while (bytes_split(&name, '.', &word)) {
        if (!is_identifier(word)) {
            return false;
        }
    }
    return true;
}

enum status
jsonp_append(struct buffer *out, struct bytes callback, struct bytes json)
{
    buffer_append(out, callback);
    buffer_append_byte(out, '(');
    client_frame_append_escaped(out, json);
    buffer_append(out, BYTES(");"));
    return out->status;
}
