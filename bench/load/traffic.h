// Sends bursts over many flows and takes in what comes back.
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "flow.h"
#include "histogram.h"

enum { BURST_MAX = 32 };

typedef struct {
    const load_options *options;
    flow *flows;
    int epoll;
    unsigned next; // counts bursts, to take turns between flows and directions
    uint64_t sent, received;
    uint64_t kept_alive; // when, ns
    flow_faults faults;
    histogram latency;
} traffic;

void traffic_open(traffic *t, const load_options *options);
void traffic_keep_alive(traffic *t);
void traffic_keep_alive_in_time(traffic *t); // once in 100 s: to be called between windows
void traffic_close(traffic *t);

void traffic_send_burst(traffic *t); // one burst of one flow in one direction
void traffic_receive(traffic *t);    // whatever is there now
uint64_t traffic_in_flight(const traffic *t);

#endif
