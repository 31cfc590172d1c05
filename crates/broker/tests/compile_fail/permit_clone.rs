use broker::{Permit, StorageDemand};

fn keep(permit: &Permit<StorageDemand>) -> Permit<StorageDemand> {
    permit.clone()
}

fn main() {}
