use broker::{Basis, Lease, Permit, StorageDemand};

fn forge(demand: StorageDemand, lease: Lease, basis: Basis) -> Permit<StorageDemand> {
    Permit { demand, lease, basis }
}

fn main() {}
