// The contract's types as they lie in memory (the component model's canonical ABI), as far as a policy needs them. The
// names are those of ../wit/plugin.wit, which says what each means.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERSION "@0.1.1"
#define EXPORTED(name) __attribute__((export_name(name)))
#define IMPORTED(module, name) __attribute__((import_module(module), import_name(name)))

// UTF-8, without a zero at its end.
struct string {
  const char *bytes;
  uint32_t length;
};

struct option_string {
  bool is_some;
  struct string value;
};

struct list_string {
  const struct string *items;
  uint32_t length;
};

struct sim {
  struct string iccid_prefix;
  struct option_string iccid, imsi, home_network, service_provider_name, group_identifier;
};

struct network {
  struct option_string code;
  bool roaming;
  struct list_string technologies;
};

struct track_record {
  bool worked;
  uint32_t failures;
  struct string last_failure;
};

struct candidate {
  struct string name, apn, fits;
  struct {
    bool is_some, value;
  } roaming_allowed;
  struct track_record history;
};

struct question {
  struct string modem;
  struct list_string labels;
  struct sim sim;
  struct {
    bool is_some;
    struct network value;
  } network;
  struct {
    const struct candidate *items;
    uint32_t length;
  } candidates;
  uint32_t built_in;
  struct string config;
};

struct opinion {
  struct {
    bool is_some;
    uint32_t value;
  } choice;
  struct string reason;
};

// result<opinion, string>
struct answer {
  bool is_error;
  union {
    struct opinion opinion;
    struct string error;
  };
};

_Static_assert(offsetof(struct question, candidates) == 112 && sizeof(struct question) == 132, "wasm32 only");
_Static_assert(offsetof(struct candidate, history.failures) == 32 && sizeof(struct candidate) == 44, "wasm32 only");
_Static_assert(sizeof(struct answer) == 20, "wasm32 only");

enum severity { DEBUG, INFO, WARNING };

IMPORTED("wwan:plugin/host" VERSION, "log") void host_log(uint32_t severity, const char *bytes, uint32_t length);
