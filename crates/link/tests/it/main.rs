//! Keys and heads as the other parts use them.

mod canary; // a secret is nowhere to be seen
mod corpus; // what the fuzzers found
mod head; // the file of signed heads
mod key; // keys are made once and looked at each time
mod minisign; // the forms of keys and signatures
mod publishers; // an author's own keys
