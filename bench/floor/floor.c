// The floor: what relaying costs when nothing but the socket calls is left. One thread; epoll, recvmmsg, sendmmsg;
// TURN without authentication, permissions, expiry or accounting: Allocate, ChannelBind and ChannelData only.
//
//   floor ADDRESS:PORT [--connect] [--segment] [--coalesce] [--nap MICROSECONDS]
//
// --connect   relay sockets are connected to the channel's peer
// --segment   datagrams in a row to one destination leave as one UDP_SEGMENT send
// --coalesce  datagrams that the kernel put together (UDP_GRO) are received together
// --nap       after a round that found little, sleep that long before looking again, so that more datagrams are
//             handled for each wake-up; given up for a while when such a nap brought nothing
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../load/stun.h"

enum { BATCH = 64, BUFFER = 65536, HEAD = 4, OUT = 512, CONTROL = 32, TABLE = 1 << 16, READY = 256, SEGMENTS_MAX = 60, SEGMENTED_BYTES_MAX = 60000,
       LITTLE = 16, NAPS_OFF = 64 };

typedef struct allocation {
    struct sockaddr_in client, peer, relayed;
    int fd;
    uint16_t channel;
    struct allocation *next; // in its bucket
} allocation;

// Datagrams on their way out of one socket, in order.
typedef struct {
    int fd;
    unsigned count, part_count;
    struct mmsghdr messages[OUT];
    size_t sizes[OUT];
    struct iovec parts[2 * OUT]; // of the messages, in order without holes
} departure;

// What recvmmsg fills.
typedef struct {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_in sources[BATCH];
    uint8_t controls[BATCH][CONTROL] __attribute__((aligned(8)));
} arrival;

static allocation *table[TABLE];
static struct sockaddr_in own_address;
static int listener, epoll;
static bool connected, segmented, coalesced;
static uint8_t buffers[BATCH][BUFFER];
static arrival in;
static unsigned received; // datagrams in this round

static unsigned bucket(const struct sockaddr_in *client)
{
    return (client->sin_addr.s_addr * 0x9e3779b1u ^ client->sin_port * 0x85ebca6bu) >> 16;
}

static allocation *find(const struct sockaddr_in *client)
{
    allocation *a = table[bucket(client)];
    while (a != NULL && (a->client.sin_port != client->sin_port || a->client.sin_addr.s_addr != client->sin_addr.s_addr))
        a = a->next;
    return a;
}

static int open_socket(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
    socklen_t length = sizeof *address;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) != 0) {
        perror("floor: bind");
        exit(1);
    }
    if (coalesced)
        setsockopt(fd, SOL_UDP, UDP_GRO, &(int){1}, sizeof(int));
    getsockname(fd, (struct sockaddr *)address, &length);
    return fd;
}

static void watch(int fd, void *what, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static bool same_destination(const struct msghdr *one, const struct msghdr *other)
{
    return one->msg_name == other->msg_name ||
           (one->msg_name && other->msg_name && memcmp(one->msg_name, other->msg_name, sizeof(struct sockaddr_in)) == 0);
}

// Puts datagrams in a row to one destination, all of one size, into one message with many parts.
static unsigned merge_runs(departure *d, struct mmsghdr *merged, uint8_t controls[][CMSG_SPACE(2)])
{
    unsigned count = 0;
    for (unsigned from = 0, to; from < d->count; from = to) {
        struct mmsghdr *out = &merged[count];
        size_t size = d->sizes[from];
        *out = d->messages[from];
        for (to = from + 1; to < d->count && to - from < SEGMENTS_MAX && size * (to - from + 1) < SEGMENTED_BYTES_MAX &&
                            d->sizes[to] == size && same_destination(&out->msg_hdr, &d->messages[to].msg_hdr);
             to++)
            out->msg_hdr.msg_iovlen += d->messages[to].msg_hdr.msg_iovlen;
        if (to - from > 1) {
            uint16_t segment = (uint16_t)size;
            out->msg_hdr.msg_control = controls[count];
            out->msg_hdr.msg_controllen = CMSG_SPACE(2);
            struct cmsghdr *header = CMSG_FIRSTHDR(&out->msg_hdr);
            *header = (struct cmsghdr){.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(2)};
            memcpy(CMSG_DATA(header), &segment, 2);
        }
        count++;
    }
    return count;
}

static void flush(departure *d)
{
    static struct mmsghdr merged[OUT];
    static uint8_t controls[OUT][CMSG_SPACE(2)] __attribute__((aligned(8)));
    unsigned count = d->count, sent = 0;
    struct mmsghdr *messages = d->messages;
    if (segmented && count > 1) {
        count = merge_runs(d, merged, controls);
        messages = merged;
    }
    while (sent < count) {
        int done = sendmmsg(d->fd, messages + sent, count - sent, MSG_DONTWAIT);
        sent += done > 0 ? (unsigned)done : 1; // what the kernel refuses is dropped, as a relay does
    }
    d->count = d->part_count = 0;
}

static void depart(departure *d, int fd, struct sockaddr_in *to, uint8_t *head, uint8_t *bytes, size_t size)
{
    if (d->count == OUT || (d->count > 0 && d->fd != fd))
        flush(d);
    struct iovec *parts = &d->parts[d->part_count];
    unsigned parts_used = 0;
    if (head)
        parts[parts_used++] = (struct iovec){.iov_base = head, .iov_len = HEAD};
    parts[parts_used++] = (struct iovec){.iov_base = bytes, .iov_len = size};
    d->fd = fd;
    d->sizes[d->count] = size + (head ? HEAD : 0);
    d->messages[d->count++] = (struct mmsghdr){.msg_hdr = {.msg_iov = parts, .msg_iovlen = parts_used,
                                               .msg_name = to, .msg_namelen = to ? sizeof *to : 0}};
    d->part_count += parts_used;
}

static int receive(int fd, unsigned from, unsigned most)
{
    for (unsigned i = from; i < from + most; i++) {
        in.parts[i] = (struct iovec){.iov_base = buffers[i] + HEAD, .iov_len = BUFFER - HEAD};
        in.messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &in.parts[i], .msg_iovlen = 1,
                                          .msg_name = &in.sources[i], .msg_namelen = sizeof in.sources[i],
                                          .msg_control = coalesced ? in.controls[i] : NULL,
                                          .msg_controllen = coalesced ? CONTROL : 0}};
    }
    return recvmmsg(fd, in.messages + from, most, MSG_DONTWAIT, NULL);
}

// The size of each datagram in a message: the whole of it, unless the kernel says that it put several together.
static size_t segment_size(unsigned index)
{
    struct msghdr *message = &in.messages[index].msg_hdr;
    int size = 0;
    struct cmsghdr *header = coalesced ? CMSG_FIRSTHDR(message) : NULL;
    if (header && header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO)
        memcpy(&size, CMSG_DATA(header), sizeof size);
    return size > 0 ? (size_t)size : in.messages[index].msg_len;
}

static void answer(const uint8_t *request, const struct sockaddr_in *client)
{
    stun_message reply;
    struct sockaddr_in peer;
    size_t size;
    uint16_t type = stun_type(request);
    allocation *a = find(client);
    stun_start(&reply, type | CLASS_SUCCESS, stun_transaction(request));
    if (type == ALLOCATE && a == NULL) {
        a = calloc(1, sizeof *a);
        a->client = *client;
        a->relayed = own_address;
        a->relayed.sin_port = 0;
        a->fd = open_socket(&a->relayed);
        a->next = table[bucket(client)];
        table[bucket(client)] = a;
        watch(a->fd, a, EPOLLIN | EPOLLET);
    }
    if (type == ALLOCATE)
        stun_add_address(&reply, ATTR_RELAYED, &a->relayed);
    if (type == ALLOCATE || type == REFRESH)
        stun_add32(&reply, ATTR_LIFETIME, 600);
    const uint8_t *channel = stun_find(request, ATTR_CHANNEL, &size);
    if (type == CHANNEL_BIND && a && channel && size == 4 && stun_find_address(request, ATTR_PEER, &peer)) {
        a->channel = read16(channel);
        a->peer = peer;
        if (connected && connect(a->fd, (struct sockaddr *)&peer, sizeof peer) != 0)
            perror("floor: connect");
    }
    stun_add_address(&reply, ATTR_MAPPED, client);
    sendto(listener, reply.bytes, reply.size, MSG_DONTWAIT, (const struct sockaddr *)client, sizeof *client);
    const uint8_t *lifetime = stun_find(request, ATTR_LIFETIME, &size);
    if (type == REFRESH && a && lifetime && size == 4 && read32(lifetime) == 0) {
        allocation **at = &table[bucket(client)];
        while (*at != a)
            at = &(*at)->next;
        *at = a->next;
        close(a->fd);
        free(a);
    }
}

// A Binding request takes the batched way out, as in a relay.
static void answer_binding(departure *out, uint8_t *bytes, struct sockaddr_in *client)
{
    static stun_message replies[OUT];
    if (out->count == OUT || out->fd != listener)
        flush(out);
    stun_message *reply = &replies[out->count];
    stun_start(reply, BINDING | CLASS_SUCCESS, stun_transaction(bytes));
    stun_add_address(reply, ATTR_MAPPED, client);
    depart(out, listener, client, NULL, reply->bytes, reply->size);
}

static void from_client(departure *out, struct sockaddr_in *source, uint8_t *bytes, size_t size)
{
    received++;
    if (size >= HEAD && bytes[0] >= 0x40 && bytes[0] < 0x50) {
        allocation *a = find(source);
        size_t length = read16(bytes + 2);
        if (a && a->channel == read16(bytes) && length + HEAD <= size)
            depart(out, a->fd, connected ? NULL : &a->peer, NULL, bytes + HEAD, length);
    } else if (stun_is_valid(bytes, size) && stun_type(bytes) == BINDING) {
        answer_binding(out, bytes, source);
    } else if (stun_is_valid(bytes, size)) {
        answer(bytes, source);
    }
}

static void from_clients(departure *out)
{
    int count = receive(listener, 0, BATCH);
    for (int i = 0; i < count; i++) {
        size_t step = segment_size((unsigned)i), size = in.messages[i].msg_len;
        for (size_t at = 0; at < size; at += step)
            from_client(out, &in.sources[i], buffers[i] + HEAD + at, size - at < step ? size - at : step);
    }
    flush(out);
}

static void from_peer(allocation *a, departure *out, unsigned index)
{
    static uint8_t heads[OUT][HEAD];
    size_t step = segment_size(index), size = in.messages[index].msg_len;
    if (in.sources[index].sin_addr.s_addr != a->peer.sin_addr.s_addr)
        return;
    for (size_t at = 0; at < size; at += step) {
        size_t length = size - at < step ? size - at : step;
        uint8_t *bytes = buffers[index] + HEAD + at;
        if (out->count == OUT || out->fd != listener)
            flush(out);
        // The first datagram has room in front of it; those behind it are touched by their neighbour.
        uint8_t *head = at == 0 ? bytes - HEAD : heads[out->count];
        write16(head, a->channel);
        write16(head + 2, (uint16_t)length);
        if (at == 0)
            depart(out, listener, &a->client, NULL, head, HEAD + length);
        else
            depart(out, listener, &a->client, head, bytes, length);
        received++;
    }
}

// Empties one relay socket into the free buffers from `used` on; answers how many are in use then.
static unsigned from_peers(allocation *a, departure *out, unsigned used)
{
    for (;;) {
        if (used == BATCH) {
            flush(out);
            used = 0;
        }
        unsigned asked = BATCH - used < 8 ? BATCH - used : 8;
        int got = receive(a->fd, used, asked);
        for (int i = 0; i < got; i++)
            from_peer(a, out, used + (unsigned)i);
        used += got > 0 ? (unsigned)got : 0;
        if (got < (int)asked)
            return used; // a short batch: the socket is empty, and epoll will tell of more
    }
}

static void serve(unsigned nap_microseconds)
{
    static departure out;
    struct epoll_event ready[READY];
    struct timespec nap = {.tv_nsec = nap_microseconds * 1000l};
    prctl(PR_SET_TIMERSLACK, 1); // or a nap takes 50 us longer than asked for
    for (unsigned rounds_awake = 0;;) {
        bool napped = nap_microseconds > 0 && received < LITTLE && rounds_awake == 0;
        rounds_awake -= rounds_awake > 0;
        received = 0;
        if (napped)
            nanosleep(&nap, NULL);
        int count = epoll_wait(epoll, ready, READY, napped ? 0 : -1);
        unsigned used = 0;
        if (count == 0)
            rounds_awake = NAPS_OFF;
        for (int i = 0; i < count; i++)
            if (ready[i].data.ptr != NULL)
                used = from_peers(ready[i].data.ptr, &out, used);
        flush(&out);
        for (int i = 0; i < count; i++)
            if (ready[i].data.ptr == NULL)
                from_clients(&out);
    }
}

int main(int argc, char **argv)
{
    unsigned nap = 0;
    char *colon = argc > 1 ? strchr(argv[1], ':') : NULL;
    if (colon == NULL) {
        fputs("usage: floor ADDRESS:PORT [--connect] [--segment] [--coalesce] [--nap MICROSECONDS]\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        connected |= strcmp(argv[i], "--connect") == 0;
        coalesced |= strcmp(argv[i], "--coalesce") == 0;
        segmented |= strcmp(argv[i], "--segment") == 0;
        if (strcmp(argv[i], "--nap") == 0 && i + 1 < argc)
            nap = (unsigned)atoi(argv[++i]);
    }
    *colon = 0;
    own_address.sin_family = AF_INET;
    own_address.sin_port = htons((uint16_t)atoi(colon + 1));
    inet_pton(AF_INET, argv[1], &own_address.sin_addr);
    struct rlimit files = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &files);
    epoll = epoll_create1(0);
    listener = open_socket(&own_address);
    watch(listener, NULL, EPOLLIN);
    serve(nap);
}
