//! **flagstay** decides feature flags and experiments inside the host process, with the same answer in every language,
//! and keeps each user where they were put.
//!
//! Reading this crate from top to bottom follows one decision from the C caller to the answer:
//!
//! 1. [`abi`] is the C boundary: it checks handles and text, and lets nothing unwind.
//! 2. [`client`] loads the current snapshot, which holds a ruleset and a store, and is the road in one screen;
//!    [`config`] is what it was made from.
//! 3. [`user`] is who the decision is for, and [`value`] the kinds of value there are.
//! 4. [`ruleset`] evaluates: one folder per dialect, and the tools they share. Evaluation is pure; what it may touch
//!    is handed to it.
//!    [`host`] is what the host adds to it.
//! 5. [`sticky`] is the contract with the stores that remember assignments.
//! 6. [`decision`] is what leaves, and [`events`] what is told about it.
//!
//! [`error`] is what goes wrong outside a decision, and [`fork`] how all of it survives a `fork()`.
//!
//! Arrows point inward: `abi` knows `client`, and nothing knows `abi`.

#![deny(unsafe_code)]

pub mod abi;
pub mod client;
pub mod config;
pub mod decision;
pub mod error;
pub mod events;
pub mod fork;
pub mod host;
pub mod ruleset;
pub mod sticky;
pub mod user;
pub mod value;
mod version;
mod word;
