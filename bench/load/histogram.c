#include "histogram.h"

#include <string.h>

void histogram_clear(histogram *h) { memset(h, 0, sizeof *h); }

static unsigned bucket_of(uint64_t value)
{
    if (value < 32)
        return (unsigned)value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value); // >= 5
    unsigned bucket = (power - 4) * 32 + (unsigned)(value >> (power - 5) & 31);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t upper_edge(unsigned bucket)
{
    if (bucket < 32)
        return bucket;
    unsigned power = bucket / 32 + 4;
    return ((uint64_t)(bucket % 32 + 32 + 1) << (power - 5)) - 1;
}

void histogram_add(histogram *h, uint64_t nanoseconds)
{
    h->counts[bucket_of(nanoseconds)]++;
    h->total++;
    if (nanoseconds > h->max)
        h->max = nanoseconds;
}

uint64_t histogram_quantile(const histogram *h, double quantile)
{
    uint64_t rank = (uint64_t)(quantile * (double)h->total), seen = 0;
    if (h->total == 0)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen > rank) {
            uint64_t edge = upper_edge(i);
            return edge < h->max ? edge : h->max;
        }
    }
    return h->max;
}
