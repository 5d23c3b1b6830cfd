// Programs for the kernel, written down instruction by instruction, and the few bpf(2) commands that this benchmark needs.
#ifndef BPF_PROGRAM_H
#define BPF_PROGRAM_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, STACK }; // registers; STACK grows down
enum { PROGRAM_MAX = 160 };

typedef struct {
    struct bpf_insn code[PROGRAM_MAX];
    int count;
} bpf_program;

// Each appends one instruction (bpf_map_into two). Sizes are BPF_H, BPF_W or BPF_DW, operations BPF_ADD, BPF_XOR and so on.
void bpf_move(bpf_program *p, int to, int from);
void bpf_move_number(bpf_program *p, int to, int32_t number);
void bpf_compute(bpf_program *p, int operation, int to, int by);
void bpf_compute_number(bpf_program *p, int operation, int to, int32_t number);
void bpf_load(bpf_program *p, int size, int to, int from, size_t at);
void bpf_store(bpf_program *p, int size, int to, int at, int from);
void bpf_map_into(bpf_program *p, int to, int map);   // the map itself, for a helper
void bpf_entry_into(bpf_program *p, int to, int map); // the only entry of an array
void bpf_call(bpf_program *p, int helper);
void bpf_return(bpf_program *p, int32_t number);
void bpf_leave(bpf_program *p); // with what the last helper answered

// A jump forward, taken where the comparison (BPF_JEQ and so on) holds; it lands where bpf_land is called with its answer.
int bpf_jump(bpf_program *p, int comparison, int left, int right);
int bpf_jump_number(bpf_program *p, int comparison, int left, int32_t number);
int bpf_jump_always(bpf_program *p);
void bpf_land(bpf_program *p, int jump);

// Each ends the program of the benchmark with what the kernel said, should it refuse.
int bpf_load_xdp(const bpf_program *p, const char *name);
int bpf_make_map(enum bpf_map_type type, size_t value_size, unsigned entries, unsigned flags);
void bpf_put(int map, uint32_t key, uint32_t value);
int bpf_attach_xdp(int program, unsigned interface); // in the driver; until the answer is closed

// Lets the kernel make frames, as many as it can, and do with each what the program says; until a signal comes.
void bpf_run_live(int program, const void *frame, size_t size);

#endif
