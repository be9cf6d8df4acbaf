//! Handles: how a right one is told from a wrong one, and how they end.
//!
//! Each handle begins with a mark that names its kind. Every call compares it, which costs one load of a cache line
//! that the call needs anyway: a handle of another kind is an error, and so is, with luck, one that has been freed.
//! With `FLAGSTAY_CHECK=1` in the environment luck is not needed: a freed handle gives up what it holds and leaves its
//! mark behind for good.

use crate::error::{Error, ErrorKind};
use std::io::Write;
use std::mem::{MaybeUninit, forget};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a handle's pointer points to. The mark comes first, so that it can be read whatever kind of handle it is.
#[repr(C)]
pub struct Handle<T> {
    mark: AtomicU64,
    content: MaybeUninit<T>,
}

/// A C type that is a handle.
pub trait Kind: Sized {
    type Content;
    /// Eight letters, legible in a debugger.
    const MARK: &'static [u8; 8];

    fn wrap(handle: Handle<Self::Content>) -> Self;
    fn handle(&self) -> &Handle<Self::Content>;
    fn handle_mut(&mut self) -> &mut Handle<Self::Content>;

    fn into_raw(content: Self::Content) -> *mut Self {
        Box::into_raw(Box::new(Self::wrap(Handle {
            mark: AtomicU64::new(u64::from_ne_bytes(*Self::MARK)),
            content: MaybeUninit::new(content),
        })))
    }

    #[inline]
    fn is_alive(&self) -> bool {
        self.handle().mark.load(Relaxed) == u64::from_ne_bytes(*Self::MARK)
    }
}

const FREED: &[u8; 8] = b"fs.freed";

/// Declares that a C type is a handle of some content. The type itself is written out beside it, for cbindgen.
macro_rules! handle {
    ($name:ident, $content:ty, $mark:literal) => {
        impl $crate::abi::handle::Kind for $name {
            type Content = $content;
            const MARK: &'static [u8; 8] = $mark;

            #[inline]
            fn wrap(handle: Handle<$content>) -> Self {
                $name(handle)
            }

            #[inline]
            fn handle(&self) -> &Handle<$content> {
                &self.0
            }

            #[inline]
            fn handle_mut(&mut self) -> &mut Handle<$content> {
                &mut self.0
            }
        }
    };
}
pub(super) use handle;

/// A handle that the caller must give.
#[inline]
pub fn required<'h, K: Kind>(handle: Option<&'h K>, name: &str) -> Result<&'h K::Content, Error> {
    match optional(handle, name)? {
        Some(content) => Ok(content),
        None => Err(super::guard::missing(name)),
    }
}

/// A handle that may be NULL.
#[inline]
pub fn optional<'h, K: Kind>(
    handle: Option<&'h K>,
    name: &str,
) -> Result<Option<&'h K::Content>, Error> {
    match handle {
        None => Ok(None),
        // SAFETY: a handle that carries its mark has its content.
        Some(kind) if kind.is_alive() => {
            Ok(Some(unsafe { kind.handle().content.assume_init_ref() }))
        }
        Some(kind) => Err(misused(kind, name)),
    }
}

/// A handle that the caller must give, and gives to be changed.
pub fn required_mut<'h, K: Kind>(
    handle: Option<&'h mut K>,
    name: &str,
) -> Result<&'h mut K::Content, Error> {
    match handle {
        None => Err(super::guard::missing(name)),
        // SAFETY: as in `optional`.
        Some(kind) if kind.is_alive() => Ok(unsafe { kind.handle_mut().content.assume_init_mut() }),
        Some(kind) => Err(misused(kind, name)),
    }
}

/// A handle that is right, for calls that leave it to others to say what is wrong with one.
#[inline]
pub fn alive<K: Kind>(handle: &K) -> Option<&K::Content> {
    // SAFETY: as in `optional`.
    let content = || unsafe { handle.handle().content.assume_init_ref() };
    handle.is_alive().then(content)
}

/// Where a call has no status to return, NULL and a wrong handle are the same.
pub fn if_right<'h, K: Kind>(handle: Option<&'h K>, name: &str) -> Option<&'h K::Content> {
    optional(handle, name).ok().flatten()
}

/// Ends a handle.
pub fn end<K: Kind>(handle: Option<Box<K>>, name: &str) {
    let Some(mut handle) = handle else { return };
    if !handle.is_alive() {
        misused(&*handle, name);
        return forget(handle);
    }
    let Handle { mark, content } = handle.handle_mut();
    // Marked first: what is dropped may call back into the host, and the host into this handle.
    mark.store(u64::from_ne_bytes(*FREED), Relaxed);
    // SAFETY: alive until the line before, and marked so that nobody takes it for alive again.
    unsafe { content.assume_init_drop() };
    if checking() {
        forget(handle);
    }
}

#[cold]
fn misused<K: Kind>(handle: &K, name: &str) -> Error {
    let found = handle.handle().mark.load(Relaxed).to_ne_bytes();
    let what = match &found {
        FREED => "has been freed",
        [b'f', b's', ..] => "is a handle of another kind",
        _ => "is no handle, or has been freed",
    };
    let message = format!("`{name}` {what}");
    if checking() {
        // Where stderr is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "flagstay: {message}");
    }
    Error::new(ErrorKind::InvalidArgument, message)
}

/// Whether the environment asks for the strict check. Read once, when the answer is first needed.
fn checking() -> bool {
    static CHECKING: OnceLock<bool> = OnceLock::new();
    *CHECKING.get_or_init(|| std::env::var_os("FLAGSTAY_CHECK").is_some_and(|value| value == "1"))
}
