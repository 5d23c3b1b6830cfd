#include "stun.h"

#include <string.h>

#include "digest.h"

uint16_t read16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
uint32_t read32(const uint8_t *at) { return (uint32_t)read16(at) << 16 | read16(at + 2); }
void write16(uint8_t *at, uint16_t value) { at[0] = value >> 8, at[1] = value & 255; }
void write32(uint8_t *at, uint32_t value) { write16(at, value >> 16), write16(at + 2, value & 0xffff); }

void stun_start(stun_message *message, uint16_t type, const uint8_t transaction[12])
{
    write16(message->bytes, type);
    write16(message->bytes + 2, 0);
    write32(message->bytes + 4, STUN_COOKIE);
    memcpy(message->bytes + 8, transaction, 12);
    message->size = STUN_HEADER;
}

void stun_add(stun_message *message, uint16_t type, const void *value, size_t size)
{
    size_t padded = (size + 3) & ~(size_t)3;
    if (message->size + 4 + padded > STUN_MAX)
        return;
    uint8_t *at = message->bytes + message->size;
    write16(at, type);
    write16(at + 2, (uint16_t)size);
    memset(at + 4, 0, padded);
    memcpy(at + 4, value, size);
    message->size += 4 + padded;
    write16(message->bytes + 2, (uint16_t)(message->size - STUN_HEADER));
}

void stun_add32(stun_message *message, uint16_t type, uint32_t value)
{
    uint8_t bytes[4];
    write32(bytes, value);
    stun_add(message, type, bytes, 4);
}

void stun_add_address(stun_message *message, uint16_t type, const struct sockaddr_in *address)
{
    uint8_t value[8] = {0, 1};
    write16(value + 2, ntohs(address->sin_port) ^ (STUN_COOKIE >> 16));
    write32(value + 4, ntohl(address->sin_addr.s_addr) ^ STUN_COOKIE);
    stun_add(message, type, value, 8);
}

void stun_add_integrity(stun_message *message, const uint8_t key[16])
{
    uint8_t digest[SHA1_SIZE];
    write16(message->bytes + 2, (uint16_t)(message->size - STUN_HEADER + 4 + SHA1_SIZE));
    hmac_sha1(key, 16, message->bytes, message->size, digest);
    stun_add(message, ATTR_INTEGRITY, digest, SHA1_SIZE);
}

bool stun_is_valid(const uint8_t *bytes, size_t size)
{
    if (size < STUN_HEADER || bytes[0] > 0x3f || read32(bytes + 4) != STUN_COOKIE ||
        read16(bytes + 2) != size - STUN_HEADER)
        return false;
    size_t at = STUN_HEADER;
    while (at + 4 <= size)
        at += 4 + ((read16(bytes + at + 2) + 3u) & ~3u);
    return at == size;
}

uint16_t stun_type(const uint8_t *bytes) { return read16(bytes); }
const uint8_t *stun_transaction(const uint8_t *bytes) { return bytes + 8; }

const uint8_t *stun_find(const uint8_t *bytes, uint16_t type, size_t *size)
{
    size_t end = STUN_HEADER + read16(bytes + 2);
    for (size_t at = STUN_HEADER; at + 4 <= end; at += 4 + ((read16(bytes + at + 2) + 3u) & ~3u))
        if (read16(bytes + at) == type) {
            *size = read16(bytes + at + 2);
            return bytes + at + 4;
        }
    return NULL;
}

bool stun_find_address(const uint8_t *bytes, uint16_t type, struct sockaddr_in *address)
{
    size_t size;
    const uint8_t *value = stun_find(bytes, type, &size);
    if (value == NULL || size != 8 || value[1] != 1)
        return false;
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_port = htons(read16(value + 2) ^ (STUN_COOKIE >> 16));
    address->sin_addr.s_addr = htonl(read32(value + 4) ^ STUN_COOKIE);
    return true;
}

int stun_error_code(const uint8_t *bytes)
{
    size_t size;
    const uint8_t *value = stun_find(bytes, ATTR_ERROR_CODE, &size);
    return value == NULL || size < 4 ? 0 : (value[2] & 7) * 100 + value[3];
}

bool stun_integrity_holds(const uint8_t *bytes, const uint8_t key[16])
{
    size_t size;
    const uint8_t *value = stun_find(bytes, ATTR_INTEGRITY, &size);
    if (value == NULL || size != SHA1_SIZE)
        return false;
    uint8_t copy[STUN_MAX], digest[SHA1_SIZE];
    size_t covered = (size_t)(value - 4 - bytes);
    memcpy(copy, bytes, covered);
    write16(copy + 2, (uint16_t)(covered - STUN_HEADER + 4 + SHA1_SIZE));
    hmac_sha1(key, 16, copy, covered, digest);
    return memcmp(digest, value, SHA1_SIZE) == 0;
}
