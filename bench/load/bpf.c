#define _GNU_SOURCE
#include "bpf.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

static struct bpf_insn *append(bpf_program *p, int code, int to, int from)
{
    if (p->count == PROGRAM_MAX)
        die("a program of more than %d instructions", PROGRAM_MAX);
    struct bpf_insn *added = &p->code[p->count++];
    *added = (struct bpf_insn){.code = (uint8_t)code, .dst_reg = (uint8_t)to & 15, .src_reg = (uint8_t)from & 15};
    return added;
}

void bpf_move(bpf_program *p, int to, int from) { append(p, BPF_ALU64 | BPF_MOV | BPF_X, to, from); }

void bpf_move_number(bpf_program *p, int to, int32_t number) { append(p, BPF_ALU64 | BPF_MOV | BPF_K, to, 0)->imm = number; }

void bpf_compute(bpf_program *p, int operation, int to, int by) { append(p, BPF_ALU64 | operation | BPF_X, to, by); }

void bpf_compute_number(bpf_program *p, int operation, int to, int32_t number)
{
    append(p, BPF_ALU64 | operation | BPF_K, to, 0)->imm = number;
}

void bpf_load(bpf_program *p, int size, int to, int from, size_t at)
{
    append(p, BPF_LDX | BPF_MEM | size, to, from)->off = (int16_t)at;
}

void bpf_store(bpf_program *p, int size, int to, int at, int from)
{
    append(p, BPF_STX | BPF_MEM | size, to, from)->off = (int16_t)at;
}

static void wide(bpf_program *p, int to, int kind, int map)
{
    append(p, BPF_LD | BPF_IMM | BPF_DW, to, kind)->imm = map;
    append(p, 0, 0, 0);
}

void bpf_map_into(bpf_program *p, int to, int map) { wide(p, to, BPF_PSEUDO_MAP_FD, map); }

void bpf_entry_into(bpf_program *p, int to, int map) { wide(p, to, BPF_PSEUDO_MAP_VALUE, map); }

void bpf_call(bpf_program *p, int helper) { append(p, BPF_JMP | BPF_CALL, 0, 0)->imm = helper; }

void bpf_return(bpf_program *p, int32_t number)
{
    bpf_move_number(p, R0, number);
    bpf_leave(p);
}

void bpf_leave(bpf_program *p) { append(p, BPF_JMP | BPF_EXIT, 0, 0); }

int bpf_jump(bpf_program *p, int comparison, int left, int right)
{
    append(p, BPF_JMP | comparison | BPF_X, left, right);
    return p->count - 1;
}

int bpf_jump_number(bpf_program *p, int comparison, int left, int32_t number)
{
    append(p, BPF_JMP | comparison | BPF_K, left, 0)->imm = number;
    return p->count - 1;
}

int bpf_jump_always(bpf_program *p)
{
    append(p, BPF_JMP | BPF_JA, 0, 0);
    return p->count - 1;
}

void bpf_land(bpf_program *p, int jump) { p->code[jump].off = (int16_t)(p->count - jump - 1); }

static long command(enum bpf_cmd which, union bpf_attr *attributes)
{
    return syscall(SYS_bpf, which, attributes, sizeof *attributes);
}

int bpf_load_xdp(const bpf_program *p, const char *name)
{
    static char said[1 << 16];
    union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP, .insn_cnt = (uint32_t)p->count, .insns = (uintptr_t)p->code,
                        .license = (uintptr_t) "Dual MIT/GPL", .log_buf = (uintptr_t)said, .log_size = sizeof said, .log_level = 1};
    strncpy(a.prog_name, name, sizeof a.prog_name - 1);
    long fd = command(BPF_PROG_LOAD, &a);
    if (fd < 0)
        die("the kernel refuses %s: %s\n%s", name, strerror(errno), said);
    return (int)fd;
}

int bpf_make_map(enum bpf_map_type type, size_t value_size, unsigned entries, unsigned flags)
{
    union bpf_attr a = {.map_type = type, .key_size = 4, .value_size = (uint32_t)value_size, .max_entries = entries, .map_flags = flags};
    long fd = command(BPF_MAP_CREATE, &a);
    if (fd < 0)
        die("the kernel makes no map: %s", strerror(errno));
    return (int)fd;
}

void bpf_put(int map, uint32_t key, uint32_t value)
{
    union bpf_attr a = {.map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)&value};
    if (command(BPF_MAP_UPDATE_ELEM, &a) != 0)
        die("the kernel does not take an entry of a map: %s", strerror(errno));
}

int bpf_attach_xdp(int program, unsigned interface)
{
    union bpf_attr a = {.link_create = {.prog_fd = (uint32_t)program, .target_ifindex = interface, .attach_type = BPF_XDP, .flags = XDP_FLAGS_DRV_MODE}};
    long fd = command(BPF_LINK_CREATE, &a);
    if (fd < 0)
        die("the interface takes no XDP program: %s", strerror(errno));
    return (int)fd;
}

void bpf_run_live(int program, const void *frame, size_t size)
{
    enum { AT_ONCE = 64, MANY = 0x7fffffff };
    union bpf_attr a = {.test = {.prog_fd = (uint32_t)program, .data_in = (uintptr_t)frame, .data_size_in = (uint32_t)size,
                                 .repeat = MANY, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = AT_ONCE}};
    if (command(BPF_PROG_TEST_RUN, &a) != 0 && errno != EINTR)
        die("the kernel makes no frames: %s (Linux 5.18 does)", strerror(errno));
}
