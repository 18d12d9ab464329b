/* SPDX-License-Identifier: MIT */
/*
 * ticker: a stock ticker. Clients subscribe to symbols, which are groups; twice a second the market
 * sends each symbol's price to its group. A price depends on the time alone, so that all workers
 * and nodes agree on it without talking to each other; only one worker of the node whose
 * module_settings are "market" sends.
 */
#include "hubplane_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 500, TEXT_BYTES_MAX = 512, SYMBOL_BYTES_MAX = 16 };

static const struct stock {
    const char *symbol;
    int64_t cents; /* around which the price swings */
} stocks[] = {{"MSFT", 42050}, {"APPL", 19025}, {"GOOG", 15575}, {"ACME", 1999}};

enum { STOCKS = sizeof(stocks) / sizeof(stocks[0]) };

struct ticker {
    const struct hubplane_service *service;
    struct hubplane_host *host;
};

static struct hubplane_text
text(const char *string)
{
    return (struct hubplane_text){string, strlen(string)};
}

/* A little up, a little down: two triangle waves of different length. */
static int64_t
price_at(const struct stock *stock, int64_t unix_ms)
{
    int64_t tick = unix_ms / TICK_MS + stock->cents;
    int64_t fast = labs((long)(tick % 20) - 10);
    int64_t slow = labs((long)(tick % 240) - 120);

    return stock->cents + (fast - 5) * stock->cents / 1000 + (slow - 60) * stock->cents / 1000;
}

/* {"Symbol":"MSFT","Price":420.50} */
static int
write_stock(const struct ticker *ticker, const struct stock *stock, char *out, size_t size)
{
    int64_t cents = price_at(stock, ticker->service->unix_ms(ticker->host));

    return snprintf(out, size, "{\"Symbol\":\"%s\",\"Price\":%lld.%02lld}", stock->symbol,
                    (long long)(cents / 100), (long long)(cents % 100));
}

static void
tick(void *context)
{
    const struct ticker *ticker = context;
    const struct hubplane_service *service = ticker->service;
    struct hubplane_call *call = service->begin(ticker->host);

    for (size_t i = 0; i < STOCKS && call != NULL; i++) {
        char arguments[TEXT_BYTES_MAX] = "[";
        int length = 1 + write_stock(ticker, &stocks[i], arguments + 1, sizeof(arguments) - 2);
        arguments[length] = ']';
        arguments[length + 1] = '\0';
        service->send(call, HUBPLANE_GROUP, text(stocks[i].symbol),
                      HUBPLANE_TEXT("updateStockPrice"), text(arguments));
    }
    if (call != NULL) {
        service->result(call, HUBPLANE_TEXT(""));
    }
    (void)service->start_timer(ticker->host, TICK_MS, tick, context);
}

static void
get_all_stocks(const struct ticker *ticker, struct hubplane_call *call)
{
    char json[STOCKS * TEXT_BYTES_MAX] = "[";
    size_t length = 1;

    for (size_t i = 0; i < STOCKS; i++) {
        length += (size_t)write_stock(ticker, &stocks[i], json + length, TEXT_BYTES_MAX);
        json[length++] = i + 1 < STOCKS ? ',' : ']';
    }
    ticker->service->result(call, (struct hubplane_text){json, length});
}

/* The stock that the only argument names; NULL when there is none. */
static const struct stock *
find_stock(const struct ticker *ticker, const struct hubplane_call *call)
{
    char symbol[SYMBOL_BYTES_MAX];
    struct hubplane_text json;

    if (!ticker->service->argument(call, 0, &json)) {
        return NULL;
    }
    size_t length = ticker->service->read_string(json, symbol, sizeof(symbol));
    for (size_t i = 0; i < STOCKS; i++) {
        if (length == strlen(stocks[i].symbol) && memcmp(symbol, stocks[i].symbol, length) == 0) {
            return &stocks[i];
        }
    }
    return NULL;
}

static void
change_subscription(const struct ticker *ticker, struct hubplane_call *call, bool joins)
{
    const struct hubplane_service *service = ticker->service;
    const struct stock *stock = find_stock(ticker, call);
    char json[TEXT_BYTES_MAX];

    if (stock == NULL) {
        service->error(call, HUBPLANE_TEXT("There is no such stock."), HUBPLANE_TEXT(""));
    } else if (joins) {
        service->join(call, HUBPLANE_TEXT(""), text(stock->symbol));
        (void)write_stock(ticker, stock, json, sizeof(json));
        service->result(call, text(json));
    } else {
        service->leave(call, HUBPLANE_TEXT(""), text(stock->symbol));
        service->result(call, HUBPLANE_TEXT(""));
    }
}

static bool
is_method(struct hubplane_text method, const char *lower_case)
{
    size_t length = strlen(lower_case);

    for (size_t i = 0; i < method.length && i < length; i++) {
        if ((method.data[i] | 0x20) != lower_case[i]) {
            return false;
        }
    }
    return method.length == length;
}

static void
on_call(void *hub, struct hubplane_call *call)
{
    const struct ticker *ticker = hub;
    struct hubplane_call_info info = {.size = sizeof(info)};

    ticker->service->info(call, &info);
    if (info.event != HUBPLANE_INVOCATION) {
        ticker->service->result(call, HUBPLANE_TEXT(""));
    } else if (is_method(info.method, "getallstocks")) {
        get_all_stocks(ticker, call);
    } else if (is_method(info.method, "subscribe")) {
        change_subscription(ticker, call, true);
    } else if (is_method(info.method, "unsubscribe")) {
        change_subscription(ticker, call, false);
    } else {
        ticker->service->unknown_method(call);
    }
}

static void *
create(const struct hubplane_service *service, struct hubplane_host *host)
{
    struct ticker *ticker = calloc(1, sizeof(*ticker));
    struct hubplane_text settings = service->settings(host);

    if (ticker == NULL) {
        return NULL;
    }
    ticker->service = service;
    ticker->host = host;
    if (service->worker(host) == 0 && settings.length == strlen("market") &&
        memcmp(settings.data, "market", settings.length) == 0) {
        (void)service->start_timer(host, TICK_MS, tick, ticker);
        service->log(host, HUBPLANE_INFO, HUBPLANE_TEXT("the market is open"));
    }
    return ticker;
}

static void
destroy(void *hub)
{
    free(hub);
}

const struct hubplane_hub *
hubplane_hub(void)
{
    static const char *const methods[] = {"GetAllStocks", "Subscribe", "Unsubscribe", NULL};
    static const struct hubplane_hub hub = {
        .abi = HUBPLANE_HUB_ABI,
        .size = sizeof(hub),
        .methods = methods,
        .create = create,
        .destroy = destroy,
        .call = on_call,
    };

    return &hub;
}
