//! A bounded queue for a reader that may be slow.

use std::collections::VecDeque;

/// The most bytes that may wait.
const BYTES: usize = 256 * 1024;

/// Items that must be delivered may use at most this many times the room.
const AT_MOST: usize = 4;

/// A queue that drops and counts items without room.
#[derive(Debug)]
pub struct Bounded<T> {
    room: usize,
    /// Each item with its number of bytes.
    waiting: VecDeque<(Next<T>, usize)>,
    bytes: usize,
    /// The number of items dropped since the last one that had room.
    gap: usize,
    dropped: u64,
}

/// The next thing for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<T> {
    /// An item.
    Item(T),
    /// This many items were dropped here.
    Dropped(usize),
}

impl<T> Bounded<T> {
    /// A queue for this many items.
    pub const fn new(room: usize) -> Bounded<T> {
        Bounded {
            room,
            waiting: VecDeque::new(),
            bytes: 0,
            gap: 0,
            dropped: 0,
        }
    }

    /// Adds an item of this many bytes. An item that `must` be delivered may use extra room.
    pub fn put(&mut self, item: T, bytes: usize, must: bool) {
        let count = self.waiting.len();
        let is_full = count >= self.room || (self.bytes + bytes > BYTES && count > 0);
        if (is_full && !must) || count >= AT_MOST * self.room {
            self.gap += 1;
            self.dropped += 1;
            return;
        }
        if let Some(gap) = self.take_gap() {
            self.waiting.push_back((gap, 0));
        }
        self.bytes += bytes;
        self.waiting.push_back((Next::Item(item), bytes));
    }

    /// Takes the oldest item.
    pub fn take(&mut self) -> Option<Next<T>> {
        let Some((next, bytes)) = self.waiting.pop_front() else {
            return self.take_gap();
        };
        self.bytes -= bytes;
        Some(next)
    }

    fn take_gap(&mut self) -> Option<Next<T>> {
        match std::mem::take(&mut self.gap) {
            0 => None,
            count => Some(Next::Dropped(count)),
        }
    }

    /// Counts an item that was taken and did not reach the reader.
    pub fn lost_one(&mut self) {
        self.dropped += 1;
    }

    /// Reports this many lost items to the reader next.
    pub fn report(&mut self, lost: usize) {
        self.gap += lost;
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.gap == 0
    }

    /// The number of dropped items in total.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queue: &mut Bounded<usize>) -> Vec<Next<usize>> {
        std::iter::from_fn(|| queue.take()).collect()
    }

    #[test]
    fn dropped_items_are_counted_at_their_place() {
        let mut queue = Bounded::new(3);
        (0..5).for_each(|item| queue.put(item, 1, false));
        queue.put(100, 1, true);
        queue.put(101, 1, false);
        let expected = [
            Next::Item(0),
            Next::Item(1),
            Next::Item(2),
            Next::Dropped(2),
            Next::Item(100),
            Next::Dropped(1),
        ];
        assert_eq!(all(&mut queue), expected);
        assert_eq!(queue.dropped(), 3);
        queue.put(1, 1, false);
        assert_eq!(all(&mut queue), [Next::Item(1)], "reported once");
        assert!(queue.is_empty());
    }

    /// The bounds hold for items that must be delivered, and for large items.
    #[test]
    fn it_has_bounds_for_every_item() {
        let mut queue = Bounded::new(3);
        (0..1000).for_each(|item| queue.put(item, 1, true));
        assert_eq!(all(&mut queue).len(), 3 * AT_MOST + 1);
        (0..3).for_each(|item| queue.put(item, BYTES, false));
        assert_eq!(all(&mut queue), [Next::Item(0), Next::Dropped(2)]);
        queue.put(7, 2 * BYTES, false);
        assert_eq!(all(&mut queue), [Next::Item(7)], "it alone has room");
    }
}
