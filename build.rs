//! The header, and how the shared library is linked.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=src/abi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    write_header(&root, &out);
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        link_on_linux(&out);
    }
}

/// Writes the header to OUT_DIR; a test compares it with include/flagstay.h, `make header` copies it there. Writing
/// into the source tree would break `cargo package`.
fn write_header(root: &Path, out: &Path) {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    // The chapters of the header, in the order in which it is read.
    let chapters = [
        "version",
        "status",
        "string",
        "sink",
        "store",
        "client",
        "user",
        "decision",
        "evaluate",
        "switch",
        "decisions",
        "assignments",
        "overrides",
        "countries",
        "events",
    ];
    let header = chapters
        .iter()
        .fold(
            cbindgen::Builder::new().with_config(config),
            |builder, chapter| builder.with_src(root.join(format!("src/abi/{chapter}.rs"))),
        )
        .generate()
        .expect("cbindgen reads src/abi");
    header.write_to_file(out.join("flagstay.h"));
    println!(
        "cargo:rustc-env=FLAGSTAY_HEADER={}",
        out.join("flagstay.h").display()
    );
}

fn link_on_linux(out: &Path) {
    // Rust's thread-locals and the fork handler must never be unloaded under a running thread: `-z nodelete`.
    let mut arguments = vec![
        "-Wl,-soname,libflagstay.so.1".to_owned(),
        "-Wl,-z,nodelete".to_owned(),
    ];
    let arch = env::var("CARGO_CFG_TARGET_ARCH");
    let libc = env::var("CARGO_CFG_TARGET_ENV");
    if arch.as_deref() == Ok("x86_64") && libc.as_deref() == Ok("gnu") {
        // Declares the node; the `versioned!` lines in src/abi put the functions into it. Rust's own list of exports
        // rules out a pattern here. Understood by LLD, which Rust uses on this target.
        let script = out.join("flagstay.map");
        fs::write(&script, "FLAGSTAY_1 { };\n").expect("OUT_DIR is writable");
        arguments.push(format!("-Wl,--version-script={}", script.display()));
    }
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}
