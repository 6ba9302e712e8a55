//! Dates: a result bears the date of the event that opens it, and nothing happens to a security
//! before its issuance, vesting aside.
//!
//! The securities are gone through from those that no event opens, so that an event that moves takes
//! what it opens with it. A security that is reached in no such way results from itself.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::ocf::findings::Findings;
use crate::ocf::normal::shown;
use crate::ocf::object::Kind;
use crate::ocf::package::{Item, Package};
use crate::ocf::{Code, Refusal};

use super::index::{Index, Role};

/// Points out what is dated before the formation of the issuer and moves no share: valuations,
/// financings, and vesting that began with the employment.
pub(super) fn early(package: &Package, findings: &mut Findings) -> Result<(), Refusal> {
    let formed = package.formed();
    for item in &package.items {
        let field = match item.object.kind() {
            Kind::Valuation => "effective_date",
            Kind::Financing => "date",
            kind if super::role(kind) == Role::Vesting => "date",
            _ => continue,
        };
        let date = item.object.text(field).and_then(Date::parse);
        if let Some(date) = date.filter(|date| *date < formed) {
            let (file, id) = (package.file(item.file), item.object.id());
            let what = format!("{field}: {date} lies before the formation of the issuer");
            findings.note(Code::DateOrder, file, id, what, "kept: it moves no share")?;
        }
    }
    Ok(())
}

/// Makes the dates agree.
pub(super) fn agree(
    package: &mut Package,
    index: &mut Index,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    let mut reached = vec![false; index.securities.len()];
    // For each event, how many of its securities are not reached yet: a consolidation has several.
    let mut waits: Vec<usize> = index.txs.iter().map(|tx| tx.concerned().count()).collect();
    let mut moved: BTreeMap<usize, Date> = BTreeMap::new();
    let roots = index.securities.iter().enumerate().filter(|(_, known)| known.opener.is_none());
    let mut next: Vec<usize> = roots.map(|(at, _)| at).rev().collect();
    while let Some(security) = next.pop() {
        if std::mem::replace(&mut reached[security], true) {
            continue;
        }
        let opened = index.txs[index.securities[security].issuance].date;
        let events = std::mem::take(&mut index.securities[security].events);
        for at in &events {
            let tx = &index.txs[*at];
            if tx.role != Role::Vesting && tx.date < opened {
                let what =
                    format!("it is dated {}, and its security is issued on {opened}", tx.date);
                moved.insert(tx.item, tx.date);
                let done = "dated on the day of the issuance";
                set(package, index, *at, opened, &what, done, findings)?;
            }
            waits[*at] = waits[*at].saturating_sub(1);
            if index.txs[*at].role != Role::Terminal || waits[*at] > 0 {
                continue;
            }
            let date = index.txs[*at].date;
            for result in index.txs[*at].opened().collect::<Vec<usize>>() {
                if index.securities[result].opener != Some(*at) {
                    continue;
                }
                let issuance = index.securities[result].issuance;
                if index.txs[issuance].date != date {
                    let what = format!(
                        "it is dated {}, and the event that opens it is of {date}",
                        index.txs[issuance].date
                    );
                    let done = "dated on the day of the event";
                    set(package, index, issuance, date, &what, done, findings)?;
                }
                next.push(result);
            }
        }
        index.securities[security].events = events;
    }
    if let Some(at) = reached.iter().position(|reached| !reached) {
        let known = &index.securities[at];
        let item = &package.items[index.txs[known.issuance].item];
        let what = format!("the security {} results from itself", shown(&known.id));
        let file = package.file(item.file);
        return Err(Refusal::new(Code::ResultInvalid, file, item.object.id(), what));
    }
    if !moved.is_empty() {
        arrange(package, index, &moved);
    }
    Ok(())
}

/// Puts the items in the order of the dates that the files give: of two events that come to stand
/// on one day, the one that was dated earlier still happens first.
fn arrange(package: &mut Package, index: &mut Index, moved: &BTreeMap<usize, Date>) {
    let said = |at: usize| -> Option<Date> {
        let object = &package.items[at].object;
        let date =
            if super::role(object.kind()) == Role::Entity { None } else { object.text("date") };
        moved.get(&at).copied().or_else(|| date.and_then(Date::parse))
    };
    let mut order: Vec<usize> = (0..package.items.len()).collect();
    order.sort_by_cached_key(|at| said(*at));
    let mut place = vec![0usize; order.len()];
    for (now, before) in order.iter().enumerate() {
        place[*before] = now;
    }
    let mut items: Vec<Option<Item>> = package.items.drain(..).map(Some).collect();
    package.items.extend(order.iter().filter_map(|at| items[*at].take()));
    for tx in &mut index.txs {
        tx.item = place[tx.item];
    }
    let txs = &index.txs;
    for security in &mut index.securities {
        security.events.sort_by_key(|at| txs[*at].item);
    }
}

fn set(
    package: &mut Package,
    index: &mut Index,
    at: usize,
    date: Date,
    what: &str,
    done: &str,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    let item = &package.items[index.txs[at].item];
    let file = package.file(item.file);
    findings.departure(Code::DateOrder, file, item.object.id(), what, done)?;
    let item = index.txs[at].item;
    package.items[item].object.set("date", date.to_string().into());
    index.txs[at].date = date;
    Ok(())
}
