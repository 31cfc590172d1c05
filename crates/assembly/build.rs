//! What is inside the program follows what lies in `apps/`, also where a file is new.

fn main() {
    println!("cargo::rerun-if-changed=../../apps");
}
