#pragma once
#include <zlib.h>

// The initialisers are macros, which Swift does not see. A negative window size means raw deflate (RFC 1951).

static inline int skep_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

static inline int skep_inflate_init(z_stream *stream) {
    return inflateInit2(stream, -MAX_WBITS);
}
