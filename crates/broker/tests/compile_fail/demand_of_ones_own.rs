use broker::{AppGrants, Basis, Demand, Lease};
use protocol::{GrantState, Labels, Line, ScopeWord, Sentence, Timestamp};

#[derive(Clone, Debug)]
struct Anything;

impl Demand for Anything {
    fn word(&self) -> ScopeWord { ScopeWord::View }
    fn line(&self) -> Line { unreachable!() }
    fn sentence(&self) -> Sentence { unreachable!() }
    fn labels(&self) -> Labels { Labels::NONE }
    fn always_asks(&self) -> Option<Sentence> { None }
    fn basis(&self, _: &Lease, _: &AppGrants, _: Timestamp) -> Result<(GrantState, Basis), Sentence> { unreachable!() }
    fn command(&self, _: &Lease) -> String { String::new() }
}

fn main() {}
