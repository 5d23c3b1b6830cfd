// Clocks, pinning and the scheduler's accounting of the process under test.
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

uint64_t now_ns(void); // CLOCK_MONOTONIC

// CPU time in ns of all threads of a process, ended ones included: user, system, and the softirq work that
// the kernel does on its back. It is the scheduler's run time, the same numbers as /proc/PID/task/*/schedstat.
uint64_t process_cpu_ns(pid_t process);

void pin_to_core(int core);
void sleep_seconds(double seconds);
void step_aside(void); // this process, with all its threads, goes behind every other; the kernel's threads are in no session
void shorten_slice(void); // let in soon after each wake-up, ahead of what computes beside it: this process measures latency
void raise_file_limit(unsigned count); // ends the program when the system does not allow as many
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
