/* SPDX-License-Identifier: MIT */
/* bench_measure: what a run is measured with: a clock, the processor time and memory of other
 * processes as the operating system counts them, and a histogram of latencies. */
#ifndef HUBPLANE_BENCH_MEASURE_H
#define HUBPLANE_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_PROCESSES_MAX = 32 };

uint64_t bench_now_ns(void);
/** Processor time of this process, user and system. */
uint64_t bench_own_cpu_ns(void);
/** Of all threads of ${pid}; user and system. 0 when there is no such process. */
uint64_t bench_cpu_ns(int pid);
/** Resident memory of ${pid}. */
uint64_t bench_resident_bytes(int pid);

/* Latencies in buckets whose width is at most 1/64 of their value. Zero-initialised = empty. */
enum { BENCH_HISTOGRAM_BUCKETS = 64 * 40 };

struct bench_histogram {
    uint64_t count;
    uint64_t buckets[BENCH_HISTOGRAM_BUCKETS];
};

void bench_histogram_add(struct bench_histogram *histogram, uint64_t ns);
/** The value below which ${percent} of all lie; 0 when empty. */
uint64_t bench_histogram_ns(const struct bench_histogram *histogram, double percent);

#endif
