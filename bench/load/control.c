// Workload "control": a client's whole life without media: Allocate (401), Allocate with credentials, Refresh 0.
// Each cycle is a new client on a new socket; many run at the same time.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "histogram.h"
#include "machine.h"
#include "options.h"

enum { RETRANSMIT_NS = 500000000, ATTEMPTS = 4, LIFETIME = 600, CODES = 700 };
enum step { FREE, CHALLENGED, ALLOCATING, DELETING };

typedef struct {
    turn_client client;
    enum step step;
    stun_message request;
    unsigned attempts;
    uint64_t sent_at, started_at;
} cycle;

typedef struct {
    const load_options *options;
    cycle *cycles;
    int epoll;
    unsigned next_address, busy;
    uint64_t completed, failed, retransmitted, refused[CODES];
    histogram latency; // Allocate with credentials until its answer
} churn;

static void end_cycle(churn *c, cycle *y, bool complete)
{
    close(y->client.fd);
    y->step = FREE;
    c->busy--;
    if (complete)
        c->completed++;
    else
        c->failed++;
}

static void send_request(cycle *y)
{
    y->sent_at = now_ns();
    (void)!send(y->client.fd, y->request.bytes, y->request.size, 0);
}

static void enter(cycle *y, enum step step)
{
    y->step = step;
    y->attempts = 1;
    if (step == DELETING)
        turn_write_refresh(&y->client, &y->request, 0);
    else
        turn_write_allocate(&y->client, &y->request, LIFETIME);
    y->started_at = now_ns();
    send_request(y);
}

static void start_cycle(churn *c)
{
    unsigned i = 0;
    while (c->cycles[i].step != FREE)
        i++;
    cycle *y = &c->cycles[i];
    turn_open(&y->client, &c->options->server, c->next_address++ % 10000);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(c->epoll, EPOLL_CTL_ADD, y->client.fd, &event);
    c->busy++;
    enter(y, CHALLENGED);
}

static void take_answer(churn *c, cycle *y, const uint8_t *answer, size_t size)
{
    if (!stun_is_valid(answer, size) || memcmp(stun_transaction(answer), y->request.bytes + 8, 12) != 0)
        return; // an answer to a retransmission that was answered before
    int code = stun_error_code(answer);
    bool success = stun_type(answer) == (stun_type(y->request.bytes) | CLASS_SUCCESS);
    if (success && y->client.authenticated && !stun_integrity_holds(answer, y->client.key))
        success = false;
    if (y->step == CHALLENGED && code == 401 && turn_take_challenge(&y->client, answer)) {
        enter(y, ALLOCATING);
    } else if (y->step == DELETING && success) {
        end_cycle(c, y, true);
    } else if (success) {
        histogram_add(&c->latency, now_ns() - y->started_at);
        enter(y, DELETING);
    } else {
        c->refused[code < CODES ? code : 0]++;
        end_cycle(c, y, false);
    }
}

static void receive_answers(churn *c, uint64_t wait_ns)
{
    struct epoll_event ready[256];
    uint8_t answer[STUN_MAX];
    struct timespec wait = {.tv_nsec = (long)wait_ns};
    int count = epoll_pwait2(c->epoll, ready, 256, &wait, NULL);
    for (int i = 0; i < count; i++) {
        cycle *y = &c->cycles[ready[i].data.u32];
        ssize_t size = y->step == FREE ? -1 : recv(y->client.fd, answer, sizeof answer, MSG_DONTWAIT);
        if (size > 0)
            take_answer(c, y, answer, (size_t)size);
    }
}

static void retransmit(churn *c)
{
    uint64_t now = now_ns();
    for (unsigned i = 0; i < c->options->concurrency; i++) {
        cycle *y = &c->cycles[i];
        if (y->step == FREE || now < y->sent_at + RETRANSMIT_NS)
            continue;
        if (y->attempts++ >= ATTEMPTS) {
            c->refused[0]++;
            end_cycle(c, y, false);
        } else {
            c->retransmitted++;
            send_request(y);
        }
    }
}

// How long nothing is due: not longer than retransmissions may wait.
static uint64_t time_until(const churn *c, uint64_t now, uint64_t due, uint64_t end)
{
    uint64_t next = c->busy < c->options->concurrency && due < end ? due : end;
    uint64_t left = next > now ? next - now : 0;
    return left < 1000000 ? left : 1000000;
}

// A rate of 0 means: `concurrency` cycles at all times.
static void run_until(churn *c, uint64_t end, uint64_t rate, bool start)
{
    uint64_t now = now_ns(), due = now, checked = now, interval = rate == 0 ? 0 : 1000000000u / rate;
    for (; now < end && (start || c->busy > 0); now = now_ns()) {
        if (now > due + 10000000)
            due = now;
        for (; start && c->busy < c->options->concurrency && due <= now; due += interval)
            start_cycle(c);
        receive_answers(c, c->options->sleeps ? time_until(c, now_ns(), start ? due : end, end) : 0);
        if (now > checked + 10000000)
            retransmit(c), checked = now;
    }
}

static void report(const churn *c, uint64_t wall, uint64_t cpu)
{
    printf("{\"delivered\":%lu,\"seconds\":%.6f,\"server_cpu_ns\":%lu,\"p50_ns\":%lu,\"p99_ns\":%lu,"
           "\"p999_ns\":%lu,\"lost\":%lu,\"retransmitted\":%lu,\"refused\":{",
           c->completed, (double)wall / 1e9, cpu, histogram_quantile(&c->latency, 0.5),
           histogram_quantile(&c->latency, 0.99), histogram_quantile(&c->latency, 0.999), c->failed, c->retransmitted);
    const char *separator = "";
    for (int code = 0; code < CODES; code++)
        if (c->refused[code] > 0) {
            printf("%s\"%d\":%lu", separator, code, c->refused[code]);
            separator = ",";
        }
    puts("}}");
    fflush(stdout);
}

void run_control(const load_options *options)
{
    churn c = {.options = options, .cycles = calloc(options->concurrency, sizeof(cycle)), .epoll = epoll_create1(0)};
    if (options->sleeps)
        prctl(PR_SET_TIMERSLACK, 1);
    load_window window;
    puts("{\"ready\":true}");
    fflush(stdout);
    while (next_window(&window)) {
        run_until(&c, now_ns() + (uint64_t)(window.warm_seconds * 1e9), window.rate, true);
        histogram_clear(&c.latency);
        c.completed = c.failed = c.retransmitted = 0;
        memset(c.refused, 0, sizeof c.refused);
        uint64_t from = now_ns(), cpu = server_cpu_ns(options);
        run_until(&c, from + (uint64_t)(window.seconds * 1e9), window.rate, true);
        uint64_t wall = now_ns() - from;
        report(&c, wall, server_cpu_ns(options) - cpu);
        run_until(&c, now_ns() + 3000000000u, 0, false); // no allocation is left behind
    }
}
