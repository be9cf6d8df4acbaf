//! Items by id, in snapshots: a new one shares with the old one whatever it does not change.
//!
//! The items stand in shards, which snapshots share. There are about as many shards as items in each, so a change copies
//! one shard and the list of shards: for ten thousand items about a hundred pointers each, where a lookup is hardly
//! dearer than in one table.

use super::Problem;
use super::id::Id;
use crate::value::same_text;
use hashbrown::HashTable;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Something that has an id, and perhaps something wrong with it.
pub trait Shelved {
    fn id(&self) -> &Id;
    fn problems(&self) -> &[Problem];
}

/// A snapshot of all items.
#[derive(Debug)]
pub struct Shelf<T> {
    /// Their number is a power of two.
    shards: Vec<Arc<Shard<T>>>,
    length: usize,
    /// The place that the next new item gets.
    next: u64,
}

#[derive(Debug)]
struct Shard<T>(HashTable<Slot<T>>);

#[derive(Debug)]
struct Slot<T> {
    item: Arc<T>,
    /// Items are listed by it: one that is replaced keeps its place.
    place: u64,
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Shelf {
            shards: self.shards.clone(),
            length: self.length,
            next: self.next,
        }
    }
}

impl<T> Clone for Shard<T> {
    fn clone(&self) -> Self {
        Shard(self.0.clone())
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Slot {
            item: Arc::clone(&self.item),
            place: self.place,
        }
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf::for_about(0)
    }
}

impl<T> Shelf<T> {
    /// Shards for about as many items.
    fn for_about(items: usize) -> Self {
        let shards = items.isqrt().next_power_of_two();
        let empty = Arc::new(Shard(HashTable::new()));
        Shelf {
            shards: vec![empty; shards],
            length: 0,
            next: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    #[inline]
    fn shard(&self, hash: u64) -> usize {
        // The tables themselves go by the lowest and the highest bits.
        (hash >> 32) as usize & (self.shards.len() - 1)
    }
}

impl<T: Shelved> Shelf<T> {
    /// All items of a list; of those with one id the last, in the place of the first.
    pub fn of(items: impl ExactSizeIterator<Item = T>) -> Self {
        let mut shelf = Shelf::for_about(items.len());
        for item in items {
            shelf.put(Arc::new(item));
        }
        shelf
    }

    /// The items of a patch, each id once: as [`Shelf::of`] would have them.
    pub fn distinct(items: Vec<T>) -> Vec<Arc<T>> {
        Shelf::of(items.into_iter()).in_order()
    }

    #[inline]
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        let hash = hash_of(id);
        let shard = &self.shards[self.shard(hash)];
        let slot = shard.0.find(hash, |slot| is(slot, id))?;
        Some(&slot.item)
    }

    /// Puts an item in, in the place of the one with its id. Snapshots that were cloned before keep what they had.
    pub fn put(&mut self, item: Arc<T>) {
        if self.length > 8 * self.shards.len() * self.shards.len() {
            self.spread();
        }
        let hash = hash_of(item.id().as_str());
        let shard = self.shard(hash);
        let table = &mut Arc::make_mut(&mut self.shards[shard]).0;
        match table.find_mut(hash, |slot| is(slot, item.id().as_str())) {
            Some(slot) => slot.item = item,
            None => {
                let place = self.next;
                self.next += 1;
                self.length += 1;
                table.insert_unique(hash, Slot { item, place }, slot_hash);
            }
        }
    }

    /// Moves everything into more shards, each time four times as many: rare enough to cost nothing in the end.
    fn spread(&mut self) {
        let mut wider = Shelf::for_about(16 * self.length);
        for slot in self.shards.iter().flat_map(|shard| shard.0.iter()) {
            let hash = slot_hash(slot);
            let shard = wider.shard(hash);
            let table = &mut Arc::make_mut(&mut wider.shards[shard]).0;
            table.insert_unique(hash, slot.clone(), slot_hash);
        }
        self.shards = wider.shards;
    }

    /// All items in the order in which their ids came.
    pub fn in_order(&self) -> Vec<Arc<T>> {
        let slots = self.shards.iter().flat_map(|shard| shard.0.iter());
        let mut slots: Vec<_> = slots.collect();
        slots.sort_unstable_by_key(|slot| slot.place);
        slots
            .into_iter()
            .map(|slot| Arc::clone(&slot.item))
            .collect()
    }

    /// What is wrong with any of them, in the same order.
    pub fn problems(&self) -> Vec<Problem> {
        let items = self.in_order();
        let problems = items.iter().flat_map(|item| item.problems());
        problems.cloned().collect()
    }
}

#[inline]
fn is<T: Shelved>(slot: &Slot<T>, id: &str) -> bool {
    same_text(slot.item.id().as_str(), id)
}

fn slot_hash<T: Shelved>(slot: &Slot<T>) -> u64 {
    hash_of(slot.item.id().as_str())
}

/// Whoever writes the ruleset chooses the ids, so nobody gains by making them collide.
#[inline]
fn hash_of(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq)]
    struct Item(Id, u32);

    impl Shelved for Item {
        fn id(&self) -> &Id {
            &self.0
        }

        fn problems(&self) -> &[Problem] {
            &[]
        }
    }

    fn item(name: &str, value: u32) -> Item {
        Item(Id::read(&json!(name)).unwrap(), value)
    }

    fn numbered(count: u32) -> Vec<Item> {
        (0..count).map(|n| item(&format!("item-{n}"), n)).collect()
    }

    #[test]
    fn every_item_is_found_and_listed_in_order_however_many_there_are() {
        for count in [0, 1, 2, 9, 10, 1_000, 5_000] {
            let loaded = Shelf::of(numbered(count).into_iter());
            let mut grown = Shelf::default();
            for item in numbered(count) {
                grown.put(Arc::new(item));
            }
            for shelf in [loaded, grown] {
                assert_eq!(shelf.len(), count as usize);
                let listed: Vec<_> = shelf.in_order().iter().map(|item| item.1).collect();
                assert!(listed.iter().copied().eq(0..count), "{count}");
                for n in 0..count {
                    assert_eq!(shelf.get(&format!("item-{n}")).unwrap().1, n);
                }
                assert!(shelf.get("item").is_none());
            }
        }
    }

    #[test]
    fn a_snapshot_keeps_what_it_had_and_shares_the_rest() {
        let before = Shelf::of(numbered(1_000).into_iter());
        let mut after = before.clone();
        after.put(Arc::new(item("item-7", 70)));
        after.put(Arc::new(item("new", 1)));
        assert_eq!(before.get("item-7").unwrap().1, 7);
        assert_eq!(after.get("item-7").unwrap().1, 70);
        assert!(before.get("new").is_none() && before.len() == 1_000);
        let shared = before.shards.iter().zip(&after.shards);
        let copied = shared.filter(|(a, b)| !Arc::ptr_eq(a, b)).count();
        assert!(copied <= 2, "{copied}");
        assert_eq!(after.in_order()[7].1, 70, "it keeps its place");
    }

    #[test]
    fn of_two_items_with_one_id_the_last_counts_in_the_place_of_the_first() {
        let items = vec![item("a", 1), item("b", 2), item("a", 3)];
        let listed: Vec<_> = Shelf::distinct(items).iter().map(|i| i.1).collect();
        assert_eq!(listed, [3, 2]);
    }
}
