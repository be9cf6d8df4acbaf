//! Stores that fail, hang, lie and come back; processes that race, fork and are killed.
//!
//! A test that needs further processes starts its own binary again, see [`process`].

mod callbacks;
mod forks;
mod kill;
mod locked;
mod process;
mod race;
mod setting;
mod stores;
mod swaps;
