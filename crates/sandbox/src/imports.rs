//! What a guest can call: every import of the engine, on one screen. All that arrives is foreign: pointers, lengths,
//! text, JSON.

use crate::{
    guest::{Guest, Outcome, Role, Running, Stop},
    operations::Ended,
};
use futures_util::future::poll_fn;
use kernel::{
    host_call::{GuestError, HostAnswer, HostCall, HostError},
    runner::{GuestPiece, Push},
};
use protocol::{
    ErrorCode, LogLevel,
    limit::{HOST_ARGUMENT_BYTES_MAX, HOST_RESULT_BYTES_MAX},
};
use wasmtime::{Caller, Engine, Linker, Result};

/// The module that all of our imports are in.
const MODULE: &str = "oikos";
/// WASI's number for "this is not an open file": no guest has any.
const WASI_EBADF: i32 = 8;
/// WebCrypto's bound on one draw; prelude.js refuses more with a nicer error.
const RANDOM_BYTES_MAX: usize = 65_536;
/// Longest name of an exported function that is told to the kernel; no action can be called longer.
const EXPORT_NAME_BYTES_MAX: usize = 256;
/// Most exported functions; generous for a bundle of everything.
const EXPORTS_MAX: usize = 1024;
/// Longest console line; prelude.js cuts at as many characters.
const LOG_LINE_BYTES_MAX: usize = 8192;
/// Longest name of a topic or renderer.
const NAME_BYTES_MAX: usize = 512;

/// Kinds of answers; shim.c has the same.
const KIND_ERROR: i32 = 0;
const KIND_JSON: i32 = 1;
const KIND_BYTES: i32 = 2;

type Ptr = i32;
type Len = i32;
/// The inner of two results: what the guest may hear about. The outer ends the guest.
type Checked<T> = std::result::Result<T, GuestError>;

/// All imports.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);

    linker.func_wrap(MODULE, "take", |mut caller: Caller<'_, Guest>, to: Ptr| {
        let bytes = std::mem::take(&mut caller.data_mut().announced);
        write(&mut caller, to, &bytes)
    })?;
    linker.func_wrap(
        MODULE,
        "module_load",
        |mut caller: Caller<'_, Guest>, path: Ptr, path_len: Len| -> Result<Len> {
            let path = text(&caller, path, path_len, NAME_BYTES_MAX * 8)?;
            let Role::Building(building) = &caller.data().role else { return Err(misuse("module_load")) };
            let Some(source) = path.ok().and_then(|path| building.source.modules.get(&path)).cloned() else {
                return Ok(-1);
            };
            Ok(announce(&mut caller, source.to_vec()))
        },
    )?;
    linker.func_wrap(MODULE, "exported", |mut caller: Caller<'_, Guest>, name: Ptr, name_len: Len| -> Result<()> {
        let name = text(&caller, name, name_len, EXPORT_NAME_BYTES_MAX)?;
        let Role::Building(building) = &mut caller.data_mut().role else { return Err(misuse("exported")) };
        if let Ok(name) = name
            && building.exports.len() < EXPORTS_MAX
        {
            building.exports.push(name);
        }
        Ok(())
    })?;

    linker.func_wrap_async(
        MODULE,
        "start",
        |mut caller: Caller<'_, Guest>, arguments: (Ptr, Len, Ptr, Len, Ptr, Len)| {
            Box::new(async move {
                match operation_start(&mut caller, arguments).await? {
                    Ok(number) => Ok(number),
                    Err(error) => Ok(announce_error(&mut caller, &error)),
                }
            })
        },
    )?;
    linker.func_wrap(MODULE, "cancel", |mut caller: Caller<'_, Guest>, operation: i32| -> Result<()> {
        running(&mut caller, "cancel")?.operations.cancel(operation);
        Ok(())
    })?;
    linker.func_wrap_async(MODULE, "wait", |caller: Caller<'_, Guest>, (to, effects_only): (Ptr, i32)| {
        Box::new(operation_wait(caller, to, effects_only != 0))
    })?;

    linker.func_wrap_async(MODULE, "text", |mut caller: Caller<'_, Guest>, (at, len): (Ptr, Len)| {
        Box::new(async move {
            match text(&caller, at, len, HOST_ARGUMENT_BYTES_MAX)? {
                Ok(text) => push(&mut caller, GuestPiece::Text(text)).await,
                Err(error) => Ok(announce_error(&mut caller, &error)),
            }
        })
    })?;
    linker.func_wrap_async(
        MODULE,
        "data",
        |mut caller: Caller<'_, Guest>, arguments: (Ptr, Len, Ptr, Len, Ptr, Len)| {
            Box::new(async move {
                match data_piece(&caller, arguments)? {
                    Ok(piece) => push(&mut caller, piece).await,
                    Err(error) => Ok(announce_error(&mut caller, &error)),
                }
            })
        },
    )?;
    linker.func_wrap_async(MODULE, "log", |mut caller: Caller<'_, Guest>, (level, at, len): (i32, Ptr, Len)| {
        Box::new(async move {
            let level = match level {
                0 => LogLevel::Debug,
                1 => LogLevel::Info,
                2 => LogLevel::Warn,
                _ => LogLevel::Error,
            };
            let line = text_cut(&caller, at, len, LOG_LINE_BYTES_MAX)?;
            if matches!(caller.data().role, Role::Running(_)) {
                push(&mut caller, GuestPiece::Log { level, text: line }).await?;
            } else {
                // What it says may be anything, and is nobody's who reads our log.
                tracing::debug!(?level, bytes = line.len(), "an app logged while it was activated");
            }
            Ok(())
        })
    })?;

    linker.func_wrap(MODULE, "random", |mut caller: Caller<'_, Guest>, to: Ptr, len: Len| -> Result<()> {
        let mut bytes = vec![0; bounded(len, RANDOM_BYTES_MAX).map_err(|_| misuse("random"))?];
        running(&mut caller, "random")?.random.fill(&mut bytes);
        write(&mut caller, to, &bytes)
    })?;
    linker.func_wrap(MODULE, "env", |mut caller: Caller<'_, Guest>| -> Result<Len> {
        let env = running(&mut caller, "env")?.env.clone();
        Ok(announce(&mut caller, if env.is_empty() { b"{}".to_vec() } else { env }))
    })?;

    linker.func_wrap(
        MODULE,
        "done",
        |mut caller: Caller<'_, Guest>, data: Ptr, data_len: Len, sum: Ptr, sum_len: Len, rend: Ptr, rend_len: Len| {
            let data = optional_bytes(&caller, data, data_len, HOST_RESULT_BYTES_MAX)?;
            let summary = optional_bytes(&caller, sum, sum_len, HOST_RESULT_BYTES_MAX)?;
            let renderer = optional_bytes(&caller, rend, rend_len, NAME_BYTES_MAX)?;
            let outcome = match (data, summary, renderer) {
                (Ok(data), Ok(summary), Ok(renderer)) => Outcome::Done { data, summary, renderer },
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Outcome::Failed {
                    code: error.code.word().to_owned(),
                    message: format!("the result is too large: {}", error.message),
                    stack: None,
                },
            };
            caller.data_mut().outcome.get_or_insert(outcome);
            Result::<()>::Ok(())
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fail",
        |mut caller: Caller<'_, Guest>, code: Ptr, code_len: Len, text: Ptr, text_len: Len, at: Ptr, at_len: Len| {
            let code = text_cut(&caller, code, code_len, NAME_BYTES_MAX)?;
            let message = text_cut(&caller, text, text_len, LOG_LINE_BYTES_MAX)?;
            let stack = text_cut(&caller, at, at_len, LOG_LINE_BYTES_MAX)?;
            let stack = Some(stack_of_app(&stack)).filter(|stack| !stack.is_empty());
            caller.data_mut().outcome.get_or_insert(Outcome::Failed { code, message, stack });
            Result::<()>::Ok(())
        },
    )?;

    wasi(&mut linker)?;
    Ok(linker)
}

/// The few functions of WASI that the C library brings along: the clock is the run's, and there are no files.
fn wasi(linker: &mut Linker<Guest>) -> Result<()> {
    let module = "wasi_snapshot_preview1";
    linker.func_wrap(
        module,
        "clock_time_get",
        |mut caller: Caller<'_, Guest>, _: i32, _: i64, to: Ptr| -> Result<i32> {
            let now_ms = match &caller.data().role {
                Role::Running(running) => running.now_ms(),
                Role::Resting | Role::World | Role::Building(_) => 0,
            };
            let now_ns = u64::try_from(now_ms).unwrap_or(0).saturating_mul(1_000_000);
            write(&mut caller, to, &now_ns.to_le_bytes())?;
            Ok(0)
        },
    )?;
    linker.func_wrap(module, "fd_close", |_: i32| WASI_EBADF)?;
    linker.func_wrap(module, "fd_fdstat_get", |_: i32, _: i32| WASI_EBADF)?;
    linker.func_wrap(module, "fd_seek", |_: i32, _: i64, _: i32, _: i32| WASI_EBADF)?;
    linker.func_wrap(module, "fd_write", |_: i32, _: i32, _: i32, _: i32| WASI_EBADF)?;
    Ok(())
}

/// Begins a host call: decodes, bounds, and polls it once, so that calls made together run together.
async fn operation_start(
    caller: &mut Caller<'_, Guest>,
    (name, name_len, arguments, arguments_len, body, body_len): (Ptr, Len, Ptr, Len, Ptr, Len),
) -> Result<Checked<i32>> {
    let name = match text(caller, name, name_len, NAME_BYTES_MAX)? {
        Ok(name) => name,
        Err(error) => return Ok(Err(error)),
    };
    let arguments = match bytes(caller, arguments, arguments_len, HOST_ARGUMENT_BYTES_MAX)? {
        Ok(arguments) => arguments.to_vec(),
        Err(error) => return Ok(Err(error)),
    };
    let body = match bytes(caller, body, body_len, HOST_ARGUMENT_BYTES_MAX)? {
        Ok(body) => body.to_vec(),
        Err(error) => return Ok(Err(error)),
    };
    let running = running(caller, "start")?;
    running.lease.check().map_err(Stop)?;
    let argument_bytes = arguments.len() + body.len();
    if !running.operations.fits(argument_bytes) {
        let message = "too many bytes are on their way to the host; wait for some calls to end";
        return Ok(Err(GuestError::new(ErrorCode::OperationLimit, message)));
    }
    let Some(slot) = running.lease.take_operation() else {
        let limit = running.lease.limits().operations;
        let message = format!("at most {limit} calls and timers can be under way at once");
        return Ok(Err(GuestError::new(ErrorCode::OperationLimit, message)));
    };
    let call = match HostCall::decode(&name, &arguments, body) {
        Ok(call) => call,
        Err(error) => return Ok(Err(error)),
    };
    let is_timer = matches!(call, HostCall::Timer { .. });
    let answer = running.host.call(call);
    let number = running.operations.begin(answer, argument_bytes, is_timer, slot);
    poll_fn(|cx| {
        running.operations.poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
    Ok(Ok(number))
}

/// Suspends until a host call has ended, and says which.
async fn operation_wait(mut caller: Caller<'_, Guest>, to: Ptr, effects_only: bool) -> Result<i32> {
    if matches!(caller.data().role, Role::Building(_)) {
        return Ok(0);
    }
    let running = running(&mut caller, "wait")?;
    if effects_only {
        running.operations.cancel_timers();
    }
    let Some((number, ended)) = poll_fn(|cx| running.operations.poll_next(cx)).await else { return Ok(0) };
    running.progress();
    let (kind, content) = answer_encode(ended)?;
    let mut place = [0; 12];
    let length = announce(&mut caller, content);
    for (part, word) in place.chunks_exact_mut(4).zip([number, kind, length]) {
        part.copy_from_slice(&word.to_le_bytes());
    }
    write(&mut caller, to, &place)?;
    Ok(1)
}

fn answer_encode(ended: Ended) -> Result<(i32, Vec<u8>)> {
    let (kind, content) = match ended {
        Ok(HostAnswer::Json(value)) => (KIND_JSON, serde_json::to_vec(&value)?),
        Ok(HostAnswer::JsonText(text)) => (KIND_JSON, text),
        Ok(HostAnswer::Bytes(bytes)) => (KIND_BYTES, bytes),
        Ok(HostAnswer::Redirect(_)) => {
            let message = "oikos lost its way to the answer";
            (KIND_ERROR, error_encode(&GuestError::new(ErrorCode::Internal, message)))
        }
        Err(HostError::Guest(error)) => (KIND_ERROR, error_encode(&error)),
        Err(HostError::Ended(end)) => return Err(Stop(end).into()),
    };
    if content.len() > HOST_RESULT_BYTES_MAX {
        let message = format!("the answer is larger than {HOST_RESULT_BYTES_MAX} bytes; ask for a part of it");
        return Ok((KIND_ERROR, error_encode(&GuestError::new(ErrorCode::TooLarge, message))));
    }
    Ok((kind, content))
}

fn data_piece(
    caller: &Caller<'_, Guest>,
    (topic, topic_len, payload, payload_len, renderer, renderer_len): (Ptr, Len, Ptr, Len, Ptr, Len),
) -> Result<Checked<GuestPiece>> {
    let topic = match text(caller, topic, topic_len, NAME_BYTES_MAX)? {
        Ok(topic) => topic,
        Err(error) => return Ok(Err(error)),
    };
    let payload = match bytes(caller, payload, payload_len, HOST_ARGUMENT_BYTES_MAX)? {
        Ok(payload) => crate::value::json_read(payload),
        Err(error) => return Ok(Err(error)),
    };
    let payload = match payload {
        Ok(payload) => payload,
        Err(problem) => return Ok(Err(GuestError::new(ErrorCode::InvalidInput, problem))),
    };
    let renderer = match renderer {
        0 => None,
        at => match text(caller, at, renderer_len, NAME_BYTES_MAX)? {
            Ok(renderer) => Some(renderer),
            Err(error) => return Ok(Err(error)),
        },
    };
    Ok(Ok(GuestPiece::Data { topic, payload, renderer }))
}

/// Puts a piece on the run's stream; the guest rests here while readers are behind.
async fn push(caller: &mut Caller<'_, Guest>, piece: GuestPiece) -> Result<Len> {
    let Role::Running(running) = &mut caller.data_mut().role else { return Err(misuse("stream")) };
    running.lease.check().map_err(Stop)?;
    let is_progress = !matches!(piece, GuestPiece::Log { .. });
    match running.host.stream(piece) {
        Push::Taken => {}
        Push::Wait(readers) => readers.await,
        Push::Ended(end) => return Err(Stop(end).into()),
    }
    if is_progress {
        running.progress();
    }
    Ok(0)
}

fn running<'a>(caller: &'a mut Caller<'_, Guest>, import: &str) -> Result<&'a mut Running> {
    match &mut caller.data_mut().role {
        Role::Running(running) => Ok(running),
        Role::Resting | Role::World | Role::Building(_) => Err(misuse(import)),
    }
}

/// The prelude never does this; a guest that broke its own memory might.
fn misuse(import: &str) -> wasmtime::Error {
    wasmtime::Error::msg(format!("the guest called '{import}' where it does not exist"))
}

/// Keeps bytes for the guest's next `take`; answers their length.
fn announce(caller: &mut Caller<'_, Guest>, content: Vec<u8>) -> Len {
    let length = Len::try_from(content.len()).expect("nothing that is announced reaches two GB");
    caller.data_mut().announced = content;
    length
}

/// The same for an error: minus its length.
fn announce_error(caller: &mut Caller<'_, Guest>, error: &GuestError) -> Len {
    -announce(caller, error_encode(error))
}

fn error_encode(error: &GuestError) -> Vec<u8> {
    serde_json::json!({ "code": error.code.word(), "message": error.message }).to_string().into_bytes()
}

fn write(caller: &mut Caller<'_, Guest>, to: Ptr, content: &[u8]) -> Result<()> {
    let memory = caller.data().memory()?;
    let to = to.cast_unsigned() as usize;
    let room = memory.data_mut(caller).get_mut(to..to.saturating_add(content.len()));
    room.ok_or_else(out_of_bounds)?.copy_from_slice(content);
    Ok(())
}

/// A length that the host would have to hold, before it holds it.
fn bounded(len: Len, max: usize) -> Checked<usize> {
    let len = len.cast_unsigned() as usize;
    if len > max {
        let message = format!("{len} bytes are more than the {max} that can be handed over at once");
        return Err(GuestError::new(ErrorCode::TooLarge, message));
    }
    Ok(len)
}

fn bytes<'a>(caller: &'a Caller<'_, Guest>, at: Ptr, len: Len, max: usize) -> Result<Checked<&'a [u8]>> {
    let len = match bounded(len, max) {
        Ok(len) => len,
        Err(error) => return Ok(Err(error)),
    };
    let at = at.cast_unsigned() as usize;
    let memory = caller.data().memory()?;
    memory.data(caller).get(at..at.saturating_add(len)).map(Ok).ok_or_else(out_of_bounds)
}

/// Absent is a null pointer.
fn optional_bytes(caller: &Caller<'_, Guest>, at: Ptr, len: Len, max: usize) -> Result<Checked<Option<Vec<u8>>>> {
    if at == 0 {
        return Ok(Ok(None));
    }
    Ok(bytes(caller, at, len, max)?.map(|bytes| Some(bytes.to_vec())))
}

/// Text; what is not Unicode (lone surrogates) is replaced.
fn text(caller: &Caller<'_, Guest>, at: Ptr, len: Len, max: usize) -> Result<Checked<String>> {
    Ok(bytes(caller, at, len, max)?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

/// The lines of a stack that are places in the app's own code. The prelude has no debug information, so its frames are
/// nowhere; they would tell an author nothing.
fn stack_of_app(stack: &str) -> String {
    let in_app = |line: &&str| !line.contains("(<null>:") && !line.trim().is_empty();
    stack.lines().filter(in_app).collect::<Vec<_>>().join("\n")
}

/// Text of which only the beginning matters: at most `max` bytes, with `…` where something was cut.
fn text_cut(caller: &Caller<'_, Guest>, at: Ptr, len: Len, max: usize) -> Result<String> {
    let kept = len.cast_unsigned().min(u32::try_from(max).unwrap_or(u32::MAX)).cast_signed();
    let text = text(caller, at, kept, max)?.map_err(|_| out_of_bounds())?;
    // A character that the cut went through has become U+FFFD.
    Ok(if kept == len { text } else { format!("{}…", text.trim_end_matches('\u{fffd}')) })
}

fn out_of_bounds() -> wasmtime::Error {
    wasmtime::Error::msg("the guest pointed outside of its memory")
}
