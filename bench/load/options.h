#ifndef OPTIONS_H
#define OPTIONS_H

#include "turn.h"

enum { SERVER_PROCESSES_MAX = 16 };

typedef struct {
    turn_server server;
    pid_t server_processes[SERVER_PROCESSES_MAX]; // whose CPU time is the server's; kernel threads of its interfaces may be among them
    unsigned server_process_count; // 0: no CPU figures
    int core;
    unsigned allocations, payload, burst, concurrency;
    unsigned in_flight; // packets on their way at most, when the rate is unlimited
    bool to_peer, to_client; // directions
    bool idle; // no packets: peers need no sockets
    bool segment; // bursts leave as one UDP_SEGMENT send
    bool sleeps; // between requests, instead of looking for answers all the time: where others need the core
} load_options;

// One measured stretch of time, asked for by a line on standard input.
typedef struct {
    double warm_seconds, seconds;
    uint64_t rate; // per second; 0 = as fast as answers come back
} load_window;

// CPU time in ns of everything that works for the server.
uint64_t server_cpu_ns(const load_options *options);

// Reads the next "window WARM SECONDS RATE" line; false at "end" or the end of input.
bool next_window(load_window *window);

void run_relay(const load_options *options);
void run_binding(const load_options *options);
void run_control(const load_options *options);
void run_idle(const load_options *options);
void run_frames(const load_options *options);

#endif
