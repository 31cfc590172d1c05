// An Extism plugin with QuickJS-NG inside, to be compared with the sandbox of oikos. It exports `invoke`: JSON in,
// the action's result as JSON out. `wizer-initialize` loads the app ahead of time, so that the harness can measure
// the plugin both as built and as a snapshot, which is what Extism's own JavaScript kit ships.
#include "quickjs.h"
#include "app.h" // the source of the echo app, made by build.sh
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HOST(name) __attribute__((import_module("extism:host/env"), import_name(name)))
HOST("input_length") uint64_t host_input_length(void);
HOST("input_load_u8") uint32_t host_input_load_u8(uint64_t at);
HOST("input_load_u64") uint64_t host_input_load_u64(uint64_t at);
HOST("alloc") uint64_t host_alloc(uint64_t length);
HOST("store_u8") void host_store_u8(uint64_t at, uint32_t byte);
HOST("store_u64") void host_store_u64(uint64_t at, uint64_t bytes);
HOST("output_set") void host_output_set(uint64_t at, uint64_t length);
HOST("error_set") void host_error_set(uint64_t at);

static JSRuntime *runtime;
static JSContext *context;
static JSValue echo;

static uint64_t host_copy(const char *bytes, size_t length) {
    uint64_t at = host_alloc(length);
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        host_store_u64(at + i, word);
    }
    for (; i < length; i++) host_store_u8(at + i, (uint8_t)bytes[i]);
    return at;
}

static int fail(void) {
    JSValue error = JS_GetException(context);
    size_t length = 0;
    const char *text = JS_ToCStringLen(context, &length, error);
    host_error_set(text ? host_copy(text, length) : host_copy("error", 5));
    return 1;
}

static int load(void) {
    runtime = JS_NewRuntime();
    JS_SetGCThreshold(runtime, 4u << 20);
    context = JS_NewContext(runtime);
    JSValue module = JS_Eval(context, (const char *)app_source, sizeof app_source - 1, "bot-logic.js",
                             JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) return 0;
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    JSValue evaluated = JS_EvalFunction(context, module);
    if (JS_IsException(evaluated)) return 0;
    JS_FreeValue(context, evaluated);
    JSValue exports = JS_GetModuleNamespace(context, definition);
    echo = JS_GetPropertyStr(context, exports, "echo");
    JS_FreeValue(context, exports);
    return JS_IsFunction(context, echo);
}

__attribute__((export_name("wizer-initialize"))) void snapshot(void) {
    if (!load()) __builtin_trap();
    JS_RunGC(runtime);
}

__attribute__((export_name("invoke"))) int32_t invoke(void) {
    if (!context && !load()) return fail();
    JS_UpdateStackTop(runtime);
    size_t length = (size_t)host_input_length(), i = 0;
    char *input = malloc(length + 1);
    for (; i + 8 <= length; i += 8) {
        uint64_t word = host_input_load_u64(i);
        memcpy(input + i, &word, 8);
    }
    for (; i < length; i++) input[i] = (char)host_input_load_u8(i);
    input[length] = 0;

    JSValue payload = JS_ParseJSON(context, input, length, "<input>");
    if (JS_IsException(payload)) return fail();
    JSValue arguments[2] = {payload, JS_NewObject(context)};
    JSValue promise = JS_Call(context, echo, JS_UNDEFINED, 2, (JSValueConst *)arguments);
    if (JS_IsException(promise)) return fail();
    JSContext *job;
    while (JS_ExecutePendingJob(runtime, &job) > 0) {}
    JSValue result = JS_PromiseResult(context, promise);
    JSValue text = JS_JSONStringify(context, result, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(text)) return fail();
    size_t out = 0;
    const char *bytes = JS_ToCStringLen(context, &out, text);
    if (!bytes) return fail();
    host_output_set(host_copy(bytes, out), out);
    return 0;
}
