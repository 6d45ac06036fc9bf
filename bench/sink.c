/*
 * A counting SMTP sink: takes everything as fast as it can, keeps nothing, and counts each (message identity, recipient)
 * pair, so that a lost or doubled delivery shows. The identity is the Message-Id; without one, a hash of the header.
 *
 *   sink [options]            prints "listening PORT" first, then one JSON line for each SIGUSR1, and one at its end
 *     --port N                port (default: any free one)
 *     --host ADDRESS          IPv4 address (default: 127.0.0.1)
 *     --chunking              offers CHUNKING (BDAT)
 *     --no-pipelining, --no-8bitmime
 *     --delay MS              answers each end of data so much later
 *     --refuse COMMAND:CODE:N answers every Nth `mail`, `rcpt`, `data` or `end` with CODE (4yz, 5yz)
 *     --pairs FILE            writes "identity<TAB>recipient" of each delivery at its end, and at each SIGUSR1 before the line
 *
 * One thread, epoll. A connection is in one of three states: COMMAND, DATA (until CRLF.CRLF), CHUNK (BDAT octets).
 * Any segmentation is understood: what is incomplete at the end of a read is kept in `line`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 4096, HEADER = 16384, READ = 512 * 1024 };
enum State { COMMAND, DATA, CHUNK };

struct connection {
  int fd;
  enum State state;
  int closing, writing, last, refused;
  /* An incomplete command line; in DATA the last octets seen, at most 4 of a possible CRLF.CRLF. */
  char line[LINE];
  int line_length;
  /* The header so far, until its end or until it is full. */
  char header[HEADER];
  int header_length, header_done;
  /* Recipients of this transaction, each ended by NUL. */
  char *recipients;
  size_t recipients_length, recipients_room;
  int recipient_count;
  uint64_t chunk_left, octets;
  char *out;
  size_t out_length, out_room;
  /* While a delayed answer is due, nothing more is read from here. */
  int64_t due;
  char *held;
  size_t held_length;
  struct connection *next_due;
};

static struct { uint64_t *hashes; uint32_t *counts; size_t room, used; } pairs;
static struct { uint64_t messages, recipients, octets, connections, duplicates, refused, open; double first_at, last_at; } total;
static int pipelining = 1, eight_bit = 1, chunking, delay_ms;
static char refuse_command[8];
static int refuse_code, refuse_every;
static uint64_t refuse_seen;
static FILE *pair_file;
static int epoll_fd;
static struct connection *due_first, *due_last;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int64_t steady_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *grow(void *memory, size_t size) {
  void *next = realloc(memory, size);
  if (!next) { fputs("sink: out of memory\n", stderr); exit(1); }
  return next;
}

/* FNV-1a, 64 bits, with a final mix: 10^7 pairs collide with a chance of about 10^-6. */
static uint64_t hash(uint64_t h, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 0x100000001b3ull;
  return h;
}

static void count_pair(uint64_t h) {
  h ^= h >> 32; h *= 0xd6e8feb86659fd93ull; h ^= h >> 32;
  if (h == 0) h = 1;
  if (pairs.used * 2 >= pairs.room) {
    size_t room = pairs.room ? pairs.room * 2 : 1 << 16;
    uint64_t *hashes = calloc(room, sizeof *hashes);
    uint32_t *counts = calloc(room, sizeof *counts);
    if (!hashes || !counts) exit(1);
    for (size_t i = 0; i < pairs.room; i++) if (pairs.hashes[i]) {
      size_t at = pairs.hashes[i] & (room - 1);
      while (hashes[at]) at = (at + 1) & (room - 1);
      hashes[at] = pairs.hashes[i]; counts[at] = pairs.counts[i];
    }
    free(pairs.hashes); free(pairs.counts);
    pairs.hashes = hashes; pairs.counts = counts; pairs.room = room;
  }
  size_t at = h & (pairs.room - 1);
  while (pairs.hashes[at] && pairs.hashes[at] != h) at = (at + 1) & (pairs.room - 1);
  if (pairs.hashes[at]) total.duplicates++;
  else { pairs.hashes[at] = h; pairs.used++; }
  pairs.counts[at]++;
}

static void say(struct connection *c, const char *text) {
  size_t length = strlen(text);
  if (c->out_length + length > c->out_room) c->out = grow(c->out, c->out_room = (c->out_length + length) * 2 + 256);
  memcpy(c->out + c->out_length, text, length);
  c->out_length += length;
}

static void watch(struct connection *c) {
  struct epoll_event event = { .events = (c->due ? 0 : EPOLLIN) | (c->writing ? EPOLLOUT : 0), .data.ptr = c };
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Gives 0 when the connection is gone. */
static int flush(struct connection *c) {
  size_t sent = 0;
  while (sent < c->out_length) {
    ssize_t n = send(c->fd, c->out + sent, c->out_length - sent, MSG_NOSIGNAL);
    if (n > 0) sent += n;
    else if (n < 0 && errno == EINTR) continue;
    else if (n < 0 && errno == EAGAIN) break;
    else return 0;
  }
  memmove(c->out, c->out + sent, c->out_length - sent);
  c->out_length -= sent;
  int writing = c->out_length > 0;
  if (writing != c->writing) { c->writing = writing; watch(c); }
  return !(c->closing && !writing);
}

static void drop(struct connection *c) {
  struct connection **at = &due_first, *previous = NULL;
  for (; c->due && *at; previous = *at, at = &(*at)->next_due) if (*at == c) {
    *at = c->next_due;
    if (due_last == c) due_last = previous;
    break;
  }
  close(c->fd);
  total.open--;
  free(c->recipients); free(c->out); free(c->held); free(c);
}

static void reset(struct connection *c) {
  c->recipients_length = 0; c->recipient_count = 0;
  c->header_length = 0; c->header_done = 0; c->octets = 0; c->refused = 0;
}

/* True when this command is one to be refused; the reply is said. */
static int refused(struct connection *c, const char *command) {
  char text[64];
  if (refuse_every == 0 || strcmp(refuse_command, command) != 0 || ++refuse_seen % refuse_every != 0) return 0;
  snprintf(text, sizeof text, "%d %d.7.1 refused on purpose\r\n", refuse_code, refuse_code / 100);
  say(c, text);
  total.refused++;
  return 1;
}

static void keep_header(struct connection *c, const char *data, size_t length) {
  if (c->header_done) return;
  size_t room = HEADER - c->header_length, take = length < room ? length : room;
  int from = c->header_length > 3 ? c->header_length - 3 : 0;
  memcpy(c->header + c->header_length, data, take);
  c->header_length += take;
  char *end = memmem(c->header + from, c->header_length - from, "\r\n\r\n", 4);
  if (end) { c->header_length = end - c->header + 2; c->header_done = 1; }
  else if (c->header_length == HEADER) c->header_done = 1;
}

/* The Message-Id's value without blanks around it; the whole header when there is none. */
static void identity(struct connection *c, const char **text, size_t *length) {
  const char *at = c->header, *end = c->header + c->header_length;
  *text = at; *length = c->header_length;
  while (at < end) {
    const char *eol = memchr(at, '\n', end - at);
    if (!eol) eol = end;
    if (eol - at > 11 && strncasecmp(at, "Message-Id:", 11) == 0) {
      at += 11;
      while (at < eol && isspace((unsigned char)*at)) at++;
      while (eol > at && isspace((unsigned char)eol[-1])) eol--;
      if (eol > at) { *text = at; *length = eol - at; return; }
    }
    at = eol + 1;
  }
}

/* A whole message has arrived. */
static void delivered(struct connection *c) {
  char text[64];
  const char *id;
  size_t length;
  if (refused(c, "end")) { reset(c); return; }
  identity(c, &id, &length);
  uint64_t h = hash(0xcbf29ce484222325ull, id, length);
  for (const char *r = c->recipients, *end = r + c->recipients_length; r < end; r += strlen(r) + 1) {
    count_pair(hash(h * 31 + 7, r, strlen(r)));
    if (pair_file) fprintf(pair_file, "%.*s\t%s\n", (int)length, id, r);
  }
  total.messages++;
  total.recipients += c->recipient_count;
  total.octets += c->octets;
  total.last_at = now_ms();
  snprintf(text, sizeof text, "250 2.0.0 ok %llu\r\n", (unsigned long long)total.messages);
  say(c, text);
  reset(c);
  if (delay_ms > 0) {
    c->due = steady_ms() + delay_ms;
    c->next_due = NULL;
    if (due_last) due_last->next_due = c; else due_first = c;
    due_last = c;
  }
}

static void command(struct connection *c, char *line, size_t length) {
  while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n')) length--;
  line[length] = 0;
  if (strncasecmp(line, "RCPT TO:", 8) == 0) {
    if (refused(c, "rcpt")) return;
    char *from = strchr(line, '<'), *to = strchr(line, '>');
    if (!from || !to || to < from) { say(c, "501 5.1.3 no path\r\n"); return; }
    size_t size = to - from;
    if (c->recipients_length + size > c->recipients_room)
      c->recipients = grow(c->recipients, c->recipients_room = (c->recipients_length + size) * 2 + 256);
    memcpy(c->recipients + c->recipients_length, from + 1, size - 1);
    c->recipients[c->recipients_length + size - 1] = 0;
    c->recipients_length += size;
    c->recipient_count++;
    say(c, "250 2.1.5 ok\r\n");
  } else if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
    reset(c);
    if (refused(c, "mail")) { c->refused = 1; return; }
    say(c, "250 2.1.0 ok\r\n");
  } else if (strcasecmp(line, "DATA") == 0) {
    if (c->recipient_count == 0) { say(c, "554 5.5.1 no valid recipients\r\n"); return; }
    if (refused(c, "data")) { reset(c); return; }
    say(c, "354 go on\r\n");
    c->state = DATA;
    /* The CRLF that ended DATA is the first half of a CRLF.CRLF when the message is empty (RFC 5321 section 4.1.1.4). */
    memcpy(c->line, "\r\n", 2);
    c->line_length = 2;
  } else if (strncasecmp(line, "BDAT ", 5) == 0 && chunking) {
    char *rest;
    c->chunk_left = strtoull(line + 5, &rest, 10);
    c->last = strcasecmp(rest, " LAST") == 0;
    c->state = CHUNK;
  } else if (strncasecmp(line, "EHLO", 4) == 0) {
    reset(c);
    say(c, "250-sink.test\r\n");
    if (pipelining) say(c, "250-PIPELINING\r\n");
    if (eight_bit) say(c, "250-8BITMIME\r\n");
    if (chunking) say(c, "250-CHUNKING\r\n");
    say(c, "250-ENHANCEDSTATUSCODES\r\n250 SIZE\r\n");
  } else if (strncasecmp(line, "HELO", 4) == 0) {
    reset(c);
    say(c, "250 sink.test\r\n");
  } else if (strcasecmp(line, "RSET") == 0) {
    reset(c);
    say(c, "250 2.0.0 ok\r\n");
  } else if (strncasecmp(line, "NOOP", 4) == 0) {
    say(c, "250 2.0.0 ok\r\n");
  } else if (strcasecmp(line, "QUIT") == 0) {
    say(c, "221 2.0.0 bye\r\n");
    c->closing = 1;
  } else {
    say(c, "500 5.5.1 unknown command\r\n");
  }
}

/* Takes octets of a message; gives how many belong to it. The end may lie across two reads. */
static size_t data(struct connection *c, char *at, size_t length) {
  char seam[8];
  int before = c->line_length;
  size_t ahead = length < 4 ? length : 4;
  memcpy(seam, c->line, before);
  memcpy(seam + before, at, ahead);
  char *end = memmem(seam, before + ahead, "\r\n.\r\n", 5);
  size_t used = length;
  if (end) used = end + 5 - seam - before;
  else if ((end = memmem(at, length, "\r\n.\r\n", 5))) used = end + 5 - at;
  keep_header(c, at, used);
  c->octets += used;
  if (end) {
    c->octets -= c->octets < 3 ? c->octets : 3;
    c->state = COMMAND;
    c->line_length = 0;
    delivered(c);
    return used;
  }
  if (length >= 4) { memcpy(c->line, at + length - 4, 4); c->line_length = 4; return used; }
  int keep = before + (int)ahead > 4 ? 4 : before + (int)ahead;
  memcpy(c->line, seam + before + ahead - keep, keep);
  c->line_length = keep;
  return used;
}

static size_t chunk(struct connection *c, char *at, size_t length) {
  size_t used = length < c->chunk_left ? length : c->chunk_left;
  keep_header(c, at, used);
  c->octets += used;
  c->chunk_left -= used;
  if (c->chunk_left == 0) {
    c->state = COMMAND;
    if (c->recipient_count == 0) say(c, "554 5.5.1 no valid recipients\r\n");
    else if (c->last) delivered(c);
    else say(c, "250 2.0.0 ok\r\n");
  }
  return used;
}

static void take(struct connection *c, char *at, size_t length) {
  while (!c->closing && !c->due) {
    if (c->state == CHUNK) {
      size_t used = chunk(c, at, length);
      at += used; length -= used;
      if (c->state == CHUNK) return;
      continue;
    }
    if (length == 0) return;
    if (c->state == DATA) {
      size_t used = data(c, at, length);
      at += used; length -= used;
      continue;
    }
    char *eol = memchr(at, '\n', length);
    size_t piece = eol ? (size_t)(eol - at + 1) : length;
    if (c->line_length + piece >= LINE) { say(c, "500 5.5.2 line too long\r\n"); c->closing = 1; return; }
    memcpy(c->line + c->line_length, at, piece);
    c->line_length += piece;
    at += piece; length -= piece;
    if (!eol) return;
    size_t whole = c->line_length;
    c->line_length = 0;
    command(c, c->line, whole);
  }
  if (c->due && length > 0) {
    c->held = grow(NULL, length);
    memcpy(c->held, at, length);
    c->held_length = length;
  }
}

static void report(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  if (pair_file) fflush(pair_file);
  printf("{\"messages\":%llu,\"recipients\":%llu,\"unique\":%zu,\"duplicates\":%llu,\"octets\":%llu,\"connections\":%llu,"
         "\"open\":%llu,\"refused\":%llu,\"firstAt\":%.3f,\"lastAt\":%.3f,\"cpuSeconds\":%.3f}\n",
         (unsigned long long)total.messages, (unsigned long long)total.recipients, pairs.used,
         (unsigned long long)total.duplicates, (unsigned long long)total.octets, (unsigned long long)total.connections,
         (unsigned long long)total.open, (unsigned long long)total.refused, total.first_at, total.last_at, cpu);
  fflush(stdout);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
    if (fd < 0) return;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) exit(1);
    c->fd = fd;
    if (total.connections++ == 0) total.first_at = now_ms();
    total.open++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    say(c, "220 sink.test ESMTP\r\n");
    if (!flush(c)) drop(c);
  }
}

static void serve(struct connection *c, uint32_t events, char *buffer) {
  if (events & EPOLLIN && !c->due) {
    ssize_t n = recv(c->fd, buffer, READ, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) { drop(c); return; }
    if (n > 0) take(c, buffer, n);
    if (c->due) { watch(c); return; }
  } else if (events & (EPOLLERR | EPOLLHUP)) { drop(c); return; }
  if (!flush(c)) drop(c);
}

static void answer_due(void) {
  int64_t now = steady_ms();
  while (due_first && due_first->due <= now) {
    struct connection *c = due_first;
    due_first = c->next_due;
    if (!due_first) due_last = NULL;
    c->due = 0;
    char *held = c->held;
    size_t length = c->held_length;
    c->held = NULL; c->held_length = 0;
    if (length > 0) take(c, held, length);
    free(held);
    watch(c);
    if (!flush(c)) drop(c);
  }
}

static void options(int count, char **list, struct sockaddr_in *address) {
  for (int i = 1; i < count; i++) {
    const char *value = i + 1 < count ? list[i + 1] : "";
    if (strcmp(list[i], "--chunking") == 0) { chunking = 1; continue; }
    if (strcmp(list[i], "--no-pipelining") == 0) { pipelining = 0; continue; }
    if (strcmp(list[i], "--no-8bitmime") == 0) { eight_bit = 0; continue; }
    i++;
    if (strcmp(list[i - 1], "--port") == 0) address->sin_port = htons(atoi(value));
    else if (strcmp(list[i - 1], "--host") == 0 && inet_pton(AF_INET, value, &address->sin_addr) == 1) continue;
    else if (strcmp(list[i - 1], "--delay") == 0) delay_ms = atoi(value);
    else if (strcmp(list[i - 1], "--pairs") == 0) {
      pair_file = fopen(value, "we");
      if (!pair_file) { perror(value); exit(1); }
    } else if (strcmp(list[i - 1], "--refuse") == 0 &&
               sscanf(value, "%7[a-z]:%d:%d", refuse_command, &refuse_code, &refuse_every) == 3) continue;
    else { fprintf(stderr, "sink: unknown option %s %s\n", list[i - 1], value); exit(1); }
  }
}

int main(int count, char **list) {
  int one = 1;
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  options(count, list, &address);
  /* A measurement that fails must not leave its sink behind. */
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof address;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) { perror("sink"); return 1; }
  getsockname(listener, (struct sockaddr *)&address, &size);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1); sigaddset(&signals, SIGTERM); sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  int signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event on_listener = { .events = EPOLLIN, .data.ptr = &listener }, on_signal = { .events = EPOLLIN, .data.ptr = &signal_fd };
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &on_listener);
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, signal_fd, &on_signal);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);

  static char buffer[READ];
  static struct epoll_event ready[256];
  for (;;) {
    int64_t wait = due_first ? due_first->due - steady_ms() : -1;
    int n = epoll_wait(epoll_fd, ready, 256, due_first && wait < 0 ? 0 : (int)wait);
    /* Signals last: what was read before one is in its report. */
    int signalled = 0;
    for (int i = 0; i < n; i++) {
      if (ready[i].data.ptr == &listener) accept_all(listener);
      else if (ready[i].data.ptr == &signal_fd) signalled = 1;
      else serve(ready[i].data.ptr, ready[i].events, buffer);
    }
    answer_due();
    struct signalfd_siginfo info;
    while (signalled && read(signal_fd, &info, sizeof info) == sizeof info) {
      report();
      if (info.ssi_signo != SIGUSR1) return 0;
    }
  }
}
