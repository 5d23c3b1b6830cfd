// STUN messages: just enough to be a TURN client, or a floor server without authentication (RFC 8489, RFC 8656).
#ifndef STUN_H
#define STUN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUN_HEADER = 20,
    STUN_MAX = 1500,
    STUN_COOKIE = 0x2112A442,
    // message types: method with the class bits
    BINDING = 0x0001, ALLOCATE = 0x0003, REFRESH = 0x0004, CREATE_PERMISSION = 0x0008, CHANNEL_BIND = 0x0009,
    CLASS_SUCCESS = 0x0100, CLASS_ERROR = 0x0110,
    // attributes
    ATTR_USERNAME = 0x0006, ATTR_INTEGRITY = 0x0008, ATTR_ERROR_CODE = 0x0009, ATTR_CHANNEL = 0x000C,
    ATTR_LIFETIME = 0x000D, ATTR_PEER = 0x0012, ATTR_REALM = 0x0014, ATTR_NONCE = 0x0015, ATTR_RELAYED = 0x0016,
    ATTR_TRANSPORT = 0x0019, ATTR_MAPPED = 0x0020,
};

typedef struct {
    uint8_t bytes[STUN_MAX];
    size_t size;
} stun_message;

uint16_t read16(const uint8_t *at);
uint32_t read32(const uint8_t *at);
void write16(uint8_t *at, uint16_t value);
void write32(uint8_t *at, uint32_t value);

void stun_start(stun_message *message, uint16_t type, const uint8_t transaction[12]);
void stun_add(stun_message *message, uint16_t type, const void *value, size_t size);
void stun_add32(stun_message *message, uint16_t type, uint32_t value);
void stun_add_address(stun_message *message, uint16_t type, const struct sockaddr_in *address);
void stun_add_integrity(stun_message *message, const uint8_t key[16]);

// True for a whole STUN message whose attributes all fit; nothing below checks lengths again.
bool stun_is_valid(const uint8_t *bytes, size_t size);
uint16_t stun_type(const uint8_t *bytes);
const uint8_t *stun_transaction(const uint8_t *bytes);
// The value of the first attribute of that type, or NULL.
const uint8_t *stun_find(const uint8_t *bytes, uint16_t type, size_t *size);
bool stun_find_address(const uint8_t *bytes, uint16_t type, struct sockaddr_in *address);
// 0 when there is no ERROR-CODE.
int stun_error_code(const uint8_t *bytes);
bool stun_integrity_holds(const uint8_t *bytes, const uint8_t key[16]);

#endif
