//! How often each value of a column occurs, for as long as it has few of them.

use super::distinct::Mark;
use std::{cell::Cell, rc::Rc};

/// A column with more distinct values than this has no list of the most frequent ones.
pub(crate) const VALUES_MAX: usize = 10_000;

/// What the tables of all columns of a pass may hold in memory; a column that finds no room has no list.
pub(crate) const VALUES_BYTES_MAX: usize = 32 << 20;

/// A value is shown with at most this many bytes.
pub(crate) const VALUE_SHOWN_BYTES_MAX: usize = 200;

/// Memory that several tables share.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Rc<Cell<usize>>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        match self.0.get().checked_sub(bytes) {
            Some(rest) => {
                self.0.set(rest);
                true
            }
            None => false,
        }
    }

    fn give_back(&self, bytes: usize) {
        self.0.set(self.0.get() + bytes);
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    mark: Mark,
    count: u64,
    text_start: u32,
    text_bytes: u32,
}

/// Values and how often each occurs. Open addressing over indices, so that slots stay packed.
#[derive(Debug)]
pub(crate) struct Values {
    slots: Vec<Slot>,
    /// A slot's index plus one in the low bits, part of its mark in the others, so that most slots need
    /// not be looked at; 0 is free. Its length is a power of two.
    table: Vec<u32>,
    texts: Vec<u8>,
    budget: Budget,
    taken_bytes: usize,
}

/// What adding a value did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is counted.
    Counted,
    /// There is no room for one more value: the table has to go.
    Full,
}

const SLOTS_MIN: usize = 16;

const INDEX_BITS: u32 = 14;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const _: () = assert!(VALUES_MAX < 1 << INDEX_BITS);

/// Bits of a mark that do not say its place in the table.
fn tag_of(mark: Mark) -> u32 {
    (mark.table_bits() >> (32 + INDEX_BITS)) as u32
}

impl Values {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { slots: Vec::new(), table: Vec::new(), texts: Vec::new(), budget, taken_bytes: 0 }
    }

    #[inline]
    pub(crate) fn add(&mut self, mark: Mark, text: &[u8]) -> Added {
        if !self.table.is_empty() {
            let mask = self.table.len() - 1;
            let mut place = mark.table_bits() as usize & mask;
            loop {
                let entry = self.table[place];
                if entry == 0 {
                    break;
                }
                if entry >> INDEX_BITS == tag_of(mark) {
                    let slot = &mut self.slots[(entry & INDEX_MASK) as usize - 1];
                    if slot.mark == mark {
                        slot.count += 1;
                        return Added::Counted;
                    }
                }
                place = (place + 1) & mask;
            }
        }
        self.insert(mark, text)
    }

    fn insert(&mut self, mark: Mark, text: &[u8]) -> Added {
        if self.slots.len() == VALUES_MAX || !self.make_room() {
            return Added::Full;
        }
        // One byte more than is shown tells that something was cut.
        let text = &text[..text.len().min(VALUE_SHOWN_BYTES_MAX + 1)];
        if self.texts.len() + text.len() > self.texts.capacity() {
            let more = (self.texts.capacity()).max(256).max(text.len());
            if !self.take(more) {
                return Added::Full;
            }
            self.texts.reserve_exact(self.texts.capacity() + more - self.texts.len());
        }
        let text_start = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        self.slots.push(Slot { mark, count: 1, text_start, text_bytes: text.len() as u32 });
        self.place(self.slots.len() - 1);
        Added::Counted
    }

    fn place(&mut self, index: usize) {
        let mask = self.table.len() - 1;
        let mut place = self.slots[index].mark.table_bits() as usize & mask;
        while self.table[place] != 0 {
            place = (place + 1) & mask;
        }
        self.table[place] = tag_of(self.slots[index].mark) << INDEX_BITS | (index as u32 + 1);
    }

    fn make_room(&mut self) -> bool {
        if self.slots.len() < self.slots.capacity() {
            return true;
        }
        let slots = (self.slots.len() * 2).clamp(SLOTS_MIN, VALUES_MAX);
        let more = (slots - self.slots.len()) * (size_of::<Slot>() + 2 * size_of::<u32>() * 2);
        if !self.take(more) {
            return false;
        }
        self.slots.reserve_exact(slots - self.slots.len());
        // At most half full, so that a look takes a step or two.
        self.table = vec![0; (self.slots.capacity() * 2).next_power_of_two()];
        (0..self.slots.len()).for_each(|index| self.place(index));
        true
    }

    fn take(&mut self, bytes: usize) -> bool {
        let is_taken = self.budget.take(bytes);
        if is_taken {
            self.taken_bytes += bytes;
        }
        is_taken
    }

    /// All marks.
    pub(crate) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.slots.iter().map(|slot| slot.mark)
    }

    /// The most frequent texts with their counts, by text where counts are equal.
    pub(crate) fn top(&self, limit: usize) -> Vec<(String, u64)> {
        let mut slots: Vec<&Slot> = self.slots.iter().filter(|slot| slot.mark.is_text()).collect();
        slots.sort_unstable_by(|one, other| {
            other.count.cmp(&one.count).then_with(|| self.text(one).cmp(self.text(other)))
        });
        slots.iter().take(limit).map(|slot| (shown(self.text(slot)), slot.count)).collect()
    }

    fn text(&self, slot: &Slot) -> &[u8] {
        &self.texts[slot.text_start as usize..][..slot.text_bytes as usize]
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.budget.give_back(self.taken_bytes);
    }
}

/// A field as an answer shows it: as UTF-8, cut where it is long.
pub(crate) fn shown(field: &[u8]) -> String {
    if field.len() <= VALUE_SHOWN_BYTES_MAX {
        return String::from_utf8_lossy(field).into_owned();
    }
    let mut end = VALUE_SHOWN_BYTES_MAX;
    // Not in the middle of a character.
    while end > 0 && field[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    format!("{}…", String::from_utf8_lossy(&field[..end]))
}

#[cfg(test)]
mod tests {
    use super::{super::distinct::Marker, *};

    #[test]
    fn counts_until_there_is_no_room() {
        let mut marker = Marker::new(&[1; 16]);
        let budget = Budget::new(VALUES_BYTES_MAX);
        let mut values = Values::new(budget.clone());
        for round in 0..3 {
            for value in 0..VALUES_MAX {
                let text = if round < 2 || value % 100 == 0 { format!("v{value}") } else { "v7".to_owned() };
                let mark = marker.marks(0, text.as_bytes(), None).text;
                assert_eq!(values.add(mark, text.as_bytes()), Added::Counted);
            }
        }
        assert_eq!(values.top(2), [("v7".to_owned(), 2 + 9_900), ("v0".to_owned(), 3)]);
        let mark = marker.marks(0, b"one more", None).text;
        assert_eq!(values.add(mark, b"one more"), Added::Full);
        drop(values);
        assert_eq!(budget.0.get(), VALUES_BYTES_MAX);
        let mut values = Values::new(Budget::new(1000));
        let added: Vec<Added> =
            (0..100_u8).map(|value| values.add(marker.marks(0, &[value], None).text, &[value])).collect();
        assert!(added.contains(&Added::Full));
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = "é".repeat(150);
        assert_eq!(shown(long.as_bytes()), format!("{}…", "é".repeat(100)));
        assert_eq!(shown(b"\xff"), "\u{fffd}");
    }
}
