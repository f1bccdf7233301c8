// Holds something that node cannot request, until its input ends:
//   holder lease FILE   a write lease; says "asked" when another process opens the file, and gives it up at a line of input
//   holder huge BYTES   memory in huge pages; says the path of its descriptor
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void say(const char *text) {
  if (write(1, text, strlen(text)) < 0) exit(1);
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

static void asked(int signal) {
  (void)signal;
  say("\"asked\"\n");
}

static int readByte(void) {
  char byte;
  return read(0, &byte, 1) == 1;
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "lease") == 0) {
    struct sigaction action = {.sa_handler = asked, .sa_flags = SA_RESTART};
    sigaction(SIGIO, &action, NULL);
    const int file = open(arguments[2], O_RDWR);
    if (file < 0 || fcntl(file, F_SETLEASE, F_WRLCK) != 0) return fail("F_SETLEASE");
    say("\"held\"\n");
    if (readByte()) fcntl(file, F_SETLEASE, F_UNLCK);
  } else if (count == 3 && strcmp(arguments[1], "huge") == 0) {
    const int file = memfd_create("huge", MFD_HUGETLB);
    if (file < 0 || ftruncate(file, atoll(arguments[2])) != 0) return fail("MFD_HUGETLB");
    char path[64];
    snprintf(path, sizeof path, "\"/proc/%d/fd/%d\"\n", (int)getpid(), file);
    say(path);
  } else {
    return 2;
  }
  while (readByte()) {
  }
  return 0;
}
