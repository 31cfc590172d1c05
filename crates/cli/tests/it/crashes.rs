//! A process that ends at any moment: what was acknowledged is there, what was not is as before or as after, and the
//! log says what is not known.

mod events; // told, heard, started by the clock
mod evidence; // a log that somebody changed
mod household; // what a home holds, read from the disk
mod points; // kill at every named fail point
mod random; // kill at random moments
