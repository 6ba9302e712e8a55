//! Descent as a tree of lines.

use std::collections::BTreeSet;

/// Levels that are indented; deeper ones stand below each other, or a long chain of transfers would
/// be wider than any terminal.
const INDENTED: usize = 24;

/// A line for each node, what came from it indented below it. What came from several is printed
/// below the first, and named again below the others.
pub(crate) fn tree<Id: Copy + Ord>(
    roots: impl IntoIterator<Item = Id>,
    children: impl Fn(Id) -> Vec<Id>,
    line: impl Fn(Id) -> String,
    again: impl Fn(Id) -> String,
) -> Vec<String> {
    /// A node that waits to be printed, with the bars of those above it.
    struct Waiting<Id> {
        id: Id,
        bars: String,
        depth: usize,
        last: bool,
    }
    let mut printed = BTreeSet::new();
    let mut lines = Vec::new();
    for root in roots {
        let mut waiting = vec![Waiting { id: root, bars: String::new(), depth: 0, last: true }];
        while let Some(Waiting { id, bars, depth, last }) = waiting.pop() {
            let branch = match depth {
                0 => "",
                _ if last => "└─ ",
                _ => "├─ ",
            };
            if !printed.insert(id) {
                lines.push(format!("{bars}{branch}{}", again(id)));
                continue;
            }
            lines.push(format!("{bars}{branch}{}", line(id)));
            let below = match depth {
                0 => String::new(),
                _ if depth > INDENTED => bars,
                _ if last => format!("{bars}   "),
                _ => format!("{bars}│  "),
            };
            let next = children(id);
            let count = next.len();
            for (at, id) in next.into_iter().enumerate().rev() {
                let last = at + 1 == count;
                waiting.push(Waiting { id, bars: below.clone(), depth: depth + 1, last });
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(children: &[(u32, &[u32])], roots: &[u32]) -> String {
        let of = |id| {
            let found = children.iter().find(|(parent, _)| *parent == id);
            found.map_or(Vec::new(), |(_, children)| children.to_vec())
        };
        tree(roots.iter().copied(), of, |id| format!("#{id}"), |id| format!("#{id} (above)"))
            .join("\n")
    }

    #[test]
    fn what_came_from_a_certificate_stands_below_it() {
        let split = drawn(&[(1, &[2, 3]), (2, &[4])], &[1, 9]);
        assert_eq!(split, "#1\n├─ #2\n│  └─ #4\n└─ #3\n#9");
    }

    #[test]
    fn what_came_from_two_is_drawn_once() {
        let merged = drawn(&[(1, &[3]), (2, &[3]), (3, &[4])], &[1, 2]);
        assert_eq!(merged, "#1\n└─ #3\n   └─ #4\n#2\n└─ #3 (above)");
    }

    #[test]
    fn a_long_chain_stays_narrow() {
        let chain: Vec<(u32, Vec<u32>)> = (0..50_000).map(|id| (id, vec![id + 1])).collect();
        let of = |id: u32| chain.get(id as usize).map_or(Vec::new(), |(_, next)| next.clone());
        let lines = tree([0], of, |id| id.to_string(), |id| id.to_string());
        assert_eq!(lines.len(), 50_001);
        assert!(lines.iter().all(|line| line.chars().count() < 100));
    }
}
