//! What goes wrong in a millisecond, and how often.

use super::shared::REPLICAS;
use super::workload::Workload;
use super::{Node, Simulation};

impl<W: Workload> Simulation<W> {
    pub(super) fn faults(&mut self) {
        self.crashes();
        self.disks();
        self.partitions();
        if self.shared.chance.one_in(800) {
            let pause = self.shared.chance.within(20, 900);
            let at = self.someone();
            self.nodes[at].paused_until = self.shared.now + pause;
        }
        if self.shared.chance.one_in(1_000) {
            let at = self.someone();
            if let Some(process) = self.nodes[at].process() {
                process.set_clock(&mut self.shared);
            }
        }
    }

    fn crashes(&mut self) {
        if self.shared.chance.one_in(600) {
            let at = self.someone();
            self.end(at);
        }
        // The building loses its power.
        if self.shared.chance.one_in(4_000) {
            for at in 0..self.nodes.len() {
                self.crash(at, false);
            }
        }
    }

    /// One process ends, and now and then its system with it.
    pub(super) fn end(&mut self, at: usize) {
        let has_power = self.shared.chance.one_in(2);
        self.crash(at, has_power);
    }

    fn crash(&mut self, at: usize, has_power: bool) {
        let down = self.shared.chance.within(20, 1_500);
        let node = match self.nodes[at].take() {
            Node::Up(process) => {
                let disk = process.crash(has_power, &mut self.shared);
                Node::Down { disk, until: self.shared.now + down }
            }
            already_down => already_down,
        };
        self.nodes[at].put(node);
    }

    /// A disk fills up or breaks, in the middle of whatever is being written.
    fn disks(&mut self) {
        if self.shared.chance.one_in(1_500) {
            let operations = self.shared.chance.below(12);
            let code = if self.shared.chance.one_in(2) { "DISK_IO" } else { "DISK_FULL" };
            let at = self.someone();
            if let Some(process) = self.nodes[at].process() {
                process.break_disk(Some((operations, code)));
            }
        }
    }

    fn partitions(&mut self) {
        let shared = &mut self.shared;
        if shared.chance.one_in(500) {
            let (a, b) = (shared.chance.within(1, REPLICAS), shared.chance.within(1, REPLICAS));
            shared.network.cut(a, b);
            if shared.chance.one_in(2) {
                shared.network.cut(b, a);
            }
        }
        if shared.chance.one_in(900) {
            let alone = shared.chance.within(1, REPLICAS);
            for other in 1..=REPLICAS {
                shared.network.cut(alone, other);
                shared.network.cut(other, alone);
            }
        }
        if shared.chance.one_in(300) {
            shared.network.mend();
        }
    }

    fn someone(&mut self) -> usize {
        self.shared.chance.below(REPLICAS) as usize
    }
}
