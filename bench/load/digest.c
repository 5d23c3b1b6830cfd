#include "digest.h"

#include <string.h>

static uint32_t rotate(uint32_t value, int by) { return value << by | value >> (32 - by); }

static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t md5_shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void md5_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    memcpy(words, block, 64); // little-endian hosts only, as the whole benchmark
    for (int i = 0; i < 64; i++) {
        uint32_t f;
        int index;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), index = i; break;
        case 1: f = (d & b) | (~d & c), index = (5 * i + 1) % 16; break;
        case 2: f = b ^ c ^ d, index = (3 * i + 5) % 16; break;
        default: f = c ^ (b | ~d), index = 7 * i % 16;
        }
        uint32_t next = b + rotate(a + f + md5_sines[i] + words[index], md5_shifts[i / 16][i % 4]);
        a = d, d = c, c = b, b = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void sha1_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, block + 4 * i, 4);
        words[i] = __builtin_bswap32(word);
    }
    for (int i = 16; i < 80; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        switch (i / 20) {
        case 0: f = (b & c) | (~b & d), k = 0x5a827999; break;
        case 1: f = b ^ c ^ d, k = 0x6ed9eba1; break;
        case 2: f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc; break;
        default: f = b ^ c ^ d, k = 0xca62c1d6;
        }
        uint32_t next = rotate(a, 5) + f + e + k + words[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

typedef void block_function(uint32_t state[5], const uint8_t *block);

// Merkle–Damgård padding; `before` bytes (a whole number of blocks) were already taken.
static void finish(block_function *function, uint32_t state[5], const uint8_t *data, size_t size, uint64_t before,
                   int big_endian)
{
    uint8_t tail[128] = {0};
    uint64_t bits = (before + size) * 8;
    for (; size >= 64; data += 64, size -= 64)
        function(state, data);
    memcpy(tail, data, size);
    tail[size] = 0x80;
    size_t end = size < 56 ? 64 : 128;
    uint64_t length = big_endian ? __builtin_bswap64(bits) : bits;
    memcpy(tail + end - 8, &length, 8);
    for (size_t at = 0; at < end; at += 64)
        function(state, tail + at);
}

void md5(const void *data, size_t size, uint8_t out[MD5_SIZE])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    finish(md5_block, state, data, size, 0, 0);
    memcpy(out, state, MD5_SIZE);
}

static void sha1_after_block(const uint8_t first[64], const void *data, size_t size, uint8_t out[SHA1_SIZE])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    sha1_block(state, first);
    finish(sha1_block, state, data, size, 64, 1);
    for (int i = 0; i < 5; i++) {
        uint32_t word = __builtin_bswap32(state[i]);
        memcpy(out + 4 * i, &word, 4);
    }
}

void hmac_sha1(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t out[SHA1_SIZE])
{
    uint8_t pad[64], inner[SHA1_SIZE]; // keys here are MD5 results: never longer than a block
    for (size_t i = 0; i < 64; i++)
        pad[i] = (i < key_size ? key[i] : 0) ^ 0x36;
    sha1_after_block(pad, data, size, inner);
    for (size_t i = 0; i < 64; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    sha1_after_block(pad, inner, SHA1_SIZE, out);
}
