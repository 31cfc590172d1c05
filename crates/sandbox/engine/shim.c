// The guest's side of the sandbox: QuickJS-NG with one exit, the imports below.
//
// Two kinds of instance are made from this program. In the first, `base_init` builds the JavaScript world and runs
// prelude.js, and `image_build` evaluates an app's modules and activates it; the host then keeps the memory. In the
// second the host puts that memory back and calls `run` once. Nothing else is ever called.
//
// The program trusts nobody with the host: whatever it hands out is checked again on the other side. It protects the
// app from itself where that is cheap, and the prelude's private functions from the app.

#include "quickjs.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("oikos"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

// What `wait` and the other imports announce is fetched with `take` into a buffer of the announced length.
IMPORT("take") void host_take(void *to);
// Length of a module's source, or -1. Only while an image is built.
IMPORT("module_load") int32_t host_module_load(const char *path, size_t path_len);
IMPORT("exported") void host_exported(const char *name, size_t name_len);
// Begins a host call: its number, or minus the length of an error as JSON.
IMPORT("start")
int32_t host_start(const char *name, size_t name_len, const char *arguments, size_t arguments_len, const void *body,
                   size_t body_len);
IMPORT("cancel") void host_cancel(int32_t operation);
// Suspends until a host call has ended. 0 if none is under way (with `effects_only`: none but timers).
struct ended {
    int32_t operation;
    int32_t kind;
    int32_t length;
};
enum { KIND_ERROR = 0, KIND_JSON = 1, KIND_BYTES = 2 };
IMPORT("wait") int32_t host_wait(struct ended *ended, int32_t effects_only);
// Pieces for the run's stream. May suspend. 0, or minus the length of an error as JSON.
IMPORT("text") int32_t host_text(const char *text, size_t text_len);
IMPORT("data")
int32_t host_data(const char *topic, size_t topic_len, const char *payload, size_t payload_len, const char *renderer,
                  size_t renderer_len);
IMPORT("log") void host_log(int32_t level, const char *text, size_t text_len);
IMPORT("random") void host_random(void *to, size_t length);
IMPORT("env") int32_t host_env(void);
// The result of a run. An absent part is a null pointer.
IMPORT("done")
void host_done(const char *data, size_t data_len, const char *summary, size_t summary_len, const char *renderer,
               size_t renderer_len);
IMPORT("fail")
void host_fail(const char *code, size_t code_len, const char *message, size_t message_len, const char *stack,
               size_t stack_len);

// Three quarters of the C stack: the rest is for functions that do not look.
#define STACK_LIMIT (STACK_SIZE / 4 * 3)
// No run should pay for a collection of the heap that its image brought along.
#define GC_THRESHOLD (8u << 20)
// What a failure may use beyond the bound, to be told at all.
#define FAILURE_BYTES (256u << 10)
// Rejections nobody handled that are kept to be told about; more than a handful are one mistake in a loop.
#define UNHANDLED_MAX 8

static JSRuntime *runtime;
static JSContext *context;
// Functions of prelude.js that only this program calls.
static JSValue prelude_phase, prelude_activate, prelude_collect, prelude_step, prelude_settle, prelude_uncaught,
    prelude_unhandled;
// What each action gets as its last argument.
static JSValue prelude_ctx;
// The functions that the entry module exports, by name; without a prototype.
static JSValue actions;
static JSAtom atom_then, atom_next, atom_async_iterator, atom_data, atom_summary, atom_renderer;
// Whether the run has begun any host call.
static bool operations_begun;
// Set once `done` or `fail` has been called; only the first counts.
static int32_t finished;
// While modules may still be loaded.
static int32_t loading;
static uint64_t random_state[2];
static JSValue unhandled_promise[UNHANDLED_MAX], unhandled_reason[UNHANDLED_MAX];
static int32_t unhandled_count;

// ---- memory: counted here, because QuickJS does not say when its own count said no ----

// Bytes that JavaScript has and may have.
static size_t memory_used, memory_limit = SIZE_MAX;
// Whether what is freed becomes zeros. While an image is made: it is copied for each run, and zeros are not.
static bool memory_scrubs = true;
// Whether more was ever asked for. An exception that found no room to be made is a bare null.
static bool memory_refused;

static bool memory_take(size_t more, size_t less) {
    if (more > memory_limit || memory_used - less > memory_limit - more) {
        memory_refused = true;
        return false;
    }
    return true;
}

static void *memory_count(void *block, size_t less) {
    if (block) memory_used += malloc_usable_size(block) - less;
    else memory_refused = true;
    return block;
}

static void *memory_malloc(void *opaque, size_t size) {
    return memory_take(size, 0) ? memory_count(malloc(size), 0) : NULL;
}

static void *memory_calloc(void *opaque, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return memory_take(bytes, 0) ? memory_count(calloc(1, bytes), 0) : NULL;
}

static void memory_free(void *opaque, void *block) {
    if (!block) return;
    size_t size = malloc_usable_size(block);
    memory_used -= size;
    if (memory_scrubs) memset(block, 0, size);
    free(block);
}

static void *memory_realloc(void *opaque, void *block, size_t size) {
    if (!block) return memory_malloc(opaque, size);
    if (!size) {
        memory_free(opaque, block);
        return NULL;
    }
    size_t before = malloc_usable_size(block);
    if (memory_scrubs) {
        void *moved = memory_malloc(opaque, size);
        if (!moved) return NULL;
        memcpy(moved, block, before < size ? before : size);
        memory_free(opaque, block);
        return moved;
    }
    return memory_take(size, before) ? memory_count(realloc(block, size), before) : NULL;
}

static size_t memory_usable(const void *block) {
    return malloc_usable_size((void *)block);
}

static const JSMallocFunctions memory_functions = {memory_calloc, memory_malloc, memory_free, memory_realloc,
                                                   memory_usable};

// ---- text and bytes across the border ----

// What the last import announced, with a zero behind it; NULL with an exception where there is no memory.
static char *taken(int32_t length) {
    char *bytes = js_malloc(context, (size_t)length + 1);
    if (!bytes) return NULL;
    host_take(bytes);
    bytes[length] = 0;
    return bytes;
}

static JSValue taken_text(int32_t length) {
    char *bytes = taken(length);
    if (!bytes) return JS_EXCEPTION;
    JSValue text = JS_NewStringLen(context, bytes, (size_t)length);
    js_free(context, bytes);
    return text;
}

static JSValue taken_json(int32_t length, const char *what) {
    char *bytes = taken(length);
    if (!bytes) return JS_EXCEPTION;
    JSValue value = JS_ParseJSON(context, bytes, (size_t)length, what);
    js_free(context, bytes);
    return value;
}

static JSValue taken_bytes(int32_t length) {
    char *bytes = taken(length);
    if (!bytes) return JS_EXCEPTION;
    JSValue array = JS_NewUint8ArrayCopy(context, (const uint8_t *)bytes, (size_t)length);
    js_free(context, bytes);
    return array;
}

// 0, or minus a length: undefined, or the error's JSON as a string.
static JSValue outcome(int32_t answer) {
    return answer < 0 ? taken_text(-answer) : JS_UNDEFINED;
}

// A string that may be absent (undefined). False with an exception pending.
struct text {
    const char *bytes;
    size_t length;
};

static bool text_get(struct text *text, JSValueConst value) {
    text->bytes = NULL;
    text->length = 0;
    if (JS_IsUndefined(value)) return true;
    text->bytes = JS_ToCStringLen(context, &text->length, value);
    return text->bytes != NULL;
}

static void text_free(struct text *text) {
    if (text->bytes) JS_FreeCString(context, text->bytes);
    text->bytes = NULL;
}

// The bytes of an ArrayBuffer or of a view of one; valid until JavaScript runs again.
static bool bytes_get(JSValueConst value, uint8_t **bytes, size_t *length) {
    if (JS_GetTypedArrayType(value) >= 0) {
        size_t offset, per_element, whole;
        JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, length, &per_element);
        if (JS_IsException(buffer)) return false;
        *bytes = JS_GetArrayBuffer(context, &whole, buffer);
        JS_FreeValue(context, buffer);
        if (!*bytes && whole) return false;
        *bytes += offset;
        return true;
    }
    *bytes = JS_GetArrayBuffer(context, length, value);
    return *bytes || !JS_HasException(context);
}

// ---- what prelude.js can call; the app never sees these ----

static JSValue native_start(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text name, arguments, body = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    JSValue result = JS_EXCEPTION;
    if (!text_get(&name, argv[0])) return JS_EXCEPTION;
    if (text_get(&arguments, argv[1])) {
        bool ready = true;
        if (JS_IsString(argv[2])) {
            ready = text_get(&body, argv[2]);
            bytes = (uint8_t *)body.bytes;
            length = body.length;
        } else if (!JS_IsUndefined(argv[2])) {
            ready = bytes_get(argv[2], &bytes, &length);
        }
        if (ready) {
            int32_t started = host_start(name.bytes, name.length, arguments.bytes, arguments.length, bytes, length);
            result = started < 0 ? taken_text(-started) : JS_NewInt32(c, started);
            operations_begun = true;
        }
        text_free(&body);
        text_free(&arguments);
    }
    text_free(&name);
    return result;
}

static JSValue native_cancel(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    int32_t operation;
    if (JS_ToInt32(c, &operation, argv[0])) return JS_EXCEPTION;
    host_cancel(operation);
    return JS_UNDEFINED;
}

static JSValue native_text(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text text;
    if (!text_get(&text, argv[0])) return JS_EXCEPTION;
    int32_t answer = host_text(text.bytes, text.length);
    text_free(&text);
    return outcome(answer);
}

static JSValue native_data(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text topic = {0}, payload = {0}, renderer = {0};
    JSValue result = JS_EXCEPTION;
    if (text_get(&topic, argv[0]) && text_get(&payload, argv[1]) && text_get(&renderer, argv[2]))
        result = outcome(host_data(topic.bytes, topic.length, payload.bytes, payload.length, renderer.bytes,
                                   renderer.length));
    text_free(&renderer);
    text_free(&payload);
    text_free(&topic);
    return result;
}

static JSValue native_log(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    int32_t level;
    struct text text;
    if (JS_ToInt32(c, &level, argv[0]) || !text_get(&text, argv[1])) return JS_EXCEPTION;
    host_log(level, text.bytes, text.length);
    text_free(&text);
    return JS_UNDEFINED;
}

static JSValue native_random(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    uint8_t *bytes;
    size_t length;
    if (!bytes_get(argv[0], &bytes, &length)) return JS_EXCEPTION;
    host_random(bytes, length);
    return JS_UNDEFINED;
}

static JSValue native_env(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    return taken_json(host_env(), "env");
}

static JSValue native_exported(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text name;
    if (!text_get(&name, argv[0])) return JS_EXCEPTION;
    host_exported(name.bytes, name.length);
    JSAtom atom = JS_NewAtomLen(c, name.bytes, name.length);
    text_free(&name);
    if (atom == JS_ATOM_NULL) return JS_EXCEPTION;
    int defined = JS_DefinePropertyValue(c, actions, atom, JS_DupValue(c, argv[1]), JS_PROP_C_W_E);
    JS_FreeAtom(c, atom);
    return defined < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue native_done(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text data = {0}, summary = {0}, renderer = {0};
    JSValue result = JS_EXCEPTION;
    if (text_get(&data, argv[0]) && text_get(&summary, argv[1]) && text_get(&renderer, argv[2])) {
        if (!finished) host_done(data.bytes, data.length, summary.bytes, summary.length, renderer.bytes, renderer.length);
        finished = 1;
        result = JS_UNDEFINED;
    }
    text_free(&renderer);
    text_free(&summary);
    text_free(&data);
    return result;
}

static JSValue native_fail(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text code = {0}, message = {0}, stack = {0};
    JSValue result = JS_EXCEPTION;
    if (text_get(&code, argv[0]) && text_get(&message, argv[1]) && text_get(&stack, argv[2])) {
        if (!finished) host_fail(code.bytes, code.length, message.bytes, message.length, stack.bytes, stack.length);
        finished = 1;
        result = JS_UNDEFINED;
    }
    text_free(&stack);
    text_free(&message);
    text_free(&code);
    return result;
}

static JSValue native_utf8_encode(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    struct text text;
    if (!text_get(&text, argv[0])) return JS_EXCEPTION;
    JSValue array = JS_NewUint8ArrayCopy(c, (const uint8_t *)text.bytes, text.length);
    text_free(&text);
    return array;
}

// How many bytes at `at` make one character, or minus how many to replace by one U+FFFD (the longest beginning of a
// valid sequence, as the Encoding Standard wants it).
static int utf8_length(const uint8_t *at, const uint8_t *end) {
    uint8_t first = at[0], low = 0x80, high = 0xbf;
    int needed;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) needed = 1;
    else if (first >= 0xe0 && first <= 0xef) needed = 2;
    else if (first >= 0xf0 && first <= 0xf4) needed = 3;
    else return -1;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    for (int i = 1; i <= needed; i++) {
        if (at + i >= end || at[i] < low || at[i] > high) return -i;
        low = 0x80;
        high = 0xbf;
    }
    return needed + 1;
}

// (bytes, fatal) to a string; undefined if fatal and not valid.
static JSValue native_utf8_decode(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    uint8_t *bytes;
    size_t length, replaced = 0;
    if (!bytes_get(argv[0], &bytes, &length)) return JS_EXCEPTION;
    const uint8_t *end = bytes + length;
    for (const uint8_t *at = bytes; at < end;) {
        int n = utf8_length(at, end);
        replaced += n < 0;
        at += n < 0 ? -n : n;
    }
    if (!replaced) return JS_NewStringLen(c, (const char *)bytes, length);
    if (JS_ToBool(c, argv[1])) return JS_UNDEFINED;
    char *clean = js_malloc(c, length + replaced * 2 + 1), *to = clean;
    if (!clean) return JS_EXCEPTION;
    for (const uint8_t *at = bytes; at < end;) {
        int n = utf8_length(at, end);
        if (n < 0) {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            at -= n;
        } else {
            memcpy(to, at, (size_t)n);
            to += n;
            at += n;
        }
    }
    JSValue text = JS_NewStringLen(c, clean, (size_t)(to - clean));
    js_free(c, clean);
    return text;
}

static JSValue native_clone(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    size_t length;
    uint8_t *written = JS_WriteObject(c, &length, argv[0], JS_WRITE_OBJ_REFERENCE);
    if (!written) return JS_EXCEPTION;
    JSValue copy = JS_ReadObject(c, written, length, JS_READ_OBJ_REFERENCE);
    js_free(c, written);
    return copy;
}

// xorshift128+: QuickJS seeds its own generator when the context is made, which here is long before the run.
static JSValue math_random(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    uint64_t a = random_state[0], b = random_state[1];
    random_state[0] = b;
    a ^= a << 23;
    a ^= a >> 17;
    a ^= b ^ (b >> 26);
    random_state[1] = a;
    return JS_NewFloat64(c, (double)((a + b) >> 11) * 0x1p-53);
}

static int result_end(JSValueConst value);

// Ends the run with a value that is a result, whatever properties it has.
static JSValue native_result(JSContext *c, JSValueConst this, int argc, JSValueConst *argv) {
    return result_end(argv[0]) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static const JSCFunctionListEntry natives[] = {
    JS_CFUNC_DEF("start", 3, native_start),
    JS_CFUNC_DEF("cancel", 1, native_cancel),
    JS_CFUNC_DEF("text", 1, native_text),
    JS_CFUNC_DEF("data", 3, native_data),
    JS_CFUNC_DEF("log", 2, native_log),
    JS_CFUNC_DEF("random", 1, native_random),
    JS_CFUNC_DEF("env", 0, native_env),
    JS_CFUNC_DEF("exported", 2, native_exported),
    JS_CFUNC_DEF("done", 3, native_done),
    JS_CFUNC_DEF("fail", 3, native_fail),
    JS_CFUNC_DEF("result", 1, native_result),
    JS_CFUNC_DEF("utf8Encode", 1, native_utf8_encode),
    JS_CFUNC_DEF("utf8Decode", 2, native_utf8_decode),
    JS_CFUNC_DEF("clone", 1, native_clone),
};

// ---- modules ----

// `./` and `../` lead to another file of the package; everything else is not in it.
static char *module_path(JSContext *c, const char *importer, const char *specifier, void *opaque) {
    if (!loading) {
        JS_ThrowTypeError(c, "import() does nothing while an app runs: import '%s' at the top of the module", specifier);
        return NULL;
    }
    if (specifier[0] != '.') {
        JS_ThrowReferenceError(c, "'%s' is not in the package (imported by %s)", specifier, importer);
        return NULL;
    }
    const char *slash = strrchr(importer, '/');
    size_t length = slash ? (size_t)(slash - importer) : 0;
    char *path = js_malloc(c, length + strlen(specifier) + 2);
    if (!path) return NULL;
    memcpy(path, importer, length);
    for (const char *part = specifier; *part;) {
        size_t part_len = strcspn(part, "/");
        if (part_len == 2 && part[0] == '.' && part[1] == '.') {
            if (!length) {
                JS_ThrowReferenceError(c, "'%s' leads out of the package (imported by %s)", specifier, importer);
                js_free(c, path);
                return NULL;
            }
            while (length && path[length - 1] != '/') length--;
            if (length) length--;
        } else if (part_len && !(part_len == 1 && part[0] == '.')) {
            if (length) path[length++] = '/';
            memcpy(path + length, part, part_len);
            length += part_len;
        }
        part += part_len;
        if (*part) part++;
    }
    path[length] = 0;
    return path;
}

// The compiled module, or NULL with an exception.
static JSModuleDef *module_load(JSContext *c, const char *path, void *opaque) {
    int32_t length = host_module_load(path, strlen(path));
    if (length < 0) {
        JS_ThrowReferenceError(c, "'%s' is not in the package", path);
        return NULL;
    }
    char *source = taken(length);
    if (!source) return NULL;
    JSValue compiled = JS_Eval(c, source, (size_t)length, path, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    js_free(c, source);
    if (JS_IsException(compiled)) return NULL;
    JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
    JS_FreeValue(c, compiled);
    return module;
}

// ---- turning the crank ----

static JSValue call(JSValueConst function, int argc, JSValueConst *argv) {
    return JS_Call(context, function, JS_UNDEFINED, argc, argv);
}

// The exception that is pending ends the guest, unless it has ended already.
static void uncaught(void) {
    static const char code[] = "memory_limit", full[] = "out of memory", odd[] = "an error that cannot be shown";
    JSValue error = JS_GetException(context);
    bool is_full = memory_refused && JS_IsNull(error);
    if (memory_limit < SIZE_MAX - FAILURE_BYTES) memory_limit += FAILURE_BYTES;
    JSValue told = is_full ? JS_EXCEPTION : call(prelude_uncaught, 1, (JSValueConst *)&error);
    JS_FreeValue(context, error);
    if (JS_IsException(told)) {
        JS_FreeValue(context, JS_GetException(context));
        if (!finished && memory_refused) host_fail(code, sizeof code - 1, full, sizeof full - 1, NULL, 0);
        else if (!finished) host_fail(NULL, 0, odd, sizeof odd - 1, NULL, 0);
        finished = 1;
    }
    JS_FreeValue(context, told);
}

static void fail(const char *message) {
    JS_ThrowInternalError(context, "%s", message);
    uncaught();
}

static void job_run(void) {
    JSContext *c;
    if (JS_ExecutePendingJob(runtime, &c) < 0) uncaught();
}

// Hands the end of one host call to the app. False if there is none to wait for.
static bool operation_settle(int32_t effects_only) {
    struct ended ended;
    if (!host_wait(&ended, effects_only)) return false;
    JSValue value = ended.kind == KIND_BYTES ? taken_bytes(ended.length) : taken_json(ended.length, "answer");
    // 0 the host's error, 1 its answer, 2 an exception of ours.
    int32_t how = ended.kind == KIND_ERROR ? 0 : 1;
    if (JS_IsException(value)) {
        value = JS_GetException(context);
        how = 2;
    }
    JSValue arguments[3] = {JS_NewInt32(context, ended.operation), JS_NewInt32(context, how), value};
    JSValue settled = call(prelude_settle, 3, (JSValueConst *)arguments);
    JS_FreeValue(context, value);
    if (JS_IsException(settled)) uncaught();
    JS_FreeValue(context, settled);
    return true;
}

// Until the promise is settled or the guest has ended. False if it never will be.
static bool promise_await(JSValueConst promise) {
    for (;;) {
        while (!finished && JS_PromiseState(context, promise) == JS_PROMISE_PENDING && JS_IsJobPending(runtime))
            job_run();
        if (finished || JS_PromiseState(context, promise) != JS_PROMISE_PENDING) return true;
        if (!operation_settle(0)) return false;
    }
}

static void rejection_note(JSContext *c, JSValueConst promise, JSValueConst reason, bool is_handled, void *opaque) {
    if (is_handled) {
        for (int i = 0; i < unhandled_count; i++) {
            if (JS_VALUE_GET_PTR(unhandled_promise[i]) != JS_VALUE_GET_PTR(promise)) continue;
            JS_FreeValue(c, unhandled_promise[i]);
            JS_FreeValue(c, unhandled_reason[i]);
            unhandled_count--;
            unhandled_promise[i] = unhandled_promise[unhandled_count];
            unhandled_reason[i] = unhandled_reason[unhandled_count];
            return;
        }
    } else if (unhandled_count < UNHANDLED_MAX) {
        unhandled_promise[unhandled_count] = JS_DupValue(c, promise);
        unhandled_reason[unhandled_count++] = JS_DupValue(c, reason);
    }
}

// `done` with JSON of a value (if it is not undefined), and two texts. False with an exception.
static bool done_with(JSValueConst data, JSValueConst summary, JSValueConst renderer) {
    struct text parts[3] = {{0}};
    JSValue json = JS_IsUndefined(data) ? JS_UNDEFINED : JS_JSONStringify(context, data, JS_UNDEFINED, JS_UNDEFINED);
    bool ready = !JS_IsException(json) && text_get(&parts[0], json) && text_get(&parts[1], summary) &&
                 text_get(&parts[2], renderer);
    if (ready && !JS_IsUndefined(data) && JS_IsUndefined(json)) {
        JS_ThrowTypeError(context, "the result cannot be written as JSON");
        ready = false;
    }
    if (ready) {
        host_done(parts[0].bytes, parts[0].length, parts[1].bytes, parts[1].length, parts[2].bytes, parts[2].length);
        finished = 1;
    }
    for (int i = 0; i < 3; i++) text_free(&parts[i]);
    JS_FreeValue(context, json);
    return ready;
}

// Whether a property is there and, with `callable`, a function. -1 with an exception.
static int property_is(JSValueConst object, JSAtom name, bool callable) {
    JSValue value = JS_GetProperty(context, object, name);
    if (JS_IsException(value)) return -1;
    int is = callable ? JS_IsFunction(context, value) : !JS_IsUndefined(value) && !JS_IsNull(value);
    JS_FreeValue(context, value);
    return is;
}

// Whether an object has keys, and none but `data`, `summary` and `renderer`. -1 with an exception.
static int is_structured(JSValueConst object) {
    JSPropertyEnum *keys;
    uint32_t count;
    if (JS_GetOwnPropertyNames(context, &keys, &count, object, JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK)) return -1;
    bool is = count > 0;
    for (uint32_t i = 0; i < count; i++)
        is = is && (keys[i].atom == atom_data || keys[i].atom == atom_summary || keys[i].atom == atom_renderer);
    JS_FreePropertyEnum(context, keys, count);
    return is;
}

static bool is_text_or_undefined(JSValueConst value) {
    return JS_IsUndefined(value) || JS_IsString(value);
}

// Whether a value goes on by itself: a thenable or a generator. -1 with an exception.
static int goes_on(JSValueConst value) {
    if (!JS_IsObject(value)) return 0;
    int is = property_is(value, atom_then, true);
    if (!is) is = property_is(value, atom_next, true);
    if (!is) is = property_is(value, atom_async_iterator, false);
    return is;
}

// Ends the run with a result: nothing, a string, `{ data, summary, renderer }`, or any other JSON. -1 with an exception.
static int result_end(JSValueConst value) {
    if (JS_IsUndefined(value) || JS_IsString(value)) return done_with(JS_UNDEFINED, value, JS_UNDEFINED) ? 1 : -1;
    if (!JS_IsObject(value) || JS_IsFunction(context, value)) return done_with(value, JS_UNDEFINED, JS_UNDEFINED) ? 1 : -1;
    int structured = JS_IsArray(value) ? 0 : is_structured(value);
    if (structured < 0) return -1;
    if (structured) {
        JSValue data = JS_GetProperty(context, value, atom_data), summary = JS_GetProperty(context, value, atom_summary);
        JSValue renderer = JS_GetProperty(context, value, atom_renderer);
        int taken = 0;
        if (JS_IsException(data) || JS_IsException(summary) || JS_IsException(renderer)) taken = -1;
        else if (is_text_or_undefined(summary) && is_text_or_undefined(renderer) &&
                 !(JS_IsUndefined(data) && JS_IsUndefined(summary)))
            taken = done_with(data, summary, renderer) ? 1 : -1;
        JS_FreeValue(context, data);
        JS_FreeValue(context, summary);
        JS_FreeValue(context, renderer);
        if (taken) return taken;
    }
    return done_with(value, JS_UNDEFINED, JS_UNDEFINED) ? 1 : -1;
}

// Takes what the app returned (or the pending exception) through `step` until the guest has ended.
static void drive(JSValueConst step, JSValue value) {
    // Only the first value is a result; what comes after `step` has seen one is a step of a generator.
    bool is_result = JS_VALUE_GET_PTR(step) == JS_VALUE_GET_PTR(prelude_step);
    while (!finished) {
        if (JS_IsException(value)) {
            uncaught();
            return;
        }
        int32_t fulfilled = 1;
        if (JS_IsPromise(value)) {
            JS_PromiseMarkAsHandled(context, value);
            rejection_note(context, value, JS_UNDEFINED, true, NULL);
            if (!promise_await(value)) {
                JS_FreeValue(context, value);
                fail("the promise that was returned never settles: nothing is under way that could settle it");
                return;
            }
            if (finished) break;
            fulfilled = JS_PromiseState(context, value) == JS_PROMISE_FULFILLED;
            JSValue settled = JS_PromiseResult(context, value);
            JS_FreeValue(context, value);
            value = settled;
        }
        if (is_result && fulfilled) {
            int more = goes_on(value);
            if (!more && result_end(value) < 0) more = -1;
            if (more < 0) uncaught();
            if (more <= 0) break;
        }
        is_result = false;
        JSValue arguments[2] = {JS_NewBool(context, fulfilled), value};
        JSValue next = call(step, 2, (JSValueConst *)arguments);
        JS_FreeValue(context, value);
        value = next;
    }
    JS_FreeValue(context, value);
}

// Says which rejections nobody handled.
static void rejections_tell(void) {
    while (unhandled_count) {
        unhandled_count--;
        JSValue told = call(prelude_unhandled, 1, (JSValueConst *)&unhandled_reason[unhandled_count]);
        JS_FreeValue(context, unhandled_promise[unhandled_count]);
        JS_FreeValue(context, unhandled_reason[unhandled_count]);
        if (JS_IsException(told)) JS_FreeValue(context, JS_GetException(context));
        JS_FreeValue(context, told);
    }
}

// ---- what the host calls ----

static JSValue private_function(JSValueConst functions, const char *name) {
    JSValue function = JS_GetPropertyStr(context, functions, name);
    if (!JS_IsFunction(context, function)) __builtin_trap();
    return function;
}

// Tells the host why, and ends.
static void prelude_failed(void) {
    struct text text;
    if (text_get(&text, JS_GetException(context))) host_fail(NULL, 0, text.bytes, text.length, NULL, 0);
    __builtin_trap();
}

// Makes QuickJS's own world.
static void context_make(void) {
    runtime = JS_NewRuntime2(&memory_functions, NULL);
    JS_SetMaxStackSize(runtime, STACK_LIMIT);
    JS_SetGCThreshold(runtime, GC_THRESHOLD);
    context = JS_NewContext(runtime);
}

// Our own script (the announced buffer) as bytecode, to `done`: without its text and line numbers, which nobody reads and
// each run would copy. Called in an instance of its own, because compiling leaves holes in a heap.
EXPORT("prelude_compile") void prelude_compile(int32_t source_len) {
    context_make();
    char *source = taken(source_len);
    JSValue compiled = JS_Eval(context, source, (size_t)source_len, "oikos", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(compiled)) prelude_failed();
    size_t length;
    int flags = JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE | JS_WRITE_OBJ_STRIP_DEBUG;
    uint8_t *bytecode = JS_WriteObject(context, &length, compiled, flags);
    if (!bytecode) prelude_failed();
    host_done((const char *)bytecode, length, NULL, 0, NULL, 0);
}

// Makes the world that every app begins with. The announced buffer is the prelude's bytecode.
EXPORT("base_init") void base_init(int32_t bytecode_len) {
    context_make();
    JS_SetModuleLoaderFunc(runtime, module_path, module_load, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, rejection_note, NULL);

    JSValue global = JS_GetGlobalObject(context);
    JSValue math = JS_GetPropertyStr(context, global, "Math");
    JS_DefinePropertyValueStr(context, math, "random", JS_NewCFunction(context, math_random, "random", 0),
                              JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_FreeValue(context, math);
    JS_FreeValue(context, global);

    uint8_t *bytecode = (uint8_t *)taken(bytecode_len);
    JSValue compiled = JS_ReadObject(context, bytecode, (size_t)bytecode_len, JS_READ_OBJ_BYTECODE);
    js_free(context, bytecode);
    JSValue prelude = JS_IsException(compiled) ? compiled : JS_EvalFunction(context, compiled);
    JSValue native = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, native, natives, sizeof natives / sizeof *natives);
    JSValue functions = JS_IsException(prelude) ? JS_EXCEPTION : call(prelude, 1, (JSValueConst *)&native);
    if (JS_IsException(functions)) prelude_failed();
    prelude_phase = private_function(functions, "phase");
    prelude_activate = private_function(functions, "activate");
    prelude_collect = private_function(functions, "collect");
    prelude_step = private_function(functions, "step");
    prelude_settle = private_function(functions, "settle");
    prelude_uncaught = private_function(functions, "uncaught");
    prelude_unhandled = private_function(functions, "unhandled");
    prelude_ctx = JS_GetPropertyStr(context, functions, "ctx");
    JSValue iterator = JS_GetPropertyStr(context, functions, "asyncIterator");
    atom_async_iterator = JS_ValueToAtom(context, iterator);
    JS_FreeValue(context, iterator);
    atom_then = JS_NewAtom(context, "then");
    atom_next = JS_NewAtom(context, "next");
    atom_data = JS_NewAtom(context, "data");
    atom_summary = JS_NewAtom(context, "summary");
    atom_renderer = JS_NewAtom(context, "renderer");
    actions = JS_NewObjectProto(context, JS_NULL);
    JS_FreeValue(context, functions);
    JS_FreeValue(context, native);
    JS_FreeValue(context, prelude);
    JS_RunGC(runtime);
}

static void phase_set(int32_t phase) {
    JSValue argument = JS_NewInt32(context, phase);
    JS_FreeValue(context, call(prelude_phase, 1, (JSValueConst *)&argument));
}

// Evaluates the app's modules and activates it. The entry's path is the announced buffer; `fail` or `done` is called.
EXPORT("image_build") void image_build(int32_t entry_len, uint32_t limit, uint64_t seed_0, uint64_t seed_1) {
    JS_UpdateStackTop(runtime);
    memory_limit = limit;
    random_state[0] = seed_0;
    random_state[1] = seed_1;
    loading = 1;
    phase_set(1);

    char *entry = taken(entry_len);
    JSModuleDef *module = entry ? module_load(context, entry, NULL) : NULL;
    js_free(context, entry);
    JSValue namespace = JS_UNDEFINED;
    if (!module) {
        uncaught();
    } else {
        // The namespace is looked at only after the module is evaluated; `step` sees what it and `activate` return.
        JSValue evaluated = JS_EvalFunction(context, JS_DupValue(context, JS_MKPTR(JS_TAG_MODULE, module)));
        namespace = JS_IsException(evaluated) ? JS_UNDEFINED : JS_GetModuleNamespace(context, module);
        JSValue kept = call(prelude_collect, 1, (JSValueConst *)&namespace);
        JS_FreeValue(context, kept);
        drive(prelude_activate, evaluated);
    }
    JS_FreeValue(context, namespace);
    while (unhandled_count) {
        unhandled_count--;
        JS_FreeValue(context, unhandled_promise[unhandled_count]);
        JS_FreeValue(context, unhandled_reason[unhandled_count]);
    }
    finished = 0;
    loading = 0;
    phase_set(2);
    memory_limit = SIZE_MAX;
    memory_refused = false;
    JS_RunGC(runtime);
    memory_scrubs = false;
}

static bool name_is(const char *name, size_t name_len, const char *what) {
    return name_len == strlen(what) && !memcmp(name, what, name_len);
}

// Calls the exported function of this name (S2), else `invoke` with it (S1). Hooks are called with `ctx` alone.
static JSValue action_call(const char *name, size_t name_len, JSValueConst input) {
    static const char absent[] = "no_such_export";
    bool is_hook = name_is(name, name_len, "deactivate");
    JSValue action = JS_UNDEFINED, value;
    if (!name_is(name, name_len, "activate") && !name_is(name, name_len, "invoke")) {
        JSAtom atom = JS_NewAtomLen(context, name, name_len);
        action = JS_GetProperty(context, actions, atom);
        JS_FreeAtom(context, atom);
    }
    if (!JS_IsUndefined(action)) {
        JSValueConst arguments[2] = {is_hook ? prelude_ctx : input, prelude_ctx};
        value = call(action, is_hook ? 1 : 2, arguments);
    } else {
        action = JS_GetPropertyStr(context, actions, "invoke");
        if (JS_IsUndefined(action) || name_is(name, name_len, "activate")) {
            host_fail(absent, sizeof absent - 1, NULL, 0, NULL, 0);
            finished = 1;
            value = JS_UNDEFINED;
        } else {
            JSValue text = JS_NewStringLen(context, name, name_len);
            JSValueConst arguments[3] = {text, input, prelude_ctx};
            value = call(action, 3, arguments);
            JS_FreeValue(context, text);
        }
    }
    JS_FreeValue(context, action);
    return value;
}

// One run: the announced buffer holds the export's name and the payload as JSON. Calls `done` or `fail`.
EXPORT("run") void run(int32_t name_len, int32_t input_len, uint32_t limit, uint64_t seed_0, uint64_t seed_1) {
    JS_UpdateStackTop(runtime);
    memory_limit = limit;
    random_state[0] = seed_0;
    random_state[1] = seed_1;

    char *bytes = taken(name_len + input_len);
    if (!bytes) {
        uncaught();
        return;
    }
    JSValue input = JS_ParseJSON(context, bytes + name_len, (size_t)input_len, "input");
    JSValue value = JS_IsException(input) ? JS_EXCEPTION : action_call(bytes, (size_t)name_len, input);
    JS_FreeValue(context, input);
    js_free(context, bytes);
    drive(prelude_step, value);
    // Effects that were begun are brought to their end; timers are not worth waiting for.
    while (operations_begun && operation_settle(1))
        while (JS_IsJobPending(runtime)) job_run();
    rejections_tell();
}
