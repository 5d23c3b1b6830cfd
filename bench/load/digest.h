// MD5, SHA-1 and HMAC-SHA1, as STUN's long-term credentials need them (RFC 8489 §9.2, §14.5).
// Written out here so that the benchmark needs a C compiler and nothing else.
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, SHA1_SIZE = 20 };

void md5(const void *data, size_t size, uint8_t out[MD5_SIZE]);
void hmac_sha1(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t out[SHA1_SIZE]);

#endif
