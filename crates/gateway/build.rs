//! Has the crate built again when the page was. The macro that puts its files into the binary notices a file that changed,
//! but neither a new one nor the first of all.

use std::path::Path;

/// The built page; where there is none yet, what it would appear in. Of a place that is not there cargo would say each time
/// that it changed, and build each time.
const WATCHED: [&str; 3] = ["../../ui/dist", "../../ui", "build.rs"];

fn main() {
    if let Some(place) = WATCHED.iter().find(|place| Path::new(place).exists()) {
        println!("cargo::rerun-if-changed={place}");
    }
}
