//! Has the crate built again when the page or the views were. The macro that puts their files into the binary notices a file
//! that changed, but neither a new one nor the first of all.

use std::path::Path;

/// What was built, each before the folder in which it would appear. Of a place that is not there cargo would say each time
/// that it changed, and build each time.
const WATCHED: [[&str; 3]; 2] =
    [["../../ui/dist", "../../ui", "build.rs"], ["../../renderers/dist", "../../renderers", "build.rs"]];

fn main() {
    for places in WATCHED {
        if let Some(place) = places.iter().find(|place| Path::new(place).exists()) {
            println!("cargo::rerun-if-changed={place}");
        }
    }
}
