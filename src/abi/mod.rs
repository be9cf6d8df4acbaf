//! The C ABI: `extern "C"` functions over [`Client`](crate::client::Client), and nothing else.
//!
//! This is the only place with `unsafe` besides the fork handler. Every function runs inside `guard`, checks what it
//! is given and speaks plain C types: `Option<&T>` borrows a handle, `Option<Box<T>>` consumes it, and
//! `Option<&mut MaybeUninit<T>>` is an out-parameter, which is written on every path. The doc comments are the text of
//! `include/flagstay.h`: they are written for someone who reads only the header.

#![allow(unsafe_code, non_camel_case_types)]
// What a caller promises is the same everywhere, and is said once, at the top of the header.
#![allow(clippy::missing_safety_doc)]

mod context;
mod guard;
mod handle;
mod quoted;
mod slot;
mod text;

pub mod version;

pub mod status;

pub mod string;

pub mod sink;

pub mod store;

pub mod client;

pub mod user;

pub mod decision;

pub mod evaluate;

pub mod switch;

pub mod decisions;

pub mod assignments;

pub mod overrides;

pub mod countries;

pub mod events;

/// Gives each exported function the version node `FLAGSTAY_1`, which `build.rs` declares. Stands in the module of the
/// functions, because the assembler wants name and definition in one object file. Where the linker is not the LLD that
/// comes with Rust, symbols are exported without a version, and nothing else changes.
macro_rules! versioned {
    ($($name:ident),+ $(,)?) => {
        $(
            #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
            core::arch::global_asm!(concat!(
                ".symver ", stringify!($name), ", ", stringify!($name), "@@FLAGSTAY_1, remove"
            ));
        )+
    };
}
use versioned;

#[cfg(test)]
mod tests {
    /// `make header` writes it anew.
    #[test]
    fn the_committed_header_is_the_generated_one() {
        let generated = include_str!(env!("FLAGSTAY_HEADER"));
        let committed = include_str!("../../include/flagstay.h");
        assert!(
            generated == committed,
            "include/flagstay.h has drifted from src/abi: run `make header`"
        );
    }
}
