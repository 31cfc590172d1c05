use broker::Settled;
use protocol::{Choice, QuestionId, RunId};

fn forge(question: QuestionId, run: RunId) -> Settled {
    Settled { question, run, answer: Some(Choice::Always.into()) }
}

fn main() {}
