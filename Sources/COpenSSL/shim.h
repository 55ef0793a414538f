#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

// What Swift cannot see: functions with variable arguments, and macros with arguments.

static inline EVP_PKEY *skep_generate_rsa(size_t bits) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
}

static inline long skep_bio_contents(BIO *bio, char **contents) {
    return BIO_get_mem_data(bio, contents);
}
