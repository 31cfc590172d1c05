# A program that tries to get out of its box, without dependencies. It speaks with oikos as its programs do, and as an MCP server:
# by both it is asked to try one thing, and says what came of it.
import ctypes
import errno
import json
import os
import platform
import signal
import socket
import sys

CALLS = {
    "x86_64": {"ptrace": 101, "mount": 165, "add_key": 248, "io_uring_setup": 425},
    "aarch64": {"ptrace": 117, "mount": 40, "add_key": 217, "io_uring_setup": 425},
}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if libc.syscall(CALLS[name], *arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return "let through"


def read(at, number):
    with open(at) as file:
        return file.read()


def write(at, number):
    with open(at, "w") as file:
        file.write("mine")
    return "written"


def connect(at, number):
    with socket.create_connection((at, int(number)), timeout=2):
        return "connected"


def local(at, number):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(at)
        return "connected"


def fork(at, number):
    children = []
    try:
        while len(children) < 2000:
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError as error:
        return f"{errno.errorcode[error.errno]} after {len(children)}"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return f"{len(children)} processes"


def memory(at, number):
    kept = []
    while len(kept) < 1024:
        kept.append(b"x" * (8 << 20))
    return f"{len(kept) * 8} MiB"


TRIES = {
    "list": lambda at, number: sorted(os.listdir(at)),
    "read": read,
    "write": write,
    "remove": lambda at, number: os.remove(at) or "removed",
    "connect": connect,
    "local": local,
    "abstract": lambda at, number: local("\0" + at, number),
    "environment": lambda at, number: read(f"/proc/{int(number)}/environ", number),
    "signal": lambda at, number: os.kill(int(number), signal.SIGTERM) or "sent",
    "trace": lambda at, number: call("ptrace", 0x4206, int(number), 0, 0),
    "mount": lambda at, number: call("mount", b"none", b"/tmp", b"tmpfs", 0, 0),
    "keyring": lambda at, number: call("add_key", b"user", b"burglar", b"x", 1, -4),
    "io_uring": lambda at, number: call("io_uring_setup", 1, ctypes.create_string_buffer(120)),
    "fork": fork,
    "memory": memory,
}


def attempt(given):
    try:
        return {"done": TRIES[given["what"]](given.get("at", ""), given.get("number", 0))}
    except OSError as error:
        return {"failed": errno.errorcode.get(error.errno, str(error))}


def answer(method, params):
    if method == "initialize" and "protocolVersion" in params:
        server = {"name": "burglar", "version": "1.0.0"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "initialize":
        return {"protocol": 1}
    if method == "invoke":
        return {"data": attempt(params["input"])}
    if method == "tools/list":
        string = {"type": "string"}
        properties = {"what": string, "at": string, "number": {"type": "number"}}
        schema = {"type": "object", "properties": properties, "required": ["what"]}
        return {"tools": [{"name": "attempt", "description": "Tries something", "inputSchema": schema}]}
    if method == "tools/call":
        came = attempt(params.get("arguments", {}))
        return {"content": [{"type": "text", "text": json.dumps(came)}], "isError": "failed" in came}
    return {}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and "method" in message:
        result = answer(message["method"], message.get("params") or {})
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
