use broker::{Lease, Picked};

fn take(lease: &Lease, picked: Picked) {
    lease.hand_over(picked);
}

fn main() {}
