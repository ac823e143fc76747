// A policy that knows networks, as plugins/prefer-rust is one, in C without any library: same configuration, same answers.
#include "plugin.h"

#define TEXT(literal) ((struct string){literal, sizeof(literal) - 1})

// What the host checks `config` against before this plugin is used: below it may be relied upon.
static const struct string SCHEMA = {
#define JSON(...) #__VA_ARGS__, sizeof(#__VA_ARGS__) - 1
    JSON({
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "by_network": {
          "description": "Names of service providers in order of preference, by the first digits of the network's code.",
          "type": "object",
          "propertyNames": { "pattern": "^[0-9]{3,6}$" },
          "additionalProperties": { "type": "array", "items": { "type": "string" } }
        },
        "give_up_after": {
          "description": "Failures in a row after which the next is tried.",
          "type": "integer", "minimum": 1, "maximum": 8
        }
      }
    })};

// Memory is only ever given out: an instance lives for one question.
extern char __heap_base;
static char *free_from = &__heap_base;

EXPORTED("cabi_realloc")
void *take(const void *old, uint32_t had, uint32_t align, uint32_t size) {
  (void)old, (void)had;
  uintptr_t at = ((uintptr_t)free_from + align - 1) & -(uintptr_t)align;
  uintptr_t has = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
  if (at + size > has && __builtin_wasm_memory_grow(0, (at + size - has + 0xffff) >> 16) == (size_t)-1) {
    __builtin_trap();
  }
  free_from = (char *)at + size;
  return (void *)at;
}

static struct string join(struct string a, struct string b, struct string c) {
  const struct string parts[] = {a, b, c};
  char *bytes = take(0, 0, 1, a.length + b.length + c.length);
  uint32_t length = 0;
  for (int part = 0; part < 3; part++) {
    for (uint32_t i = 0; i < parts[part].length; i++) {
      bytes[length++] = parts[part].bytes[i];
    }
  }
  return (struct string){bytes, length};
}

static bool begins_with(struct string text, struct string prefix) {
  for (uint32_t i = 0; i < prefix.length; i++) {
    if (i >= text.length || text.bytes[i] != prefix.bytes[i]) {
      return false;
    }
  }
  return true;
}

static bool same(struct string a, struct string b) { return a.length == b.length && begins_with(a, b); }

// Where in the configuration we are. It is JSON, because the host made it, and follows the schema, so its tokens tell what
// is what; `is_odd`: an escape that is not known here.
struct cursor {
  struct string rest;
  bool is_odd;
};

// Whether this is the next character, other than space, comma and colon; if so, it is taken.
static bool takes(struct cursor *at, char wanted) {
  while (at->rest.length > 0 && (*at->rest.bytes <= ' ' || *at->rest.bytes == ',' || *at->rest.bytes == ':')) {
    at->rest.bytes++, at->rest.length--;
  }
  if (at->rest.length == 0 || *at->rest.bytes != wanted) {
    return false;
  }
  at->rest.bytes++, at->rest.length--;
  return true;
}

// The text whose opening quotation mark was taken.
static struct string rest_of_text(struct cursor *at) {
  char *bytes = take(0, 0, 1, at->rest.length);
  uint32_t length = 0;
  while (at->rest.length > 0) {
    char next = *at->rest.bytes++;
    at->rest.length--;
    if (next == '"') {
      break;
    }
    if (next == '\\' && at->rest.length > 0) {
      next = *at->rest.bytes++;
      at->rest.length--;
      at->is_odd |= next != '"' && next != '\\' && next != '/';
    }
    bytes[length++] = next;
  }
  return (struct string){bytes, length};
}

struct config {
  // The longest code that the network's begins with; empty: none is listed.
  struct string code;
  struct string names[64];
  uint32_t length;
  uint32_t give_up_after;
};

static void read_by_network(struct cursor *at, struct string code, struct config *config) {
  takes(at, '{');
  while (takes(at, '"')) {
    struct string prefix = rest_of_text(at);
    bool is_better = prefix.length > config->code.length && begins_with(code, prefix);
    if (is_better) {
      config->code = prefix;
      config->length = 0;
    }
    takes(at, '[');
    while (takes(at, '"')) {
      struct string name = rest_of_text(at);
      if (is_better && config->length < sizeof(config->names) / sizeof(config->names[0])) {
        config->names[config->length++] = name;
      }
    }
    takes(at, ']');
  }
  takes(at, '}');
}

// Whether it could be read.
static bool read_config(struct string json, struct string code, struct config *config) {
  struct cursor at = {json, false};
  config->give_up_after = 2;
  takes(&at, '{');
  while (takes(&at, '"')) {
    if (same(rest_of_text(&at), TEXT("by_network"))) {
      read_by_network(&at, code, config);
      continue;
    }
    // The schema knows only one other: a number of one digit.
    for (char digit = '1'; digit <= '8'; digit++) {
      if (takes(&at, digit)) {
        config->give_up_after = (uint32_t)(digit - '0');
      }
    }
  }
  return takes(&at, '}') && !at.is_odd;
}

static struct answer *chosen(uint32_t index, struct string reason) {
  struct answer *answer = take(0, 0, 4, sizeof *answer);
  *answer = (struct answer){.opinion = {.choice = {true, index}, .reason = reason}};
  return answer;
}

// The candidate of this name, if it works; otherwise how many there are.
static uint32_t find(const struct question *question, struct string name, uint32_t give_up_after) {
  for (uint32_t i = 0; i < question->candidates.length; i++) {
    if (same(question->candidates.items[i].name, name)) {
      return question->candidates.items[i].history.failures < give_up_after ? i : question->candidates.length;
    }
  }
  return question->candidates.length;
}

EXPORTED("wwan:plugin/provider-policy" VERSION "#select-provider")
struct answer *select_provider(const struct question *question) {
  static struct config config;
  const struct option_string *known = &question->network.value.code;
  struct string code = question->network.is_some && known->is_some ? known->value : TEXT("");
  if (!read_config(question->config, code, &config)) {
    struct answer *answer = take(0, 0, 4, sizeof *answer);
    *answer = (struct answer){.is_error = true, .error = TEXT("its config has more in it than this plugin can read")};
    return answer;
  }
  uint32_t count = question->candidates.length;
  for (uint32_t i = 0; i < config.length; i++) {
    uint32_t best = find(question, config.names[i], config.give_up_after);
    if (best < count) {
      return chosen(best, join(TEXT("preferred in network "), config.code, TEXT("")));
    }
  }
  if (config.code.length > 0) {
    struct string line = join(TEXT("nothing that is preferred in network "), config.code, TEXT(" works"));
    host_log(INFO, line.bytes, line.length);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (question->candidates.items[i].history.failures < config.give_up_after) {
      struct string first = TEXT("nothing is wrong with the first");
      return chosen(i, i == 0 ? first : join(question->candidates.items[i - 1].name, TEXT(" fails"), TEXT("")));
    }
  }
  struct answer *answer = chosen(0, TEXT("every one of them fails"));
  answer->opinion.choice.is_some = false;
  return answer;
}

EXPORTED("wwan:plugin/settings" VERSION "#config-schema")
const struct string *config_schema(void) { return &SCHEMA; }
