// Workload "binding": STUN Binding requests from many sockets; every answer is checked.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "histogram.h"
#include "machine.h"
#include "options.h"

enum { OUTSTANDING = 64, LATE_NS = 200000000 }; // requests remembered per socket; then counted as lost

typedef struct {
    int fd;
    struct sockaddr_in local;
    uint64_t next;
    uint64_t sent_at[OUTSTANDING]; // by number of the request; 0 = answered
} asker;

typedef struct {
    const load_options *options;
    asker *askers;
    int epoll;
    unsigned turn;
    uint64_t sent, in_flight, lost, wrong;
    uint32_t run;
    histogram latency;
} flood;

static void open_askers(flood *f)
{
    f->askers = calloc(f->options->allocations, sizeof *f->askers);
    f->epoll = epoll_create1(0);
    f->run = (uint32_t)now_ns();
    for (unsigned i = 0; i < f->options->allocations; i++) {
        asker *a = &f->askers[i];
        a->local = client_address(i);
        a->fd = open_udp(&a->local);
        const struct sockaddr_in *server = &f->options->server.address;
        if (connect(a->fd, (const struct sockaddr *)server, sizeof *server) != 0)
            die("connect");
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
        epoll_ctl(f->epoll, EPOLL_CTL_ADD, a->fd, &event);
    }
}

// Transaction id: run (4 bytes), number of the request on its socket (8 bytes).
static void send_request(flood *f)
{
    asker *a = &f->askers[f->turn++ % f->options->allocations];
    stun_message message;
    uint8_t transaction[12];
    uint64_t number = a->next++, *slot = &a->sent_at[number % OUTSTANDING];
    if (*slot != 0)
        f->lost++, f->in_flight--; // its turn came round again without an answer
    memcpy(transaction, &f->run, 4);
    memcpy(transaction + 4, &number, 8);
    stun_start(&message, BINDING, transaction);
    *slot = now_ns();
    f->sent++, f->in_flight++;
    (void)!send(a->fd, message.bytes, message.size, 0);
}

static void take_answer(flood *f, asker *a, const uint8_t *answer, size_t size)
{
    struct sockaddr_in mapped;
    uint32_t run;
    uint64_t number;
    if (!stun_is_valid(answer, size)) {
        f->wrong++;
        return;
    }
    memcpy(&run, stun_transaction(answer), 4);
    memcpy(&number, stun_transaction(answer) + 4, 8);
    if (run != f->run || number >= a->next || a->next - number > OUTSTANDING ||
        stun_type(answer) != (BINDING | CLASS_SUCCESS) || !stun_find_address(answer, ATTR_MAPPED, &mapped) ||
        mapped.sin_port != a->local.sin_port || mapped.sin_addr.s_addr != a->local.sin_addr.s_addr ||
        a->sent_at[number % OUTSTANDING] == 0) {
        f->wrong++;
        return;
    }
    uint64_t *slot = &a->sent_at[number % OUTSTANDING];
    histogram_add(&f->latency, now_ns() - *slot);
    *slot = 0;
    f->in_flight--;
}

static void receive_answers(flood *f)
{
    struct epoll_event ready[256];
    uint8_t answer[STUN_MAX];
    int count = epoll_wait(f->epoll, ready, 256, 0);
    for (int i = 0; i < count; i++) {
        asker *a = &f->askers[ready[i].data.u32];
        for (ssize_t size; (size = recv(a->fd, answer, sizeof answer, MSG_DONTWAIT)) >= 0;)
            take_answer(f, a, answer, (size_t)size);
    }
}

static void forget_late(flood *f)
{
    uint64_t now = now_ns();
    for (unsigned i = 0; i < f->options->allocations; i++)
        for (unsigned k = 0; k < OUTSTANDING; k++) {
            uint64_t *slot = &f->askers[i].sent_at[k];
            if (*slot != 0 && now - *slot > LATE_NS)
                *slot = 0, f->lost++, f->in_flight--;
        }
}

static void run_until(flood *f, uint64_t end, uint64_t rate)
{
    uint64_t now = now_ns(), due = now, checked = now, interval = rate == 0 ? 0 : 1000000000u / rate;
    for (; now < end; now = now_ns()) {
        if (rate > 0 && now > due + 10000000)
            due = now;
        for (int i = 0; i < 64 && (rate > 0 ? due <= now : f->in_flight < f->options->in_flight); i++, due += interval)
            send_request(f);
        receive_answers(f);
        if (now > checked + LATE_NS)
            forget_late(f), checked = now;
    }
}

void run_binding(const load_options *options)
{
    flood f = {.options = options};
    load_window window;
    raise_file_limit(options->allocations + 100);
    open_askers(&f);
    puts("{\"ready\":true}");
    fflush(stdout);
    while (next_window(&window)) {
        run_until(&f, now_ns() + (uint64_t)(window.warm_seconds * 1e9), window.rate);
        histogram_clear(&f.latency);
        f.sent = f.lost = f.wrong = 0;
        uint64_t from = now_ns(), cpu = server_cpu_ns(options);
        run_until(&f, from + (uint64_t)(window.seconds * 1e9), window.rate);
        uint64_t wall = now_ns() - from;
        cpu = server_cpu_ns(options) - cpu;
        uint64_t answered = f.latency.total, p50 = histogram_quantile(&f.latency, 0.5);
        uint64_t p99 = histogram_quantile(&f.latency, 0.99), p999 = histogram_quantile(&f.latency, 0.999);
        uint64_t max = f.latency.max;
        for (uint64_t end = now_ns() + 50000000; now_ns() < end;)
            receive_answers(&f);
        printf("{\"sent\":%lu,\"delivered\":%lu,\"seconds\":%.6f,\"server_cpu_ns\":%lu,\"p50_ns\":%lu,"
               "\"p99_ns\":%lu,\"p999_ns\":%lu,\"max_ns\":%lu,\"lost\":%lu,\"wrong\":%lu}\n",
               f.sent, answered, (double)wall / 1e9, cpu, p50, p99, p999, max, f.lost + f.in_flight, f.wrong);
        fflush(stdout);
        for (unsigned i = 0; i < options->allocations; i++)
            memset(f.askers[i].sent_at, 0, sizeof f.askers[i].sent_at);
        f.in_flight = 0;
    }
}
