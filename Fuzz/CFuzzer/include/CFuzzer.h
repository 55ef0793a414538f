#ifndef SKEP_FUZZER_H
#define SKEP_FUZZER_H

#include <stddef.h>
#include <stdint.h>

// Of LLVM's libFuzzer, which scripts/fuzz links (libclang_rt.fuzzer_no_main).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));

#endif
