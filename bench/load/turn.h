// A TURN client, one request at a time: what the workloads need before and after the packets that are measured.
#ifndef TURN_H
#define TURN_H

#include "stun.h"

typedef struct {
    struct sockaddr_in address;
    const char *username, *password;
    bool tcp;
} turn_server;

typedef struct {
    const turn_server *server;
    int fd; // connected, non-blocking
    struct sockaddr_in local, relayed;
    bool authenticated;
    uint8_t key[16];
    uint8_t realm[128], nonce[256];
    size_t realm_size, nonce_size;
} turn_client;

// The n-th of many local addresses and, on UDP, any free port: clients live on 127.0.1.0 and up, peers on 127.0.100.0.
struct sockaddr_in client_address(unsigned index);
struct sockaddr_in peer_address(unsigned index);
int open_udp(struct sockaddr_in *local); // binds, non-blocking, large buffers; reads the port back

// Where a side of the flows lives instead: one address in a network namespace.
typedef struct {
    int namespace; // 0: the loopback addresses here
    struct in_addr address;
    const char *device; // the interface there, where it has to be known
} side;
extern side client_side, peer_side;
void set_side(side *which, char *file_address_device);
int open_udp_at(const side *where, struct sockaddr_in *local); // as open_udp, there

void turn_open(turn_client *client, const turn_server *server, unsigned index);
// Each answers 0, or the STUN error code, or -1 when no answer came in 5 s.
int turn_allocate(turn_client *client, uint32_t lifetime_seconds);
int turn_refresh(turn_client *client, uint32_t lifetime_seconds);
int turn_permit(turn_client *client, const struct sockaddr_in *peer);
int turn_bind_channel(turn_client *client, const struct sockaddr_in *peer, uint16_t channel);

// Shared with the control workload, which keeps many requests in flight.
void turn_new_transaction(uint8_t transaction[12]);
void turn_write_allocate(turn_client *client, stun_message *message, uint32_t lifetime_seconds);
void turn_write_refresh(turn_client *client, stun_message *message, uint32_t lifetime_seconds);
bool turn_take_challenge(turn_client *client, const uint8_t *answer); // realm and nonce of a 401 or 438

#endif
