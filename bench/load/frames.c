// Workload "frames": datagrams through allocations as a network card with XDP brings and takes them, between cables (veth) in network namespaces.
// The allocations are made by a TURN client with sockets, like all others. Then the kernel itself makes frames and puts them on the cables
// (a program under BPF_PROG_TEST_RUN with live frames), and programs at the near ends take what comes out of the relay, look at it and count it:
// no socket, no copy and no buffer of a socket on this side.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf.h"
#include "machine.h"
#include "traffic.h"

enum { ETHERNET = 14, IP_AT = ETHERNET, UDP_AT = IP_AT + 20, DATA_AT = UDP_AT + 8, UDP_PORT_AT = UDP_AT + 2 };
enum { MAGIC = 0x4e446632, AT_LANE = 4, AT_SEQUENCE = 8, AT_COMPLEMENT = 16, MARK = 24 }; // of the payload; zeros follow
enum { HEAD = 72 }; // covers headers and mark in either direction, in whole words
enum { BEHIND_MAX_NS = 10000000 };

// One flow in one direction. They lie in the order in which they take turns; the programs count in them.
typedef struct {
    uint8_t head[HEAD]; // of each frame, with checksums that hold whatever the sequence number, which has its complement beside it
    uint64_t direction;
    uint64_t sent, taken, reordered, duplicate;
    uint64_t highest, seen; // bit n: sequence highest - n has come
    uint16_t port, channel;           // what a frame that comes out has to have, as on the wire
    uint32_t unused;
} lane;

typedef struct {
    uint64_t due, interval; // ns; when the next frame leaves
    uint64_t turn, wrong;
} pace;

typedef struct {
    const load_options *options;
    traffic made; // the allocations
    lane *lanes;
    pace *pace;
    unsigned lane_count;
    int lane_map, pace_map, device_map, generator;
    volatile bool stopping;
} frames;

static void enter(const side *where)
{
    if (where->namespace == 0 || where->device == NULL)
        die("frames need --clients and --peers as FILE,ADDRESS,DEVICE");
    if (setns(where->namespace, CLONE_NEWNET) != 0)
        die("setns: %s", strerror(errno));
}

static void *share(int map, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (memory == MAP_FAILED)
        die("the kernel does not share its map: %s", strerror(errno));
    return memory;
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 2)
        sum += read16(bytes + i);
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// Source and destination address of the link: this side's own and its only neighbour's.
static void write_ethernet(uint8_t *head, const side *where)
{
    struct ifreq request = {0};
    char line[256], address[64], hardware[32], device[32];
    bool found = false;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strncpy(request.ifr_name, where->device, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        die("%s: %s", where->device, strerror(errno));
    close(fd);
    FILE *neighbours = fopen("/proc/thread-self/net/arp", "r");
    while (neighbours != NULL && !found && fgets(line, sizeof line, neighbours) != NULL)
        found = sscanf(line, "%63s %*s %*s %31s %*s %31s", address, hardware, device) == 3 && strcmp(device, where->device) == 0 &&
                sscanf(hardware, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", head, head + 1, head + 2, head + 3, head + 4, head + 5) == 6;
    if (!found)
        die("%s has no neighbour", where->device);
    fclose(neighbours);
    memcpy(head + 6, request.ifr_hwaddr.sa_data, 6);
    write16(head + 12, 0x0800);
}

static size_t mark_at(bool in_channel) { return in_channel ? DATA_AT + CHANNEL_HEADER : DATA_AT; }

static void write_lane(lane *l, uint32_t number, const flow *f, enum direction direction, const load_options *options, const uint8_t *ethernet)
{
    const struct sockaddr_in *from = direction == TO_PEER ? &f->client.local : &f->peer;
    const struct sockaddr_in *to = direction == TO_PEER ? &options->server.address : &f->client.relayed;
    uint8_t *ip = l->head + IP_AT, *udp = l->head + UDP_AT, *mark = l->head + mark_at(direction == TO_PEER);
    uint16_t udp_size = (uint16_t)(8 + (direction == TO_PEER ? CHANNEL_HEADER : 0) + options->payload);
    uint32_t words[2] = {MAGIC, number};
    memset(l, 0, sizeof *l);
    memcpy(l->head, ethernet, ETHERNET);
    ip[0] = 0x45, ip[6] = 0x40, ip[8] = 64, ip[9] = IPPROTO_UDP; // version and size, do not fragment, TTL
    write16(ip + 2, (uint16_t)(20 + udp_size));
    memcpy(ip + 12, &from->sin_addr, 4);
    memcpy(ip + 16, &to->sin_addr, 4);
    write16(ip + 10, fold(add_words(0, ip, 20)));
    memcpy(udp, &from->sin_port, 2);
    memcpy(udp + 2, &to->sin_port, 2);
    write16(udp + 4, udp_size);
    if (direction == TO_PEER) {
        write16(udp + 8, f->channel);
        write16(udp + 10, (uint16_t)options->payload);
    }
    memcpy(mark, words, sizeof words);
    memset(mark + AT_COMPLEMENT, 0xff, 8);
    write16(udp + 6, fold(add_words(IPPROTO_UDP + udp_size + add_words(0, ip + 12, 8), udp, (size_t)(l->head + HEAD - udp))));
    l->direction = direction;
    l->port = direction == TO_PEER ? f->peer.sin_port : f->client.local.sin_port;
    l->channel = htons(f->channel);
}

static void write_lanes(frames *x)
{
    uint8_t ethernet[2][ETHERNET];
    unsigned count = x->options->allocations;
    enter(&client_side);
    write_ethernet(ethernet[TO_PEER], &client_side);
    enter(&peer_side);
    write_ethernet(ethernet[TO_CLIENT], &peer_side);
    for (unsigned i = 0; i < x->lane_count; i++) {
        // Each pair of turns goes to two different flows, far apart.
        enum direction direction = i & 1;
        unsigned index = (i / 2 + (direction == TO_CLIENT ? count / 2 : 0)) % count;
        write_lane(&x->lanes[i], i, &x->made.flows[index], direction, x->options, ethernet[direction]);
    }
}

static void find_lane(bpf_program *p, const frames *x, int number)
{
    bpf_store(p, BPF_W, STACK, -4, number);
    bpf_map_into(p, R1, x->lane_map);
    bpf_move(p, R2, STACK);
    bpf_compute_number(p, BPF_ADD, R2, -4);
    bpf_call(p, BPF_FUNC_map_lookup_elem);
}

static void count_one(bpf_program *p, int in, size_t at)
{
    bpf_load(p, BPF_DW, R5, in, at);
    bpf_compute_number(p, BPF_ADD, R5, 1);
    bpf_store(p, BPF_DW, in, (int)at, R5);
}

static void write_sequence(bpf_program *p, size_t mark)
{
    bpf_store(p, BPF_DW, R2, (int)mark + AT_SEQUENCE, R1);
    bpf_store(p, BPF_DW, R2, (int)mark + AT_COMPLEMENT, R5);
}

// Runs for every frame that the kernel makes: drops it unless one is due; writes the next lane's into it and sends it out on that lane's side.
static int load_generator(const frames *x)
{
    bpf_program program = {.count = 0}, *p = &program;
    unsigned burst = x->options->burst;
    bpf_move(p, R6, R1);
    bpf_entry_into(p, R7, x->pace_map);
    bpf_call(p, BPF_FUNC_ktime_get_ns);
    bpf_load(p, BPF_DW, R1, R7, offsetof(pace, due));
    int is_due = bpf_jump(p, BPF_JGE, R0, R1);
    bpf_return(p, XDP_DROP);
    bpf_land(p, is_due);
    bpf_move(p, R3, R0);
    bpf_compute(p, BPF_SUB, R3, R1);
    int on_time = bpf_jump_number(p, BPF_JLE, R3, BEHIND_MAX_NS);
    bpf_move(p, R1, R0); // this thread was held up: do not make up for it with a flood
    bpf_land(p, on_time);
    bpf_load(p, BPF_DW, R8, R7, offsetof(pace, turn));
    count_one(p, R7, offsetof(pace, turn));
    bpf_compute_number(p, BPF_MOD, R5, (int32_t)burst); // 0: this was the last of its burst
    int in_burst = bpf_jump_number(p, BPF_JNE, R5, 0);
    bpf_load(p, BPF_DW, R2, R7, offsetof(pace, interval));
    bpf_compute(p, BPF_ADD, R1, R2);
    bpf_land(p, in_burst);
    bpf_store(p, BPF_DW, R7, offsetof(pace, due), R1);
    bpf_compute_number(p, BPF_DIV, R8, (int32_t)burst);
    bpf_compute_number(p, BPF_MOD, R8, (int32_t)x->lane_count);
    find_lane(p, x, R8);
    int found = bpf_jump_number(p, BPF_JNE, R0, 0);
    bpf_return(p, XDP_ABORTED);
    bpf_land(p, found);
    bpf_move(p, R9, R0);
    bpf_load(p, BPF_DW, R8, R9, offsetof(lane, direction));
    int has_header = bpf_jump_number(p, BPF_JEQ, R8, TO_PEER);
    bpf_move(p, R1, R6);
    bpf_move_number(p, R2, -CHANNEL_HEADER);
    bpf_call(p, BPF_FUNC_xdp_adjust_tail);
    bpf_land(p, has_header);
    bpf_load(p, BPF_W, R2, R6, offsetof(struct xdp_md, data));
    bpf_load(p, BPF_W, R3, R6, offsetof(struct xdp_md, data_end));
    bpf_move(p, R1, R2);
    bpf_compute_number(p, BPF_ADD, R1, HEAD);
    int fits = bpf_jump(p, BPF_JLE, R1, R3);
    bpf_return(p, XDP_ABORTED);
    bpf_land(p, fits);
    for (int at = 0; at < HEAD; at += 8) {
        bpf_load(p, BPF_DW, R4, R9, offsetof(lane, head) + (size_t)at);
        bpf_store(p, BPF_DW, R2, at, R4);
    }
    count_one(p, R9, offsetof(lane, sent));
    bpf_move(p, R1, R5);
    bpf_compute_number(p, BPF_XOR, R5, -1);
    int to_peer = bpf_jump_number(p, BPF_JEQ, R8, TO_PEER);
    write_sequence(p, mark_at(false));
    int written = bpf_jump_always(p);
    bpf_land(p, to_peer);
    write_sequence(p, mark_at(true));
    bpf_land(p, written);
    bpf_map_into(p, R1, x->device_map);
    bpf_move(p, R2, R8);
    bpf_move_number(p, R3, 0);
    bpf_call(p, BPF_FUNC_redirect_map);
    bpf_leave(p);
    return bpf_load_xdp(p, "load_generator");
}

// As note_sequence does for frames that come through sockets. R0 is the lane, R4 the sequence number.
static void judge_sequence(bpf_program *p)
{
    bpf_load(p, BPF_DW, R2, R0, offsetof(lane, highest));
    bpf_load(p, BPF_DW, R3, R0, offsetof(lane, seen));
    int is_behind = bpf_jump(p, BPF_JLE, R4, R2);
    bpf_store(p, BPF_DW, R0, offsetof(lane, highest), R4);
    bpf_compute(p, BPF_SUB, R4, R2);
    int is_near = bpf_jump_number(p, BPF_JLE, R4, 63);
    bpf_move_number(p, R3, 0);
    bpf_move_number(p, R4, 0);
    bpf_land(p, is_near);
    bpf_compute(p, BPF_LSH, R3, R4);
    bpf_compute_number(p, BPF_OR, R3, 1);
    bpf_store(p, BPF_DW, R0, offsetof(lane, seen), R3);
    count_one(p, R0, offsetof(lane, taken));
    bpf_return(p, XDP_DROP);

    bpf_land(p, is_behind);
    bpf_compute(p, BPF_SUB, R2, R4);
    int is_far = bpf_jump_number(p, BPF_JGT, R2, 63);
    bpf_move_number(p, R4, 1);
    bpf_compute(p, BPF_LSH, R4, R2);
    bpf_move(p, R5, R3);
    bpf_compute(p, BPF_AND, R5, R4);
    int is_new = bpf_jump_number(p, BPF_JEQ, R5, 0);
    bpf_land(p, is_far);
    count_one(p, R0, offsetof(lane, duplicate));
    bpf_return(p, XDP_DROP);
    bpf_land(p, is_new);
    bpf_compute(p, BPF_OR, R3, R4);
    bpf_store(p, BPF_DW, R0, offsetof(lane, seen), R3);
    count_one(p, R0, offsetof(lane, taken));
    count_one(p, R0, offsetof(lane, reordered));
    bpf_return(p, XDP_DROP);
}

// Looks at every frame that comes out of the relay on one side: one of ours is judged, counted and dropped; all else goes on to the sockets.
static int load_taker(const frames *x, enum direction direction)
{
    bpf_program program = {.count = 0}, *p = &program;
    size_t mark = mark_at(direction == TO_CLIENT);
    int wrong[5], wrongs = 0;
    bpf_load(p, BPF_W, R6, R1, offsetof(struct xdp_md, data));
    bpf_load(p, BPF_W, R7, R1, offsetof(struct xdp_md, data_end));
    bpf_move(p, R4, R6);
    bpf_compute_number(p, BPF_ADD, R4, (int32_t)mark + MARK);
    int is_short = bpf_jump(p, BPF_JGT, R4, R7);
    bpf_load(p, BPF_W, R4, R6, mark);
    int not_ours = bpf_jump_number(p, BPF_JNE, R4, MAGIC);
    bpf_load(p, BPF_W, R4, R6, mark + AT_LANE);
    find_lane(p, x, R4);
    wrong[wrongs++] = bpf_jump_number(p, BPF_JEQ, R0, 0);
    bpf_compute(p, BPF_SUB, R7, R6);
    wrong[wrongs++] = bpf_jump_number(p, BPF_JNE, R7, (int32_t)(mark + x->options->payload));
    bpf_load(p, BPF_H, R4, R6, UDP_PORT_AT);
    bpf_load(p, BPF_H, R5, R0, offsetof(lane, port));
    wrong[wrongs++] = bpf_jump(p, BPF_JNE, R4, R5);
    if (direction == TO_CLIENT) {
        bpf_load(p, BPF_H, R4, R6, DATA_AT);
        bpf_load(p, BPF_H, R5, R0, offsetof(lane, channel));
        wrong[wrongs++] = bpf_jump(p, BPF_JNE, R4, R5);
    }
    bpf_load(p, BPF_DW, R4, R6, mark + AT_SEQUENCE);
    bpf_load(p, BPF_DW, R5, R6, mark + AT_COMPLEMENT);
    bpf_compute_number(p, BPF_XOR, R5, -1);
    wrong[wrongs++] = bpf_jump(p, BPF_JNE, R4, R5);
    judge_sequence(p);
    for (int i = 0; i < wrongs; i++)
        bpf_land(p, wrong[i]);
    bpf_entry_into(p, R1, x->pace_map);
    count_one(p, R1, offsetof(pace, wrong));
    bpf_return(p, XDP_DROP);
    bpf_land(p, is_short);
    bpf_land(p, not_ours);
    bpf_return(p, XDP_PASS);
    return bpf_load_xdp(p, direction == TO_CLIENT ? "load_at_client" : "load_at_peer");
}

static void open_side(frames *x, const side *where, enum direction enters, enum direction leaves)
{
    enter(where);
    unsigned interface = if_nametoindex(where->device);
    if (interface == 0)
        die("there is no %s", where->device);
    bpf_put(x->device_map, enters, interface);
    bpf_attach_xdp(load_taker(x, leaves), interface);
}

static void open_frames(frames *x, const load_options *options)
{
    memset(x, 0, sizeof *x);
    x->options = options;
    x->lane_count = 2 * options->allocations;
    traffic_open(&x->made, options);
    x->lane_map = bpf_make_map(BPF_MAP_TYPE_ARRAY, sizeof(lane), x->lane_count, BPF_F_MMAPABLE);
    x->pace_map = bpf_make_map(BPF_MAP_TYPE_ARRAY, sizeof(pace), 1, BPF_F_MMAPABLE);
    x->device_map = bpf_make_map(BPF_MAP_TYPE_DEVMAP, 4, 2, 0);
    x->lanes = share(x->lane_map, sizeof(lane) * x->lane_count);
    x->pace = share(x->pace_map, sizeof(pace));
    write_lanes(x);
    x->generator = load_generator(x);
    open_side(x, &client_side, TO_PEER, TO_CLIENT);
    open_side(x, &peer_side, TO_CLIENT, TO_PEER);
}

// The kernel makes frames all the time and the program drops those that are not due. Whatever else this core has to do goes first.
static void *generate(void *argument)
{
    frames *x = argument;
    uint8_t frame[DATA_AT + CHANNEL_HEADER + PAYLOAD_MAX] = {0};
    struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        die("sched_setscheduler: %s", strerror(errno));
    while (!x->stopping)
        bpf_run_live(x->generator, frame, DATA_AT + CHANNEL_HEADER + x->options->payload);
    return NULL;
}

static void wake(int signal) { (void)signal; }

typedef struct {
    uint64_t sent, taken, reordered, duplicate, wrong;
} tally;

static tally count(const frames *x)
{
    tally sum = {.wrong = __atomic_load_n(&x->pace->wrong, __ATOMIC_RELAXED)};
    for (unsigned i = 0; i < x->lane_count; i++) {
        sum.sent += __atomic_load_n(&x->lanes[i].sent, __ATOMIC_RELAXED);
        sum.taken += __atomic_load_n(&x->lanes[i].taken, __ATOMIC_RELAXED);
        sum.reordered += __atomic_load_n(&x->lanes[i].reordered, __ATOMIC_RELAXED);
        sum.duplicate += __atomic_load_n(&x->lanes[i].duplicate, __ATOMIC_RELAXED);
    }
    return sum;
}

static void run_window(frames *x, const load_window *window)
{
    tally before = count(x);
    pthread_t generator;
    x->pace->interval = window->rate == 0 ? 0 : (uint64_t)1000000000u * x->options->burst / window->rate;
    x->pace->due = now_ns();
    x->stopping = false;
    if (pthread_create(&generator, NULL, generate, x) != 0)
        die("no thread");
    sleep_seconds(window->warm_seconds);
    tally warm = count(x);
    uint64_t from = now_ns(), cpu = server_cpu_ns(x->options);
    sleep_seconds(window->seconds);
    tally measured = count(x);
    uint64_t wall = now_ns() - from;
    cpu = server_cpu_ns(x->options) - cpu;
    x->stopping = true;
    do { // until one comes while it is in the kernel
        pthread_kill(generator, SIGUSR1);
        sleep_seconds(0.001);
    } while (pthread_tryjoin_np(generator, NULL) != 0);
    sleep_seconds(0.1); // let the last ones come home
    tally after = count(x);
    printf("{\"sent\":%lu,\"delivered\":%lu,\"seconds\":%.6f,\"server_cpu_ns\":%lu,\"lost\":%ld,\"duplicate\":%lu,\"reordered\":%lu,\"wrong\":%lu}\n",
           measured.sent - warm.sent, measured.taken - warm.taken, (double)wall / 1e9, cpu,
           (long)(after.sent - before.sent) - (long)(after.taken - before.taken),
           after.duplicate - before.duplicate, after.reordered - before.reordered, after.wrong - before.wrong);
    fflush(stdout);
}

void run_frames(const load_options *options)
{
    frames x;
    load_window window;
    struct sigaction action = {.sa_handler = wake};
    sigaction(SIGUSR1, &action, NULL);
    step_aside();
    open_frames(&x, options);
    puts("{\"ready\":true}");
    fflush(stdout);
    while (next_window(&window)) {
        traffic_keep_alive_in_time(&x.made);
        run_window(&x, &window);
    }
    traffic_close(&x.made);
}
