//! The simulated network: it loses, doubles, delays and reorders messages, and can be cut in one
//! direction.

use std::collections::{BTreeMap, BTreeSet};

use raft::eraftpb::Message;

use super::chance::Chance;

/// A message on its way, and which incarnation of its sender sent it.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) message: Message,
    pub(super) incarnation: u64,
}

/// Messages on their way, ordered by arrival.
#[derive(Debug, Default)]
pub(super) struct Network {
    letters: BTreeMap<(u64, u64), Letter>,
    sent: u64,
    cut: BTreeSet<(u64, u64)>,
    faulty: bool,
}

impl Network {
    pub(super) fn set_faulty(&mut self, faulty: bool) {
        self.faulty = faulty;
        self.cut.clear();
    }

    /// Nothing gets from one to the other until [`Network::mend`]. The other way stays open.
    pub(super) fn cut(&mut self, from: u64, to: u64) {
        self.cut.insert((from, to));
    }

    pub(super) fn mend(&mut self) {
        self.cut.clear();
    }

    /// Puts a message on its way. False when it was lost; the sender of a snapshot hears of that,
    /// as a transport would tell it.
    pub(super) fn send(&mut self, now: u64, letter: Letter, chance: &mut Chance) -> bool {
        let way = (letter.message.from, letter.message.to);
        if self.faulty && (self.cut.contains(&way) || chance.percent(4)) {
            return false;
        }
        let doubled = self.faulty && chance.percent(3);
        if doubled {
            let copy = Letter { message: letter.message.clone(), ..letter };
            self.post(now, copy, chance);
        }
        self.post(now, letter, chance);
        true
    }

    fn post(&mut self, now: u64, letter: Letter, chance: &mut Chance) {
        let slow = self.faulty && chance.percent(2);
        let delay = if slow { chance.within(20, 300) } else { chance.within(1, 12) };
        self.put(now + delay, letter);
    }

    /// Delivers at `at`: to a process that sleeps, when it wakes.
    pub(super) fn put(&mut self, at: u64, letter: Letter) {
        self.sent += 1;
        self.letters.insert((at, self.sent), letter);
    }

    /// The next letter that has arrived by now.
    pub(super) fn arrived(&mut self, now: u64) -> Option<Letter> {
        let first = self.letters.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Letters posted so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }
}
