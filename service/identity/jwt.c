/* SPDX-License-Identifier: MIT */
#include "service/identity/jwt.h"

#include "service/signalr/json_document.h"

enum { HS256_BYTES = 32, HS512_BYTES = 64 };

/* As RFC 7518 section 3.1 calls them. */
enum algorithm {
    ALGORITHM_OTHER,
    ALGORITHM_HS256,
    ALGORITHM_HS512,
    ALGORITHM_RS256,
    ALGORITHM_ES256,
};

/* A token in its parts: header.claims.signature, the signature decoded. */
struct parts {
    struct bytes header, claims;
    struct bytes input; /* what is signed: header and claims with the dot between, as received */
    struct buffer signature;
};

static enum jwt_verdict
verdict_of(enum status status)
{
    return status == STATUS_OK          ? JWT_VALID
           : status == STATUS_NO_MEMORY ? JWT_UNAVAILABLE
                                        : JWT_MALFORMED;
}

/* RFC 7515 allows one alphabet, and no padding. */
static enum status
decode(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '+' || text.data[i] == '/' || text.data[i] == '=') {
            return STATUS_INVALID;
        }
    }
    return crypto_base64_decode(text, out);
}

/* A part that is a JSON object. */
static enum status
read_object(struct bytes text, struct json_document *out)
{
    struct buffer json;
    enum status status;

    buffer_init(&json, JWT_TOKEN_BYTES_MAX);
    status = decode(text, &json);
    if (status == STATUS_OK) {
        status = json_document_read(buffer_bytes(&json), out);
    }
    if (status == STATUS_OK && !yyjson_is_obj(json_document_root(out))) {
        status = STATUS_INVALID;
    }
    buffer_deinit(&json);
    return status;
}

static enum status
split(struct bytes token, struct parts *parts)
{
    struct bytes rest = token;
    struct bytes signature = BYTES_NONE;

    if (token.length == 0 || token.length > JWT_TOKEN_BYTES_MAX ||
        !bytes_split(&rest, '.', &parts->header) || !bytes_split(&rest, '.', &parts->claims) ||
        !bytes_split(&rest, '.', &signature) || rest.data != NULL) {
        return STATUS_INVALID;
    }
    parts->input = bytes_slice(token, 0, parts->header.length + 1 + parts->claims.length);
    return decode(signature, &parts->signature);
}

static enum algorithm
algorithm_of(yyjson_val *header)
{
    struct bytes name = json_document_text(yyjson_obj_get(header, "alg"));

    /* An extension that must be understood is not understood here (RFC 7515 section 4.1.11). */
    if (yyjson_obj_get(header, "crit") != NULL) {
        return ALGORITHM_OTHER;
    }
    return bytes_equal(name, BYTES("HS256"))   ? ALGORITHM_HS256
           : bytes_equal(name, BYTES("HS512")) ? ALGORITHM_HS512
           : bytes_equal(name, BYTES("RS256")) ? ALGORITHM_RS256
           : bytes_equal(name, BYTES("ES256")) ? ALGORITHM_ES256
                                               : ALGORITHM_OTHER;
}

static bool
is_for(const struct jwt_key *key, enum algorithm algorithm)
{
    if (key->secret.length > 0) {
        return algorithm == ALGORITHM_HS256 || algorithm == ALGORITHM_HS512;
    }
    if (key->public_key == NULL) {
        return false;
    }
    return algorithm == (crypto_public_key_kind(key->public_key) == CRYPTO_KEY_RSA
                             ? ALGORITHM_RS256
                             : ALGORITHM_ES256);
}

static bool
has_signed(const struct jwt_key *key, enum algorithm algorithm, const struct parts *parts)
{
    struct bytes signature = buffer_bytes(&parts->signature);
    uint8_t expected[HS512_BYTES];
    size_t length = HS256_BYTES;

    if (key->secret.length == 0) {
        return crypto_public_key_verify(key->public_key, parts->input, signature);
    }
    if (algorithm == ALGORITHM_HS512) {
        crypto_hmac_sha512(key->secret, parts->input, expected);
        length = HS512_BYTES;
    } else {
        crypto_hmac_sha256(key->secret, parts->input, expected);
    }
    return signature.length == length && crypto_equal(signature.data, expected, length);
}

static enum jwt_verdict
check_signature(const struct jwt_rules *rules, enum algorithm algorithm, const struct parts *parts)
{
    enum jwt_verdict verdict = JWT_ALGORITHM;

    for (size_t i = 0; i < rules->key_count; i++) {
        if (!is_for(&rules->keys[i], algorithm)) {
            continue;
        }
        if (has_signed(&rules->keys[i], algorithm, parts)) {
            return JWT_VALID;
        }
        verdict = JWT_SIGNATURE;
    }
    return verdict;
}

/* A NumericDate: seconds, perhaps with a fraction, which does not matter here. */
static enum status
read_time(yyjson_val *value, uint64_t *seconds)
{
    struct bytes text = json_document_text(value);
    size_t point = bytes_find(text, '.');
    uint64_t fraction;

    if (!yyjson_is_raw(value)) {
        return STATUS_INVALID;
    }
    if (point != SIZE_MAX) {
        /* Its first digits show that there is no exponent behind it. */
        struct bytes digits = bytes_after(text, point + 1);
        if (bytes_parse_uint64(digits, &fraction) != STATUS_OK) {
            return STATUS_INVALID;
        }
    }
    return bytes_parse_uint64(bytes_slice(text, 0, point), seconds);
}

static enum jwt_verdict
check_times(const struct jwt_rules *rules, yyjson_val *claims)
{
    yyjson_val *expiry = yyjson_obj_get(claims, "exp");
    yyjson_val *start = yyjson_obj_get(claims, "nbf");
    uint64_t expiry_seconds, start_seconds = 0;

    if (expiry == NULL) {
        return JWT_NO_EXPIRY;
    }
    if (read_time(expiry, &expiry_seconds) != STATUS_OK ||
        (start != NULL && read_time(start, &start_seconds) != STATUS_OK)) {
        return JWT_MALFORMED;
    }
    if (rules->now_seconds >= expiry_seconds &&
        rules->now_seconds - expiry_seconds >= rules->leeway_seconds) {
        return JWT_EXPIRED;
    }
    if (start_seconds > rules->now_seconds &&
        start_seconds - rules->now_seconds > rules->leeway_seconds) {
        return JWT_NOT_YET;
    }
    return JWT_VALID;
}

/* "aud" is one text or a list of them. */
static bool
is_meant_for_us(const struct jwt_rules *rules, yyjson_val *audience)
{
    yyjson_arr_iter list;
    yyjson_val *value;

    if (yyjson_is_str(audience)) {
        return rules->is_audience(rules->context, json_document_text(audience));
    }
    if (!yyjson_arr_iter_init(audience, &list)) {
        return false;
    }
    while ((value = yyjson_arr_iter_next(&list)) != NULL) {
        if (yyjson_is_str(value) && rules->is_audience(rules->context, json_document_text(value))) {
            return true;
        }
    }
    return false;
}

static enum jwt_verdict
check_claims(const struct jwt_rules *rules, yyjson_val *claims)
{
    enum jwt_verdict verdict = check_times(rules, claims);

    if (verdict != JWT_VALID) {
        return verdict;
    }
    if (rules->is_audience != NULL && !is_meant_for_us(rules, yyjson_obj_get(claims, "aud"))) {
        return JWT_AUDIENCE;
    }
    if (rules->issuer.length > 0 &&
        !bytes_equal(json_document_text(yyjson_obj_get(claims, "iss")), rules->issuer)) {
        return JWT_ISSUER;
    }
    return JWT_VALID;
}

enum jwt_verdict
jwt_verify(struct bytes token, const struct jwt_rules *rules, struct jwt *out)
{
    struct parts parts;
    struct json_document header;
    enum jwt_verdict verdict;

    header.parsed = out->document.parsed = NULL;
    buffer_init(&parts.signature, JWT_TOKEN_BYTES_MAX);
    verdict = verdict_of(split(token, &parts));
    if (verdict == JWT_VALID) {
        verdict = verdict_of(read_object(parts.header, &header));
    }
    if (verdict == JWT_VALID) {
        verdict = check_signature(rules, algorithm_of(json_document_root(&header)), &parts);
    }
    if (verdict == JWT_VALID) {
        verdict = verdict_of(read_object(parts.claims, &out->document));
    }
    if (verdict == JWT_VALID) {
        verdict = check_claims(rules, json_document_root(&out->document));
    }
    if (verdict != JWT_VALID) {
        jwt_deinit(out);
    }
    json_document_deinit(&header);
    buffer_deinit(&parts.signature);
    return verdict;
}

void
jwt_deinit(struct jwt *jwt)
{
    json_document_deinit(&jwt->document);
}

yyjson_val *
jwt_claim(const struct jwt *jwt, const char *name)
{
    return yyjson_obj_get(json_document_root(&jwt->document), name);
}

struct bytes
jwt_claim_text(const struct jwt *jwt, const char *name)
{
    return json_document_text(jwt_claim(jwt, name));
}

struct bytes
jwt_user_id(const struct jwt *jwt, const char *claim)
{
    static const char *const usual[] = {
        "asrs.s.uid",
        "nameid",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "sub",
    };
    struct bytes user = BYTES_NONE;

    if (claim != NULL) {
        return jwt_claim_text(jwt, claim);
    }
    for (size_t i = 0; user.length == 0 && i < sizeof(usual) / sizeof(usual[0]); i++) {
        user = jwt_claim_text(jwt, usual[i]);
    }
    return user;
}

static void
append_encoded(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == ',' || text.data[i] == '%') {
            buffer_append_format(out, "%%%02X", text.data[i]);
        } else {
            buffer_append_byte(out, text.data[i]);
        }
    }
}

static void
append_claim(struct buffer *out, struct bytes name, yyjson_val *value)
{
    struct bytes text = json_document_text(value);

    if (yyjson_is_bool(value)) {
        text = yyjson_is_true(value) ? BYTES("true") : BYTES("false");
    }
    if (text.data == NULL) {
        return;
    }
    if (out->length > 0) {
        buffer_append_string(out, ", ");
    }
    append_encoded(out, name);
    buffer_append_string(out, ": ");
    append_encoded(out, text);
}

/* What says something about the token or its making rather than about the user. */
static bool
is_about_token(struct bytes name)
{
    static const char *const names[] = {"aud", "exp", "nbf", "iat", "iss", "jti"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bytes_equal(name, bytes_from_string(names[i]))) {
            return true;
        }
    }
    return bytes_starts_with(name, BYTES("asrs.s."));
}

enum status
jwt_append_claims(const struct jwt *jwt, struct buffer *out)
{
    yyjson_val *root = json_document_root(&jwt->document);
    yyjson_obj_iter members = yyjson_obj_iter_with(root);
    yyjson_val *key;

    while ((key = yyjson_obj_iter_next(&members)) != NULL) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        struct bytes name = json_document_text(key);
        if (is_about_token(name)) {
            continue;
        }
        /* The application's own claims whose names would mean something else. */
        if (bytes_starts_with(name, BYTES("asrs.u."))) {
            name = bytes_after(name, sizeof("asrs.u.") - 1);
        }
        yyjson_arr_iter items = yyjson_arr_iter_with(value);
        yyjson_val *item = yyjson_is_arr(value) ? yyjson_arr_iter_next(&items) : value;
        while (item != NULL) {
            append_claim(out, name, item);
            item = yyjson_is_arr(value) ? yyjson_arr_iter_next(&items) : NULL;
        }
    }
    return out->status;
}

const char *
jwt_verdict_sentence(enum jwt_verdict verdict)
{
    static const char *const sentences[] = {
        [JWT_VALID] = "the token is valid",
        [JWT_MALFORMED] = "the token is malformed",
        [JWT_ALGORITHM] = "the token is signed in a way that is not accepted here",
        [JWT_SIGNATURE] = "the signature of the token is invalid",
        [JWT_NO_EXPIRY] = "the token has no expiry",
        [JWT_EXPIRED] = "the token has expired",
        [JWT_NOT_YET] = "the token is not valid yet",
        [JWT_AUDIENCE] = "the audience of the token is another",
        [JWT_ISSUER] = "the issuer of the token is another",
        [JWT_UNAVAILABLE] = "the token could not be checked",
    };

    return sentences[verdict];
}
