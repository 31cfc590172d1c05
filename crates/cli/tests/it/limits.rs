//! Runs that do not want to end, terminals beside each other, and questions to a person.

mod bounds; // time, CPU, memory
mod questions; // asked at one terminal, answered at any
mod stopping; // endless loops, and stop from elsewhere
mod terminals; // one holds the home, others go through it
