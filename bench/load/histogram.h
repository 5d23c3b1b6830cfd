// Latency histogram: buckets of 1/32 of a power of two (3 % wide), from 1 ns to 18 minutes.
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 36 * 32 };

typedef struct {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t max;
} histogram;

void histogram_clear(histogram *h);
void histogram_add(histogram *h, uint64_t nanoseconds);
// Upper edge, in ns, of the bucket that holds the quantile (0..1); 0 when empty.
uint64_t histogram_quantile(const histogram *h, double quantile);

#endif
