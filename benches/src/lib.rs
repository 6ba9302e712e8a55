//! Benchmarks of the project, in `benches/`; run them with `cargo bench -p counterfoil-benches`.
