//! The numbers of DESIGN, beside their peers. `bench/` is a workspace of its own, so that what it is compared with
//! never enters the product's dependencies.

use crate::shell::{self, House, Result};

pub(crate) fn run(house: &House, options: &[String]) -> Result<()> {
    if !house.root().join("bench/Cargo.toml").is_file() {
        return Err("bench/ is not in this checkout".into());
    }
    // A peer's dependency names a newer Rust than it needs; the peers are built with the product's own toolchain.
    let run = ["run", "--release", "--locked", "--ignore-rust-version", "--manifest-path", "bench/Cargo.toml", "--"];
    let mut command = house.cargo(&run);
    command.args(options);
    shell::run(command)
}
