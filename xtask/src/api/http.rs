//! Asking by hand, with what the standard library has.

use crate::shell::Result;
use serde_json::Value;
use std::io::{Read, Write};

/// What was answered.
pub(super) struct Answer {
    /// Its head, in small letters but for values.
    pub(super) head: String,
    /// Its body.
    pub(super) body: Value,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// The head and body of a question.
pub(super) fn question(method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> String {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + &format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Asks, and waits for the whole answer, which must be a good one.
pub(super) fn ask(mut door: impl Read + Write, question: &str) -> Result<Answer> {
    door.write_all(question.as_bytes())?;
    let mut said = Vec::new();
    door.read_to_end(&mut said)?;
    let said = String::from_utf8_lossy(&said).into_owned();
    let (head, body) = said.split_once("\r\n\r\n").ok_or("an answer has no head")?;
    if !head.starts_with("HTTP/1.1 2") {
        return Err(format!("{} was answered {said}", question.lines().next().unwrap_or_default()).into());
    }
    Ok(Answer { head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() })
}
