/* SPDX-License-Identifier: MIT */
/*
 * hubplane_hub: what a hub module is: a DLL or .so that answers the calls of a hub, named in the
 * hub's section of the configuration (module = shaper.so). This header needs nothing else of
 * Hubplane, and compiles as C and C++. samples/ has two modules; service/hubs/MODULE.md is the
 * page.
 *
 * Threads. The service runs several workers, each one thread. It calls create() once on each, and
 * everything of that instance happens on that thread: no locks, but nothing is shared between
 * instances either, and a call that waits holds up its worker. Only service->post() may be called
 * from other threads.
 *
 * Texts are UTF-8 with a length and no terminator. Values are JSON texts; they go to clients
 * exactly as they are and must be valid. Whatever is given to a function is copied by it; what a
 * function gives lives until the call it belongs to has ended.
 */
#ifndef HUBPLANE_HUB_H
#define HUBPLANE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when something changes or goes. What is only added goes to the end of a struct, whose size
 * says how much of it there is. */
#define HUBPLANE_HUB_ABI 1

struct hubplane_text {
    const char *data;
    size_t length;
};

/* One call or event; valid until it has been ended. */
struct hubplane_call;
/* One worker as this instance sees it. */
struct hubplane_host;
struct hubplane_timer;

enum hubplane_event {
    HUBPLANE_INVOCATION = 0,
    HUBPLANE_CONNECTED = 1,
    HUBPLANE_RECONNECTED = 2,
    HUBPLANE_DISCONNECTED = 3, /* actions on the caller reach nobody */
    HUBPLANE_OWN = 4,          /* made by service->begin(): there is no caller */
};

enum hubplane_target {
    HUBPLANE_ALL = 0,
    HUBPLANE_OTHERS = 1, /* all but the caller */
    HUBPLANE_CALLER = 2,
    HUBPLANE_CLIENT = 3, /* name: a connection id */
    HUBPLANE_GROUP = 4,  /* name: a group */
    HUBPLANE_OTHERS_IN_GROUP = 5,
    HUBPLANE_USER = 6, /* name: a user id */
};

enum hubplane_level {
    HUBPLANE_ERROR = 0,
    HUBPLANE_WARN = 1,
    HUBPLANE_INFO = 2,
    HUBPLANE_DEBUG = 3
};

/* What a call is about. */
struct hubplane_call_info {
    size_t size;
    enum hubplane_event event;
    struct hubplane_text hub;
    struct hubplane_text method;    /* as the client spelled it; compare without case */
    struct hubplane_text arguments; /* JSON array */
    size_t argument_count;
    struct hubplane_text state; /* JSON object of the client's hub state, or empty */
    struct hubplane_text connection_id;
    struct hubplane_text user;  /* empty = anonymous */
    struct hubplane_text query; /* what the client added to the query string, not decoded */
    bool stop_called;           /* DISCONNECTED: the client said goodbye */
};

/* What the service does for a module. */
struct hubplane_service {
    size_t size;
    uint32_t abi;

    /* About a call. */
    void (*info)(const struct hubplane_call *call, struct hubplane_call_info *out);
    /* The JSON text of the ${index}-th argument; false when there is none. */
    bool (*argument)(const struct hubplane_call *call, size_t index, struct hubplane_text *json);

    /* Actions: carried out in the order given; a join is complete before the next action starts. A
     * failed action ends the call with an error its client can see. */
    void (*send)(struct hubplane_call *call, enum hubplane_target target, struct hubplane_text name,
                 struct hubplane_text method, struct hubplane_text arguments);
    /* The same, but not to these connections. */
    void (*send_except)(struct hubplane_call *call, enum hubplane_target target,
                        struct hubplane_text name, struct hubplane_text method,
                        struct hubplane_text arguments, const struct hubplane_text *excluded,
                        size_t excluded_count);
    /* ${connection_id} empty = the caller. */
    void (*join)(struct hubplane_call *call, struct hubplane_text connection_id,
                 struct hubplane_text group);
    void (*leave)(struct hubplane_call *call, struct hubplane_text connection_id,
                  struct hubplane_text group);
    void (*progress)(struct hubplane_call *call, struct hubplane_text value);
    void (*set_state)(struct hubplane_call *call, struct hubplane_text name,
                      struct hubplane_text value);

    /* Exactly one of these ends a call, inside call() or later. Then the call is gone. */
    void (*result)(struct hubplane_call *call, struct hubplane_text value); /* empty = void */
    /* A deliberate error, which the client always sees; ${data} is JSON or empty. */
    void (*error)(struct hubplane_call *call, struct hubplane_text text, struct hubplane_text data);
    /* Any other; the client sees it only with detailed errors on. */
    void (*fail)(struct hubplane_call *call, struct hubplane_text text);
    void (*unknown_method)(struct hubplane_call *call);
    /* CONNECTED: this client may not connect. */
    void (*refuse)(struct hubplane_call *call, struct hubplane_text text);

    /* A call without a caller, for what the module does of its own accord; ended like any other.
     * NULL when out of memory. */
    struct hubplane_call *(*begin)(struct hubplane_host *host);

    /* Call ${fn} once on this worker, after ${delay_ms}. The timer is gone when ${fn} is called.
     * NULL when out of memory. */
    struct hubplane_timer *(*start_timer)(struct hubplane_host *host, uint32_t delay_ms,
                                          void (*fn)(void *context), void *context);
    void (*stop_timer)(struct hubplane_timer *timer);
    /* Any thread, until destroy() returns: call ${fn} on this worker, later. False when out of
     * memory. After destroy() what was posted is dropped. */
    bool (*post)(struct hubplane_host *host, void (*fn)(void *context), void *context);

    /* Monotonic milliseconds, and Unix time, of this worker's turn. */
    uint64_t (*now_ms)(const struct hubplane_host *host);
    int64_t (*unix_ms)(const struct hubplane_host *host);
    /* 0 is one worker of each node: what a node needs once, do there. */
    size_t (*worker)(const struct hubplane_host *host);
    /* module_settings of the hub's section; empty when not set. Lives as long as the host. */
    struct hubplane_text (*settings)(const struct hubplane_host *host);
    void (*log)(const struct hubplane_host *host, enum hubplane_level level,
                struct hubplane_text sentence);

    /* JSON strings, between their text with quotes and escapes, and plain UTF-8. Both return how
     * long the whole is and write no more than ${size} bytes of it; SIZE_MAX when it is not valid.
     */
    size_t (*read_string)(struct hubplane_text json, char *out, size_t size);
    size_t (*write_string)(struct hubplane_text text, char *out, size_t size);
};

/* What a module is. */
struct hubplane_hub {
    uint32_t abi; /* HUBPLANE_HUB_ABI */
    size_t size;  /* sizeof(struct hubplane_hub) */
    /* For the generated script; the last is NULL. May be NULL. */
    const char *const *methods;
    /* An instance for one worker; NULL = it cannot work, and the hub is answered with errors. */
    void *(*create)(const struct hubplane_service *service, struct hubplane_host *host);
    void (*destroy)(void *hub);
    /* Invocations and events alike: end each. */
    void (*call)(void *hub, struct hubplane_call *call);
    /* The worker stops while this call is not ended: forget it. Optional. */
    void (*dropped)(void *hub, struct hubplane_call *call);
};

#ifdef _WIN32
#define HUBPLANE_EXPORT __declspec(dllexport)
#else
#define HUBPLANE_EXPORT __attribute__((visibility("default")))
#endif

/* The one function a module exports. */
HUBPLANE_EXPORT const struct hubplane_hub *hubplane_hub(void);
typedef const struct hubplane_hub *(*hubplane_hub_fn)(void);

/* HUBPLANE_TEXT("literal") */
#ifdef __cplusplus
#define HUBPLANE_TEXT(literal) (hubplane_text{"" literal, sizeof(literal) - 1})
#else
#define HUBPLANE_TEXT(literal) ((struct hubplane_text){"" literal, sizeof(literal) - 1})
#endif

#ifdef __cplusplus
}
#endif

#endif
