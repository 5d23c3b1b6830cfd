#define _GNU_SOURCE
#include "traffic.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"

enum { READY_MAX = 256, BATCH = 16, RECEIVE_MAX = 2048 };
static const uint64_t KEEP_ALIVE_NS = 100000000000;

static void watch(traffic *t, int fd, unsigned index, enum direction direction)
{
    // Edge-triggered: a drained socket costs no second look.
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)index << 1 | direction};
    if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl: %s", strerror(errno));
}

void traffic_open(traffic *t, const load_options *options)
{
    memset(t, 0, sizeof *t);
    t->options = options;
    t->flows = calloc(options->allocations, sizeof *t->flows);
    t->epoll = epoll_create1(0);
    raise_file_limit(options->allocations * (options->idle ? 1 : 2) + 100);
    for (unsigned i = 0; i < options->allocations; i++) {
        flow_open(&t->flows[i], i, options);
        watch(t, t->flows[i].client.fd, i, TO_CLIENT);
        if (!options->idle)
            watch(t, t->flows[i].peer_fd, i, TO_PEER);
    }
    t->kept_alive = now_ns();
}

void traffic_keep_alive(traffic *t)
{
    for (unsigned i = 0; i < t->options->allocations; i++)
        flow_keep_alive(&t->flows[i]);
    t->kept_alive = now_ns();
}

void traffic_keep_alive_in_time(traffic *t)
{
    if (now_ns() > t->kept_alive + KEEP_ALIVE_NS)
        traffic_keep_alive(t);
}

void traffic_close(traffic *t)
{
    for (unsigned i = 0; i < t->options->allocations; i++)
        flow_close(&t->flows[i]);
    close(t->epoll);
    free(t->flows);
}

uint64_t traffic_in_flight(const traffic *t)
{
    uint64_t gone = t->received + t->faults.lost;
    return t->sent > gone ? t->sent - gone : 0;
}

static void send_stream(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        struct pollfd wanted = {.fd = fd, .events = POLLOUT};
        if (sent > 0)
            bytes += sent, size -= (size_t)sent;
        else if (errno != EAGAIN || poll(&wanted, 1, 5000) <= 0)
            die("send over TCP: %s", strerror(errno));
    }
}

static void send_segmented(int fd, uint8_t *bytes, size_t frame, unsigned count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = frame * count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    uint16_t size = (uint16_t)frame;
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(header), &size, sizeof size);
    if (sendmsg(fd, &message, 0) < 0)
        die("send with UDP_SEGMENT: %s", strerror(errno));
}

static void send_datagrams(int fd, uint8_t *bytes, size_t frame, unsigned count)
{
    struct mmsghdr messages[BURST_MAX];
    struct iovec parts[BURST_MAX];
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = bytes + i * frame, .iov_len = frame};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    for (unsigned sent = 0; sent < count;) {
        int done = sendmmsg(fd, messages + sent, count - sent, 0);
        if (done < 0 && errno != EAGAIN && errno != ECONNREFUSED)
            die("sendmmsg: %s", strerror(errno));
        sent += done > 0 ? (unsigned)done : 0;
    }
}

void traffic_send_burst(traffic *t)
{
    static uint8_t bytes[BURST_MAX * FRAME_MAX];
    const load_options *options = t->options;
    unsigned count = options->burst, turn = t->next++;
    enum direction direction = !options->to_client ? TO_PEER : !options->to_peer ? TO_CLIENT : turn & 1;
    // With both directions, each pair of turns goes to two different flows, far apart.
    unsigned index = options->to_peer && options->to_client ? turn / 2 : turn;
    index = (index + (direction == TO_CLIENT ? options->allocations / 2 : 0)) % options->allocations;
    flow *f = &t->flows[index];
    size_t frame = 0;
    for (unsigned i = 0; i < count; i++)
        frame = flow_write(f, index, direction, bytes + i * frame, options);
    t->sent += count;
    int fd = direction == TO_PEER ? f->client.fd : f->peer_fd;
    if (direction == TO_PEER && options->server.tcp)
        send_stream(fd, bytes, frame * count);
    else if (options->segment && count > 1)
        send_segmented(fd, bytes, frame, count);
    else if (count == 1)
        (void)!send(fd, bytes, frame, 0); // a datagram that did not leave is found missing by its number
    else
        send_datagrams(fd, bytes, frame, count);
}

static void take(traffic *t, unsigned index, enum direction direction, const uint8_t *bytes, size_t size, uint64_t now)
{
    flow *f = &t->flows[index];
    if (direction == TO_CLIENT) {
        if (size < CHANNEL_HEADER || read16(bytes) != f->channel) {
            t->faults.wrong_channel++;
            return;
        }
        size_t length = read16(bytes + 2);
        if (length > size - CHANNEL_HEADER) {
            t->faults.wrong_payload++;
            return;
        }
        bytes += CHANNEL_HEADER, size = length;
    }
    int64_t age = flow_check(f, index, direction, bytes, size, now, t->options, &t->faults);
    if (age < 0)
        return;
    t->received++;
    histogram_add(&t->latency, (uint64_t)age);
}

static void receive_datagrams(traffic *t, int fd, unsigned index, enum direction direction)
{
    static uint8_t bytes[BATCH][RECEIVE_MAX];
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    int batch = t->options->burst == 1 ? 2 : BATCH, got;
    for (int i = 0; i < batch; i++) {
        parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = RECEIVE_MAX};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    do {
        got = recvmmsg(fd, messages, (unsigned)batch, MSG_DONTWAIT, NULL);
        uint64_t now = now_ns();
        for (int i = 0; i < got; i++)
            take(t, index, direction, bytes[i], messages[i].msg_len, now);
    } while (got == batch);
}

static void receive_stream(traffic *t, unsigned index)
{
    static uint8_t bytes[64 * FRAME_MAX];
    flow *f = &t->flows[index];
    for (;;) {
        memcpy(bytes, f->stream, f->stream_size);
        ssize_t got = recv(f->client.fd, bytes + f->stream_size, sizeof bytes - f->stream_size, MSG_DONTWAIT);
        if (got == 0)
            die("the server closed the connection of allocation %u", index);
        if (got < 0)
            return;
        uint64_t now = now_ns();
        size_t size = f->stream_size + (size_t)got, at = 0;
        while (size - at >= CHANNEL_HEADER) {
            size_t frame = CHANNEL_HEADER + ((read16(bytes + at + 2) + 3u) & ~3u);
            if (frame > FRAME_MAX)
                die("lost the framing of allocation %u", index);
            if (size - at < frame)
                break;
            take(t, index, TO_CLIENT, bytes + at, frame, now);
            at += frame;
        }
        f->stream_size = size - at;
        memcpy(f->stream, bytes + at, f->stream_size);
    }
}

void traffic_receive(traffic *t)
{
    struct epoll_event ready[READY_MAX];
    int count = epoll_wait(t->epoll, ready, READY_MAX, 0);
    for (int i = 0; i < count; i++) {
        unsigned index = (unsigned)(ready[i].data.u64 >> 1);
        enum direction direction = ready[i].data.u64 & 1;
        flow *f = &t->flows[index];
        if (direction == TO_CLIENT && t->options->server.tcp)
            receive_stream(t, index);
        else
            receive_datagrams(t, direction == TO_CLIENT ? f->client.fd : f->peer_fd, index, direction);
    }
}
