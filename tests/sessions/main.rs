//! Sessions: dialled, refused, adopted, replaced, ended, and what is said of them; against the simulated modem, in
//! virtual time. Each test is named after the row of the feature table or of the fault matrix that it shows.

mod dial;
mod families;
mod faults;
mod handling;
mod link;
mod play;
mod roaming;
