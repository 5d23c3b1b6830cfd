#define _GNU_SOURCE
#include "turn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "digest.h"
#include "machine.h"

static struct sockaddr_in loopback(unsigned third, unsigned index)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(127u << 24 | (third + index / 200 % 90) << 8 | (1 + index % 200));
    return address;
}

side client_side, peer_side;

static struct sockaddr_in address_at(const side *where, unsigned third, unsigned index)
{
    struct sockaddr_in address = loopback(third, index);
    if (where->namespace != 0)
        address.sin_addr = where->address;
    return address;
}

struct sockaddr_in client_address(unsigned index) { return address_at(&client_side, 1, index); }
struct sockaddr_in peer_address(unsigned index) { return address_at(&peer_side, 100, index); }

void set_side(side *which, char *file_address_device)
{
    const char *file = strsep(&file_address_device, ","), *address = strsep(&file_address_device, ",");
    if (address == NULL || inet_pton(AF_INET, address, &which->address) != 1)
        die("%s is not FILE,ADDRESS or FILE,ADDRESS,DEVICE", file);
    which->device = file_address_device;
    which->namespace = open(file, O_RDONLY | O_CLOEXEC);
    if (which->namespace < 0)
        die("%s: %s", file, strerror(errno));
}

int open_udp_at(const side *where, struct sockaddr_in *local)
{
    if (where->namespace != 0 && setns(where->namespace, CLONE_NEWNET) != 0)
        die("setns: %s", strerror(errno));
    return open_udp(local);
}

int open_udp(struct sockaddr_in *local)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
    socklen_t length = sizeof *local;
    if (fd < 0)
        die("socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *)local, sizeof *local) != 0)
        die("bind: %s", strerror(errno));
    getsockname(fd, (struct sockaddr *)local, &length);
    return fd;
}

static int open_tcp(const turn_server *server, struct sockaddr_in *local)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    socklen_t length = sizeof *local;
    if (fd < 0 || bind(fd, (struct sockaddr *)local, sizeof *local) != 0 ||
        connect(fd, (const struct sockaddr *)&server->address, sizeof server->address) != 0)
        die("connect over TCP: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    getsockname(fd, (struct sockaddr *)local, &length);
    return fd;
}

void turn_open(turn_client *client, const turn_server *server, unsigned index)
{
    memset(client, 0, sizeof *client);
    client->server = server;
    client->local = client_address(index);
    if (server->tcp) {
        client->fd = open_tcp(server, &client->local);
        return;
    }
    client->fd = open_udp_at(&client_side, &client->local);
    if (connect(client->fd, (const struct sockaddr *)&server->address, sizeof server->address) != 0)
        die("connect: %s", strerror(errno));
}

void turn_new_transaction(uint8_t transaction[12])
{
    static uint64_t count, seed;
    if (seed == 0)
        seed = now_ns() * 0x9e3779b97f4a7c15u;
    count++;
    memcpy(transaction, &seed, 4);
    memcpy(transaction + 4, &count, 8);
}

static void authenticate(const turn_client *client, stun_message *message)
{
    if (!client->authenticated)
        return;
    stun_add(message, ATTR_USERNAME, client->server->username, strlen(client->server->username));
    stun_add(message, ATTR_REALM, client->realm, client->realm_size);
    stun_add(message, ATTR_NONCE, client->nonce, client->nonce_size);
    stun_add_integrity(message, client->key);
}

static void start(stun_message *message, uint16_t type)
{
    uint8_t transaction[12];
    turn_new_transaction(transaction);
    stun_start(message, type, transaction);
}

void turn_write_allocate(turn_client *client, stun_message *message, uint32_t lifetime_seconds)
{
    start(message, ALLOCATE);
    stun_add32(message, ATTR_TRANSPORT, 17u << 24);
    stun_add32(message, ATTR_LIFETIME, lifetime_seconds);
    authenticate(client, message);
}

void turn_write_refresh(turn_client *client, stun_message *message, uint32_t lifetime_seconds)
{
    start(message, REFRESH);
    stun_add32(message, ATTR_LIFETIME, lifetime_seconds);
    authenticate(client, message);
}

bool turn_take_challenge(turn_client *client, const uint8_t *answer)
{
    size_t realm_size, nonce_size;
    const uint8_t *realm = stun_find(answer, ATTR_REALM, &realm_size);
    const uint8_t *nonce = stun_find(answer, ATTR_NONCE, &nonce_size);
    char text[1024];
    if (nonce == NULL || nonce_size > sizeof client->nonce || client->server->username == NULL)
        return false;
    memcpy(client->nonce, nonce, client->nonce_size = nonce_size);
    if (realm != NULL && realm_size <= sizeof client->realm)
        memcpy(client->realm, realm, client->realm_size = realm_size);
    int size = snprintf(text, sizeof text, "%s:%.*s:%s", client->server->username, (int)client->realm_size,
                        (const char *)client->realm, client->server->password);
    if (size < 0 || (size_t)size >= sizeof text)
        return false;
    md5(text, (size_t)size, client->key);
    client->authenticated = true;
    return true;
}

static bool wait_readable(int fd, uint64_t until)
{
    uint64_t now = now_ns();
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return now < until && poll(&wanted, 1, (int)((until - now) / 1000000) + 1) > 0;
}

static bool receive_exactly(int fd, uint8_t *at, size_t size, uint64_t until)
{
    while (size > 0) {
        if (!wait_readable(fd, until))
            return false;
        ssize_t got = recv(fd, at, size, MSG_DONTWAIT);
        if (got == 0)
            die("the server closed a TCP connection");
        if (got > 0)
            at += got, size -= (size_t)got;
    }
    return true;
}

// One datagram, or one STUN message or ChannelData from the stream.
static ssize_t receive_one(const turn_client *client, uint8_t *buffer, uint64_t until)
{
    if (!client->server->tcp)
        return wait_readable(client->fd, until) ? recv(client->fd, buffer, STUN_MAX, MSG_DONTWAIT) : 0;
    if (!receive_exactly(client->fd, buffer, 4, until))
        return 0;
    size_t rest = read16(buffer + 2) + (buffer[0] < 0x40 ? 16u : 0u);
    rest = (rest + 3) & ~(size_t)3;
    if (rest + 4 > STUN_MAX)
        die("a frame of %zu bytes from the server", rest + 4);
    return receive_exactly(client->fd, buffer + 4, rest, until) ? (ssize_t)(rest + 4) : 0;
}

// Sends until the answer of this transaction is in `answer`. UDP: again after 0.5, 1, 2 s (RFC 8489 §6.2.1).
static bool ask(const turn_client *client, const stun_message *request, uint8_t *answer)
{
    uint64_t wait = 500000000;
    for (int attempt = 0; attempt < 3; attempt++, wait *= 2) {
        uint64_t until = now_ns() + (client->server->tcp ? 5000000000u : wait);
        if ((attempt == 0 || !client->server->tcp) && send(client->fd, request->bytes, request->size, 0) < 0)
            die("send: %s", strerror(errno));
        while (now_ns() < until) {
            ssize_t size = receive_one(client, answer, until);
            if (size > 0 && stun_is_valid(answer, (size_t)size) &&
                memcmp(stun_transaction(answer), request->bytes + 8, 12) == 0)
                return true;
        }
    }
    return false;
}

typedef struct {
    uint16_t type;
    uint32_t lifetime;
    const struct sockaddr_in *peer;
    uint16_t channel;
} request_values;

static void write_request(turn_client *client, stun_message *message, const request_values *values)
{
    switch (values->type) {
    case ALLOCATE: turn_write_allocate(client, message, values->lifetime); return;
    case REFRESH: turn_write_refresh(client, message, values->lifetime); return;
    default:
        start(message, values->type);
        if (values->type == CHANNEL_BIND)
            stun_add32(message, ATTR_CHANNEL, (uint32_t)values->channel << 16);
        stun_add_address(message, ATTR_PEER, values->peer);
        authenticate(client, message);
    }
}

static int request(turn_client *client, const request_values *values, uint8_t *answer)
{
    stun_message message;
    int code = -1;
    for (int attempt = 0; attempt < 3; attempt++) {
        write_request(client, &message, values);
        if (!ask(client, &message, answer))
            return -1;
        if (stun_type(answer) == (values->type | CLASS_SUCCESS)) {
            if (client->authenticated && !stun_integrity_holds(answer, client->key))
                die("an answer without valid MESSAGE-INTEGRITY");
            return 0;
        }
        code = stun_error_code(answer);
        bool challenge = (code == 401 && !client->authenticated) || code == 438;
        if (!challenge || !turn_take_challenge(client, answer))
            return code;
    }
    return code;
}

int turn_allocate(turn_client *client, uint32_t lifetime_seconds)
{
    uint8_t answer[STUN_MAX];
    struct sockaddr_in mapped;
    request_values values = {.type = ALLOCATE, .lifetime = lifetime_seconds};
    int code = request(client, &values, answer);
    if (code != 0)
        return code;
    if (!stun_find_address(answer, ATTR_RELAYED, &client->relayed) ||
        !stun_find_address(answer, ATTR_MAPPED, &mapped) || mapped.sin_port != client->local.sin_port ||
        mapped.sin_addr.s_addr != client->local.sin_addr.s_addr)
        die("an Allocate success with wrong addresses");
    return 0;
}

int turn_refresh(turn_client *client, uint32_t lifetime_seconds)
{
    uint8_t answer[STUN_MAX];
    request_values values = {.type = REFRESH, .lifetime = lifetime_seconds};
    return request(client, &values, answer);
}

int turn_permit(turn_client *client, const struct sockaddr_in *peer)
{
    uint8_t answer[STUN_MAX];
    request_values values = {.type = CREATE_PERMISSION, .peer = peer};
    return request(client, &values, answer);
}

int turn_bind_channel(turn_client *client, const struct sockaddr_in *peer, uint16_t channel)
{
    uint8_t answer[STUN_MAX];
    request_values values = {.type = CHANNEL_BIND, .peer = peer, .channel = channel};
    return request(client, &values, answer);
}
