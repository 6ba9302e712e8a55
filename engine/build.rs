//! Compiles the vocabulary of commands: Rust types, and the descriptors that the JSON form and the
//! schema test read. `protox` does it in Rust, so that no protoc is needed.

use prost_build::Config;
use protox::prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["counterfoil/v1/command.proto"], ["proto"])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), files.encode_to_vec())?;
    Config::new().bytes(["."]).compile_fds(files)?;
    Ok(())
}
