#define _GNU_SOURCE
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"

enum { LIFETIME = 600 };

// Payload: magic, run, flow, direction (4 bytes each), sequence, time sent (8 bytes each), pattern.
enum { MAGIC = 0x4e446231, AT_RUN = 4, AT_FLOW = 8, AT_DIRECTION = 12, AT_SEQUENCE = 16, AT_TIME = 24, AT_PATTERN = 32 };

static uint32_t run_number;
static uint8_t pattern[PAYLOAD_MAX + 256];

static void expect(int code, const char *what, unsigned index)
{
    if (code != 0)
        die("%s of allocation %u was answered with %d", what, index, code);
}

static void fill_pattern(void)
{
    uint32_t value = run_number = (uint32_t)now_ns() | 1;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)((value = value * 1664525u + 1013904223u) >> 24);
}

// coturn remembers a 5-tuple for a moment after its allocation was deleted; a socket that got the port of an earlier one takes another.
static void open_allocation(turn_client *client, unsigned index, const load_options *options)
{
    enum { ALLOCATION_MISMATCH = 437, PORTS = 4 };
    int code = ALLOCATION_MISMATCH;
    for (int tried = 0; code == ALLOCATION_MISMATCH && tried < PORTS; tried++) {
        if (tried > 0)
            close(client->fd);
        turn_open(client, &options->server, index);
        code = turn_allocate(client, LIFETIME);
    }
    expect(code, "Allocate", index);
}

void flow_open(flow *f, unsigned index, const load_options *options)
{
    if (run_number == 0)
        fill_pattern();
    memset(f, 0, sizeof *f);
    open_allocation(&f->client, index, options);
    f->peer = peer_address(index);
    f->peer.sin_port = htons(9); // where nobody need be, for a flow that stays idle
    f->peer_fd = -1;
    if (!options->idle) {
        f->peer.sin_port = 0;
        f->peer_fd = open_udp_at(&peer_side, &f->peer);
    }
    f->channel = (uint16_t)(0x4000 + index % 0x0fff);
    expect(turn_permit(&f->client, &f->peer), "CreatePermission", index);
    expect(turn_bind_channel(&f->client, &f->peer, f->channel), "ChannelBind", index);
    if (f->peer_fd >= 0 && connect(f->peer_fd, (struct sockaddr *)&f->client.relayed, sizeof f->client.relayed) != 0)
        die("connect to the relayed address");
    if (options->server.tcp && (f->stream = malloc(FRAME_MAX)) == NULL)
        die("out of memory");
}

void flow_keep_alive(flow *f)
{
    expect(turn_refresh(&f->client, LIFETIME), "Refresh", 0);
    expect(turn_bind_channel(&f->client, &f->peer, f->channel), "ChannelBind again", 0);
}

void flow_close(flow *f)
{
    expect(turn_refresh(&f->client, 0), "Refresh 0", 0);
    close(f->client.fd);
    if (f->peer_fd >= 0)
        close(f->peer_fd);
    free(f->stream);
}

size_t flow_write(flow *f, unsigned index, enum direction direction, uint8_t *frame, const load_options *options)
{
    uint8_t *payload = direction == TO_PEER ? frame + CHANNEL_HEADER : frame;
    uint32_t words[4] = {MAGIC, run_number, index, direction};
    uint64_t sequence = ++f->track[direction].sent, now = now_ns();
    size_t size = options->payload;
    memcpy(payload, words, sizeof words);
    memcpy(payload + AT_SEQUENCE, &sequence, 8);
    memcpy(payload + AT_TIME, &now, 8);
    memcpy(payload + AT_PATTERN, pattern + ((sequence + index) & 255), size - AT_PATTERN);
    if (direction == TO_CLIENT)
        return size;
    write16(frame, f->channel);
    write16(frame + 2, (uint16_t)size);
    return CHANNEL_HEADER + (options->server.tcp ? (size + 3) & ~(size_t)3 : size);
}

// A gap counts as lost at once and is taken back when a late datagram fills it.
static bool note_sequence(sequence_track *track, uint64_t sequence, flow_faults *faults)
{
    if (sequence > track->highest) {
        uint64_t step = sequence - track->highest;
        faults->lost += step - 1;
        track->seen = (step < 64 ? track->seen << step : 0) | 1;
        track->highest = sequence;
    } else {
        uint64_t behind = track->highest - sequence;
        if (behind >= 64 || track->seen >> behind & 1) {
            faults->duplicate++;
            return false;
        }
        track->seen |= (uint64_t)1 << behind;
        faults->reordered++;
        faults->lost--;
    }
    track->received++;
    return true;
}

int64_t flow_check(flow *f, unsigned index, enum direction direction, const uint8_t *payload, size_t size,
                   uint64_t now, const load_options *options, flow_faults *faults)
{
    uint32_t words[4];
    uint64_t sequence, sent;
    if (size != options->payload) {
        faults->wrong_payload++;
        return -1;
    }
    memcpy(words, payload, sizeof words);
    memcpy(&sequence, payload + AT_SEQUENCE, 8);
    memcpy(&sent, payload + AT_TIME, 8);
    if (words[0] == MAGIC && words[1] != run_number) {
        faults->stale++;
        return -1;
    }
    if (words[0] != MAGIC || words[2] != index || words[3] != direction || sequence > f->track[direction].sent ||
        memcmp(payload + AT_PATTERN, pattern + ((sequence + index) & 255), size - AT_PATTERN) != 0) {
        faults->wrong_payload++;
        return -1;
    }
    return note_sequence(&f->track[direction], sequence, faults) ? (int64_t)(now > sent ? now - sent : 0) : -1;
}
