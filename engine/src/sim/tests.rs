use super::*;

#[test]
fn a_seed_gives_the_same_run_each_time() {
    let plan = Plan { faulty_ms: 3_000, ..Plan::new(5) };
    let first = run(Counting, plan).unwrap();
    assert_eq!(run(Counting, plan).unwrap(), first);
    assert!(first.counts.crashes > 0 && first.elections > 1, "{first:?}");
}
