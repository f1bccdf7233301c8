// An addon that handles SIGBUS and SIGSEGV in its own ways, and makes invalid accesses. Built
// without Node's headers: what it needs of Node-API is declared here.
#define _GNU_SOURCE
#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef void *Value;
int napi_create_function(void *env, const char *name, size_t length, Value (*call)(void *, void *), void *data,
                         Value *result);
int napi_set_named_property(void *env, Value object, const char *name, Value value);
int napi_get_cb_info(void *env, void *info, size_t *count, Value *values, Value *self, void **data);
int napi_get_value_double(void *env, Value value, double *result);
int napi_create_double(void *env, double number, Value *result);

static volatile uint8_t *at(double address) { return (volatile uint8_t *)(uintptr_t)address; }
static size_t pageSize(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// --- handlers ---

// What a handler does after it has reported; helpers/foreign.ts knows the numbers.
enum Way { END, CHAIN, RECOVER, JUMP, RETURN };

struct Own {
  int name;
  enum Way way;
  struct sigaction found;
};
static struct Own owned[65];
static int isQuiet;
static int calls;
static __thread sigjmp_buf back;

static void end(int signal, const siginfo_t *info) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
  if (info->si_code <= 0) raise(signal);
}

static void report(int signal, const siginfo_t *info) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  stack_t stack;
  sigaltstack(NULL, &stack);
  const void *address = info->si_code > 0 ? info->si_addr : NULL;
  char line[200];
  const int length = snprintf(
      line, sizeof line, "{\"by\":\"%c\",\"signal\":%d,\"code\":%d,\"address\":\"%p\",\"blocks\":[%d,%d]%s}\n",
      owned[signal].name, signal, info->si_code, address, sigismember(&blocked, signal),
      sigismember(&blocked, SIGUSR1), (stack.ss_flags & SS_ONSTACK) ? ",\"apart\":true" : "");
  if (write(1, line, (size_t)length) != length) _exit(99);
}

static void handle(int signal, siginfo_t *info, void *context) {
  struct Own *own = &owned[signal];
  ++calls;
  if (!isQuiet) report(signal, info);
  switch (own->way) {
    case END: end(signal, info); break;
    case CHAIN:
      if (own->found.sa_flags & SA_SIGINFO) own->found.sa_sigaction(signal, info, context);
      else if (own->found.sa_handler == SIG_DFL) end(signal, info);
      else if (own->found.sa_handler != SIG_IGN) own->found.sa_handler(signal);
      break;
    case RECOVER:
      mmap((void *)((uintptr_t)info->si_addr & ~(pageSize() - 1)), pageSize(), PROT_READ | PROT_WRITE,
           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      break;
    case JUMP: siglongjmp(back, 1);
    case RETURN: break;
  }
}

/** (signal, name, way, flags): SIGUSR1 is blocked, too, while it runs. */
static double install(const double *args) {
  const int signal = (int)args[0];
  owned[signal].name = (int)args[1];
  owned[signal].way = (enum Way)(int)args[2];
  struct sigaction action = {.sa_flags = SA_SIGINFO | (int)(unsigned)args[3]};
  action.sa_sigaction = handle;
  sigaddset(&action.sa_mask, SIGUSR1);
  return sigaction(signal, &action, &owned[signal].found);
}

/** (signal, way): what an installed handler does from now on. */
static double setWay(const double *args) { return owned[(int)args[0]].way = (enum Way)(int)args[1]; }

/** Restores what install() found. */
static double restore(const double *args) { return sigaction((int)args[0], &owned[(int)args[0]].found, NULL); }

static double ignore(const double *args) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  return sigaction((int)args[0], &action, NULL);
}

/** The handler of a signal that is currently installed. */
static double handlerOf(const double *args) {
  struct sigaction action;
  sigaction((int)args[0], NULL, &action);
  return (double)(uintptr_t)action.sa_handler;
}

static double setQuiet(const double *args) { return isQuiet = (int)args[0]; }
static double callsSoFar(const double *args) { return (void)args, calls; }

// --- memory and invalid accesses ---

/** (address, protection): an anonymous page. */
static double mapPage(const double *args) {
  return mmap((void *)at(args[0]), pageSize(), (int)args[1], MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                 at(args[0])
             ? args[0]
             : -1;
}

/** (address): a page of a file that has been truncated. */
static double mapLost(const double *args) {
  const int file = memfd_create("foreign", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, (off_t)pageSize()) != 0) return -1;
  void *page =
      mmap((void *)at(args[0]), pageSize(), PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE | MAP_SHARED, file, 0);
  const int error = ftruncate(file, 0);
  close(file);
  return page == at(args[0]) && error == 0 ? args[0] : -1;
}

static double unmapPage(const double *args) { return munmap((void *)at(args[0]), pageSize()); }
static double readByte(const double *args) { return *at(args[0]); }
static double writeByte(const double *args) { return *at(args[0]) = (uint8_t)args[1]; }
static double jump(const double *args) { return ((int (*)(void))at(args[0]))(); }
static double readErrno(const double *args) {
  errno = 123;
  const uint8_t byte = *at(args[0]);
  return byte == 0 ? errno : -1;
}
static double writeErrno(const double *args) {
  errno = 123;
  *at(args[0]) = 1;
  return errno;
}

/** (address, depth): -1 if a handler jumped away from the read, with so many kilobytes on the stack. */
__attribute__((noinline)) static double tryRead(const double *args) {
  volatile char *deep = alloca((size_t)args[1] * 1024 + 1);
  deep[0] = 0;
  if (sigsetjmp(back, 1)) return -1;
  return *at(args[0]);
}

struct Task {
  const double *args;
  char *lowest;
  double result;
};

/** Reads where the stack has no room left for a signal frame. */
static void *readOnFullStack(void *argument) {
  struct Task *task = argument;
  char *other = NULL;
  if (task->args[1]) {
    const size_t size = (size_t)sysconf(_SC_SIGSTKSZ);
    stack_t stack = {.ss_size = size};
    other = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_sp = other;
    if (other == MAP_FAILED || sigaltstack(&stack, NULL) != 0) return NULL;
  }
  char here;
  volatile char *rest = alloca((size_t)(&here - task->lowest) - 512);
  rest[0] = 0;
  task->result = *at(task->args[0]);
  return NULL;
}

/** (address, hasOtherStack): what a thread with a full stack reads there. */
static double readInFullThread(const double *args) {
  const size_t size = 256 * 1024, guard = 64 * 1024;
  char *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + guard, size - guard, PROT_READ | PROT_WRITE) != 0) return -1;
  struct Task task = {args, memory + guard, -1};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_t thread;
  if (pthread_attr_setstack(&attributes, memory + guard, size - guard) != 0) return -2;
  if (pthread_create(&thread, &attributes, readOnFullStack, &task) != 0) return -3;
  pthread_join(thread, NULL);
  return task.result;
}

// --- for JavaScript: functions of up to four numbers that return one ---

typedef double (*Function)(const double *);

static Value callFunction(void *env, void *info) {
  size_t count = 4;
  Value values[4];
  void *function;
  double args[4] = {0};
  napi_get_cb_info(env, info, &count, values, NULL, &function);
  for (size_t i = 0; i < count && i < 4; ++i) napi_get_value_double(env, values[i], &args[i]);
  Value result;
  napi_create_double(env, ((Function)function)(args), &result);
  return result;
}

void *napi_register_module_v1(void *env, void *exports) {
  static const struct {
    const char *name;
    Function call;
  } functions[] = {
      {"install", install},       {"restore", restore},       {"ignore", ignore},
      {"handlerOf", handlerOf},   {"setQuiet", setQuiet},     {"calls", callsSoFar},
      {"mapPage", mapPage},       {"mapLost", mapLost},       {"unmapPage", unmapPage},
      {"read", readByte},         {"write", writeByte},       {"jump", jump},
      {"readErrno", readErrno},   {"writeErrno", writeErrno}, {"tryRead", tryRead},
      {"readInFullThread", readInFullThread}, {"setWay", setWay},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    Value function;
    napi_create_function(env, functions[i].name, strlen(functions[i].name), callFunction, (void *)functions[i].call,
                         &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
