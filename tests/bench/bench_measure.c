/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench_measure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t
bench_now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static uint64_t
ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_usec * 1000U;
}

uint64_t
bench_own_cpu_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

/* The whole file as text; empty when it cannot be read. */
static void
read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");

    text[0] = '\0';
    if (file != NULL) {
        text[fread(text, 1, size - 1, file)] = '\0';
        fclose(file);
    }
}

/* utime + stime in ticks, which are coarse: 10 ms. */
static uint64_t
cpu_of_stat(int pid)
{
    char path[64], text[1024];
    unsigned long long user = 0, system = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    read_text(path, text, sizeof(text));
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                               &user, &system) != 2) {
        return 0;
    }
    return (user + system) * (1000000000U / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The same time, as the scheduler counts it: in nanoseconds, where the kernel shows it. */
uint64_t
bench_cpu_ns(int pid)
{
    char path[320], text[128];
    uint64_t total = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, entry->d_name);
            read_text(path, text, sizeof(text));
            total += strtoull(text, NULL, 10);
        }
    }
    closedir(folder);
    return total > 0 ? total : cpu_of_stat(pid);
}

uint64_t
bench_resident_bytes(int pid)
{
    char path[64], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    read_text(path, text, sizeof(text));
    const char *line = strstr(text, "VmRSS:");
    return line == NULL ? 0 : strtoull(line + 6, NULL, 10) * 1024;
}

static size_t
bucket_of(uint64_t ns)
{
    unsigned int shift = ns < 128 ? 0 : 57U - (unsigned int)__builtin_clzll(ns);
    size_t bucket = 64 * (size_t)shift + (size_t)(ns >> shift);

    return bucket < BENCH_HISTOGRAM_BUCKETS ? bucket : BENCH_HISTOGRAM_BUCKETS - 1;
}

void
bench_histogram_add(struct bench_histogram *histogram, uint64_t ns)
{
    histogram->count++;
    histogram->buckets[bucket_of(ns)]++;
}

uint64_t
bench_histogram_ns(const struct bench_histogram *histogram, double percent)
{
    uint64_t wanted = (uint64_t)((double)histogram->count * percent / 100.0);
    uint64_t seen = 0;

    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen > wanted) {
            return i < 128 ? i : (uint64_t)(64 + i % 64) << (i / 64 - 1);
        }
    }
    return 0;
}
