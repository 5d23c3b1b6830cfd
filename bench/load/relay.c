// Workload "relay": packets through allocations, at a rate or with so many in flight; cost, loss and latency.
#include <stdio.h>

#include "machine.h"
#include "traffic.h"

enum { SEND_AT_ONCE = 64, BEHIND_MAX_NS = 10000000, STALL_NS = 200000000 };

static void send_due(traffic *t, uint64_t *due, uint64_t interval)
{
    uint64_t now = now_ns();
    if (now > *due + BEHIND_MAX_NS)
        *due = now; // this process was held up: do not make up for it with a flood
    for (int i = 0; i < SEND_AT_ONCE && *due <= now; i++, *due += interval)
        traffic_send_burst(t);
}

static void send_window(traffic *t, uint64_t *stall_from, uint64_t *progress)
{
    const load_options *options = t->options;
    if (t->received != *progress) {
        *progress = t->received;
        *stall_from = now_ns();
    }
    for (int i = 0; i < SEND_AT_ONCE && traffic_in_flight(t) + options->burst <= options->in_flight; i++)
        traffic_send_burst(t);
    if (traffic_in_flight(t) + options->burst > options->in_flight && now_ns() > *stall_from + STALL_NS) {
        t->faults.lost += traffic_in_flight(t); // nothing comes any more: what is out is lost
        *stall_from = now_ns();
    }
}

static void run_until(traffic *t, uint64_t end, uint64_t rate)
{
    uint64_t now = now_ns(), due = now, stall_from = now, progress = t->received;
    uint64_t interval = rate == 0 ? 0 : (uint64_t)1000000000u * t->options->burst / rate;
    while (now_ns() < end) {
        if (rate > 0)
            send_due(t, &due, interval);
        else
            send_window(t, &stall_from, &progress);
        traffic_receive(t);
    }
}

static void report(const traffic *t, const histogram *h, uint64_t sent, uint64_t wall, uint64_t cpu)
{
    const flow_faults *x = &t->faults;
    printf("{\"sent\":%lu,\"delivered\":%lu,\"seconds\":%.6f,\"server_cpu_ns\":%lu,"
           "\"p50_ns\":%lu,\"p99_ns\":%lu,\"p999_ns\":%lu,\"max_ns\":%lu,"
           "\"lost\":%ld,\"duplicate\":%lu,\"reordered\":%lu,\"wrong\":%lu}\n",
           sent, h->total, (double)wall / 1e9, cpu, histogram_quantile(h, 0.5), histogram_quantile(h, 0.99),
           histogram_quantile(h, 0.999), h->max, (long)x->lost, x->duplicate, x->reordered,
           x->wrong_channel + x->wrong_payload);
    fflush(stdout);
}

// Starts the books afresh; what is on its way stays on its way.
static void clear_counts(traffic *t)
{
    t->sent = traffic_in_flight(t);
    t->received = 0;
    t->faults = (flow_faults){0};
    histogram_clear(&t->latency);
}

static void run_window(traffic *t, const load_window *window)
{
    run_until(t, now_ns() + (uint64_t)(window->warm_seconds * 1e9), window->rate);
    clear_counts(t);
    uint64_t already_out = t->sent, from = now_ns(), cpu = server_cpu_ns(t->options);
    run_until(t, from + (uint64_t)(window->seconds * 1e9), window->rate);
    uint64_t wall = now_ns() - from;
    cpu = server_cpu_ns(t->options) - cpu;
    uint64_t sent = t->sent - already_out;
    histogram measured = t->latency;
    for (uint64_t end = now_ns() + STALL_NS; now_ns() < end;) // let the last ones come home, for the count of losses
        traffic_receive(t);
    t->faults.lost += traffic_in_flight(t);
    report(t, &measured, sent, wall, cpu);
    clear_counts(t);
}

void run_relay(const load_options *options)
{
    traffic t;
    load_window window;
    traffic_open(&t, options);
    puts("{\"ready\":true}");
    fflush(stdout);
    while (next_window(&window)) {
        traffic_keep_alive_in_time(&t);
        run_window(&t, &window);
    }
    traffic_close(&t);
}

// Workload "idle": allocations with a permission and a channel that carry nothing, for the memory they take.
void run_idle(const load_options *options)
{
    traffic t;
    load_window window;
    traffic_open(&t, options);
    puts("{\"ready\":true}");
    fflush(stdout);
    while (next_window(&window))
        traffic_keep_alive(&t);
    traffic_close(&t);
}
