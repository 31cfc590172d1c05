//! Lists of strangers: sixteen bytes of `[{},{},{},{},` become a thousand in memory, so what is read into a list is counted while it
//! is read.

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

/// A list of at most so many.
#[derive(Debug)]
pub(crate) struct Few<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for Few<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MOST: usize> IntoIterator for Few<T, MOST> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counted::<T, MOST>(PhantomData))
    }
}

struct Counted<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Counted<T, MOST> {
    type Value = Few<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST {
                return Err(A::Error::custom(format_args!("a list of more than {MOST}")));
            }
            items.push(item);
        }
        Ok(Few(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_counted_while_it_is_read() {
        let read = |text: &str| serde_json::from_str::<Few<u8, 3>>(text).map(|few| few.0);
        assert!(read("[]").expect("is a list").is_empty());
        assert_eq!(read("[1,2,3]").expect("is a list"), [1, 2, 3]);
        let error = read(&format!("[1,2,3{}", ",4".repeat(100_000))).expect_err("is too long");
        assert!(error.to_string().contains("more than 3"), "and its end is never looked for: {error}");
    }
}
