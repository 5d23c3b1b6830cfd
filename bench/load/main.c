// The load generator: load relay|frames|binding|control|idle --server A.B.C.D:PORT [options], then commands on standard input.
// Clients and peers live on many loopback addresses, or with --clients FILE,ADDRESS[,DEVICE] and --peers FILE,ADDRESS[,DEVICE] in the
// network namespaces that these files stand for (/run/netns/NAME), all on one address each; "frames" needs the devices.
//   window WARM_SECONDS SECONDS RATE     answered by one line of JSON; RATE 0 = as fast as it goes
//   end                                  deletes all allocations
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "machine.h"
#include "traffic.h"

static const struct option names[] = {
    {"server", 1, 0, 's'},      {"username", 1, 0, 'u'},  {"password", 1, 0, 'p'},    {"tcp", 0, 0, 't'},
    {"process", 1, 0, 'P'},     {"core", 1, 0, 'c'},      {"allocations", 1, 0, 'n'}, {"payload", 1, 0, 'l'},
    {"burst", 1, 0, 'b'},       {"in-flight", 1, 0, 'f'}, {"direction", 1, 0, 'd'},   {"segment", 0, 0, 'g'},
    {"concurrency", 1, 0, 'y'}, {"clients", 1, 0, 'C'},   {"peers", 1, 0, 'E'},
    {"sleeps", 0, 0, 'S'},      {0}};

bool next_window(load_window *window)
{
    char line[128];
    if (fgets(line, sizeof line, stdin) == NULL || strncmp(line, "end", 3) == 0)
        return false;
    if (sscanf(line, "window %lf %lf %lu", &window->warm_seconds, &window->seconds, &window->rate) != 3)
        die("not a command: %s", line);
    return true;
}

static unsigned number(const char *text, const char *name, unsigned least, unsigned most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == 0 || *end != 0 || value < least || value > most)
        die("--%s takes a number from %u to %u", name, least, most);
    return (unsigned)value;
}

uint64_t server_cpu_ns(const load_options *options)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < options->server_process_count; i++)
        sum += process_cpu_ns(options->server_processes[i]);
    return sum;
}

static void add_process(load_options *options, const char *text)
{
    if (options->server_process_count == SERVER_PROCESSES_MAX)
        die("too many --process");
    options->server_processes[options->server_process_count++] = (pid_t)number(text, "process", 1, 1u << 30);
}

static void read_server(turn_server *server, char *text)
{
    char *colon = strchr(text, ':');
    if (colon == NULL)
        die("--server takes ADDRESS:PORT");
    *colon = 0;
    server->address.sin_family = AF_INET;
    server->address.sin_port = htons((uint16_t)number(colon + 1, "server", 1, 65535));
    if (inet_pton(AF_INET, text, &server->address.sin_addr) != 1)
        die("%s is not an IPv4 address", text);
}

static void read_direction(load_options *options, const char *text)
{
    options->to_peer = strcmp(text, "to-client") != 0;
    options->to_client = strcmp(text, "to-peer") != 0;
    if (options->to_peer && options->to_client && strcmp(text, "both") != 0)
        die("--direction takes both, to-peer or to-client");
}

static void read_options(load_options *options, int argc, char **argv)
{
    for (int option, index = 0; (option = getopt_long(argc, argv, "", names, &index)) != -1;)
        switch (option) {
        case 's': read_server(&options->server, optarg); break;
        case 'u': options->server.username = optarg; break;
        case 'p': options->server.password = optarg; break;
        case 't': options->server.tcp = true; break;
        case 'P': add_process(options, optarg); break;
        case 'C': set_side(&client_side, optarg); break;
        case 'E': set_side(&peer_side, optarg); break;
        case 'c': options->core = (int)number(optarg, "core", 0, 1023); break;
        case 'n': options->allocations = number(optarg, "allocations", 1, 18000); break;
        case 'l': options->payload = number(optarg, "payload", PAYLOAD_MIN, PAYLOAD_MAX); break;
        case 'b': options->burst = number(optarg, "burst", 1, BURST_MAX); break;
        case 'f': options->in_flight = number(optarg, "in-flight", 1, 100000); break;
        case 'd': read_direction(options, optarg); break;
        case 'g': options->segment = true; break;
        case 'y': options->concurrency = number(optarg, "concurrency", 1, 10000); break;
        case 'S': options->sleeps = true; break;
        default: exit(2);
        }
}

int main(int argc, char **argv)
{
    load_options options = {.core = -1, .allocations = 100, .payload = 160, .burst = 1, .concurrency = 32,
                            .in_flight = 128, .to_peer = true, .to_client = true};
    if (argc < 2)
        die("usage: load relay|frames|binding|control|idle --server ADDRESS:PORT ...");
    read_options(&options, argc - 1, argv + 1);
    options.idle = strcmp(argv[1], "idle") == 0;
    if (options.server.address.sin_port == 0)
        die("--server is missing");
    if (options.core >= 0)
        pin_to_core(options.core);
    shorten_slice();
    if (strcmp(argv[1], "relay") == 0)
        run_relay(&options);
    else if (strcmp(argv[1], "frames") == 0)
        run_frames(&options);
    else if (strcmp(argv[1], "binding") == 0)
        run_binding(&options);
    else if (strcmp(argv[1], "control") == 0)
        run_control(&options);
    else if (options.idle)
        run_idle(&options);
    else
        die("no workload is called %s", argv[1]);
    puts("{\"ended\":true}");
    return 0;
}
