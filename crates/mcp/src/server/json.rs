//! JSON that goes through as it came: an object whose members keep their order and their exact text.
//!
//! What an app's server says of a tool, and what it answers, may hold members that this version of oikos knows nothing of,
//! and numbers that no machine number holds. A typed model would drop the first and change the second.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap as _,
};
use serde_json::value::RawValue;
use std::fmt;

/// One JSON value, exactly as it was written.
pub type Json = Box<RawValue>;

/// The JSON of something that is made of texts, numbers and lists, and therefore always has one.
pub fn json(value: &impl Serialize) -> Json {
    serde_json::value::to_raw_value(value).expect("plain data has a JSON form")
}

/// An object with nothing in it.
pub fn empty_object() -> Json {
    RawValue::from_string("{}".to_owned()).expect("it is JSON")
}

/// The members of an object, in their order, each as it was written.
#[derive(Clone, Default)]
pub struct Members(Vec<(String, Json)>);

impl Members {
    /// An object with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The members of a text that is an object.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// A member as it was written. Of several of one name the last, as most readers have it.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A member that is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::parse(self.get(name)?.get()).ok()
    }

    /// Gives a member this value, in its place if it was there.
    pub fn set(&mut self, name: &str, value: Json) {
        match self.0.iter().position(|(known, _)| known == name) {
            Some(place) => {
                self.0[place].1 = value;
                let mut seen = 0;
                self.0.retain(|(known, _)| known != name || std::mem::replace(&mut seen, 1) == 0);
            }
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The same with this member.
    #[must_use]
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        self.set(name, json(value));
        self
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let place = self.0.iter().rposition(|(known, _)| known == name)?;
        let (_, value) = self.0.remove(place);
        self.0.retain(|(known, _)| known != name);
        Some(value)
    }

    /// The members, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object.
    pub fn to_json(&self) -> Json {
        json(self)
    }
}

impl FromIterator<(String, Json)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl IntoIterator for Members {
    type Item = (String, Json);
    type IntoIter = std::vec::IntoIter<(String, Json)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.get()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_through_is_what_came() {
        let text =
            r#"{"z":1.000000000000000000001,"a":{"y":18446744073709551616,"b":[ 1 ]},"x-own":"\u00e4","m":1e400}"#;
        let members = Members::parse(text).expect("an object");
        assert_eq!(serde_json::to_string(&members).expect("JSON"), text);
        let changed = members.clone().with("a", &1);
        assert_eq!(changed.to_json().get(), r#"{"z":1.000000000000000000001,"a":1,"x-own":"\u00e4","m":1e400}"#);
    }

    #[test]
    fn of_two_members_of_one_name_none_stays_behind() {
        let twice = Members::parse(r#"{"a":1,"b":2,"a":3}"#).expect("an object");
        assert_eq!(twice.get("a").map(RawValue::get), Some("3"));
        assert_eq!(twice.clone().with("a", &4).to_json().get(), r#"{"a":4,"b":2}"#);
        let mut taken = twice;
        assert_eq!(taken.remove("a").map(|value| value.get().to_owned()).as_deref(), Some("3"));
        assert_eq!(taken.to_json().get(), r#"{"b":2}"#);
        for text in ["[]", "1", "null", "{", r#"{"a":}"#] {
            assert!(Members::parse(text).is_err(), "{text}");
        }
    }
}
