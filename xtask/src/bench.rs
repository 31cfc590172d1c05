//! The numbers of DESIGN, beside their peers. `bench/` and `bench/mcp/` are workspaces of their own, so that what oikos is compared
//! with never enters the product's dependencies.

use crate::{
    node::{self, Found, Packages},
    python::{Environment, environment},
    shell::{self, House, Result, oikos_file},
};
use std::{fs, path::PathBuf};

/// What is called beside oikos: where its lists are, and where npm's proxy lies among its packages.
const PEERS: &str = "bench/mcp/peers";
const MCP_PROXY: &str = "node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs";

pub(crate) fn run(house: &House, options: &[String]) -> Result<()> {
    if !house.root().join("bench/Cargo.toml").is_file() {
        return Err("bench/ is not in this checkout".into());
    }
    match options.split_first() {
        Some((word, options)) if word == "mcp" => mcp(house, options),
        Some((word, options)) if word == "starts" => starts(house, options),
        _ => engines(house, options),
    }
}

/// Runs, installs and doors, beside other engines.
fn engines(house: &House, options: &[String]) -> Result<()> {
    // A peer's dependency names a newer Rust than it needs; the peers are built with the product's own toolchain.
    let run = ["run", "--release", "--locked", "--ignore-rust-version", "--manifest-path", "bench/Cargo.toml", "--"];
    let mut command = house.cargo(&run);
    command.args(options);
    shell::run(command)
}

/// Calls of MCP tools, beside a bare server and other proxies.
fn mcp(house: &House, options: &[String]) -> Result<()> {
    shell::run(house.cargo(&["build", "--release", "--locked", "--package", "cli", "--bin", "oikos"]))?;
    let manifest = ["--manifest-path", "bench/mcp/Cargo.toml"];
    shell::run(house.cargo(&[&["build", "--release", "--locked", "--bins"], &manifest[..]].concat()))?;
    let mut command = house.cargo(&[&["run", "--quiet", "--release", "--locked"], &manifest[..], &["--"]].concat());
    command.arg("--oikos").arg(house.target()?.join("release").join(oikos_file()));
    // What cannot be fetched is left out, and the table says so.
    if let Found::Node(node) = node::find(house)? {
        let folder = house.target()?.join("tools/bench-mcp");
        fs::create_dir_all(&folder)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(house.root().join(PEERS).join(name), folder.join(name))?;
        }
        if let Packages::Here = node.packages(house, &folder)? {
            command.arg("--mcp-proxy").arg(folder.join(MCP_PROXY)).env("PATH", node.path()?);
        }
    }
    if let Some(python) = fastmcp(house)? {
        command.arg("--fastmcp").arg(python);
    }
    command.args(options);
    shell::run(command)
}

fn fastmcp(house: &House) -> Result<Option<PathBuf>> {
    let requirements = house.root().join(PEERS).join("fastmcp.txt");
    Ok(match environment(&house.target()?.join("tools/fastmcp"), &requirements)? {
        Environment::Ready(programs) => Some(programs.join("python")),
        Environment::NotReached(_) => None,
    })
}

/// Starts in a box, by what the box is made of. The helper is oikos itself, as in the product.
fn starts(house: &House, options: &[String]) -> Result<()> {
    shell::run(house.cargo(&["build", "--release", "--locked", "--package", "cli", "--bin", "oikos"]))?;
    let example = ["run", "--quiet", "--release", "--locked", "--package", "isolate", "--example", "start_cost", "--"];
    let mut command = house.cargo(&example);
    command.arg(house.target()?.join("release").join(oikos_file())).arg("--keeper").args(options);
    shell::run(command)
}
