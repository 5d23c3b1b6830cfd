// One flow: an allocation, its client socket, its channel, its own peer socket; and what every datagram must carry.
#ifndef FLOW_H
#define FLOW_H

#include "options.h"

enum { CHANNEL_HEADER = 4, PAYLOAD_MIN = 40, PAYLOAD_MAX = 1400, FRAME_MAX = CHANNEL_HEADER + PAYLOAD_MAX + 4 };
enum direction { TO_PEER, TO_CLIENT };

typedef struct {
    uint64_t sent, highest, received;
    uint64_t seen; // bit n: sequence highest - n has come
} sequence_track;

typedef struct {
    turn_client client;
    uint16_t channel;
    int peer_fd;
    struct sockaddr_in peer;
    sequence_track track[2];
    uint8_t *stream; // TCP: bytes of a frame not complete yet
    size_t stream_size;
} flow;

void flow_open(flow *f, unsigned index, const load_options *options);
void flow_keep_alive(flow *f); // allocation, permission and channel live on for another five minutes
void flow_close(flow *f);

// Writes a frame for that direction (with ChannelData header towards the server) and returns its size.
size_t flow_write(flow *f, unsigned index, enum direction direction, uint8_t *frame, const load_options *options);

// Counts of everything that must not happen.
typedef struct {
    uint64_t wrong_channel, wrong_payload, duplicate, reordered, lost, stale;
} flow_faults;

// Checks a payload as it came out of the relay; returns its age in ns, or -1 when it is not countable.
int64_t flow_check(flow *f, unsigned index, enum direction direction, const uint8_t *payload, size_t size,
                   uint64_t now, const load_options *options, flow_faults *faults);

#endif
