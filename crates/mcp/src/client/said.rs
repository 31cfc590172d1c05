//! What a server said, as it said it.

use protocol::Verbatim;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::{collections::HashMap, fmt, ops::Deref};

/// What a server answered: the very text. Numbers that no machine number holds, members that nobody here knows and the order of
/// all of them are still there. It is JSON, and is looked at no further than the protocol needs.
#[derive(Clone)]
pub struct Said(Box<RawValue>);

/// The members of an object, each as it was written. Of several of one name the last, as most readers have it.
pub(crate) type Members<'a> = HashMap<String, &'a RawValue>;

impl Said {
    /// The text. Turning it into a [`Value`], as `json!` does with whatever it is given, may change or refuse numbers.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// The text.
    pub fn into_raw(self) -> Box<RawValue> {
        self.0
    }

    /// What it is as `T`; none where it is no such thing. A [`Value`] holds every number but the largest, and most of them
    /// exactly; a type with only the members that are wanted minds none of the others.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        read(&self.0)
    }

    /// Nothing.
    pub(crate) fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<&RawValue> for Said {
    fn from(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get())
    }
}

/// An entry of a list: what it is, and the very text.
#[derive(Clone, Debug)]
pub struct Listed {
    value: Value,
    said: Said,
}

impl Listed {
    /// An entry, where a value holds it.
    pub(crate) fn read(raw: &RawValue) -> Option<Self> {
        Some(Self { value: read(raw)?, said: Said::from(raw) })
    }

    /// The very text.
    pub fn said(&self) -> &Said {
        &self.said
    }
}

impl Deref for Listed {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl PartialEq<Value> for Listed {
    fn eq(&self, other: &Value) -> bool {
        self.value == *other
    }
}

/// Arguments of a call: values of ours, or what somebody wrote, to the letter.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// Values.
    Values(Map<String, Value>),
    /// A text that is an object.
    Written(Verbatim),
}

impl From<Map<String, Value>> for Arguments {
    fn from(values: Map<String, Value>) -> Self {
        Self::Values(values)
    }
}

impl From<Verbatim> for Arguments {
    fn from(written: Verbatim) -> Self {
        Self::Written(written)
    }
}

/// What a text of JSON is as `T`.
pub(crate) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// A member that is a text.
pub(crate) fn word(members: &Members<'_>, name: &str) -> Option<String> {
    members.get(name).and_then(|raw| read(raw))
}

/// A member as a value. The error is that it is there and cannot be one.
pub(crate) fn value(members: &Members<'_>, name: &str) -> Result<Option<Value>, ()> {
    members.get(name).map(|raw| read(raw).ok_or(())).transpose()
}
