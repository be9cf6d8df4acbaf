//! Prepared switches: flags that are asked again and again whether they are on.

use super::Client;
use crate::decision::ErrorCode;
use crate::ruleset::Request;
use crate::ruleset::plain::{Plain, WORDS};
use crate::user::User;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

/// A flag by its key, with what was noted of it last. Safe from any thread.
pub struct Switch {
    note: Note,
    flag: Box<str>,
    fallback: bool,
}

impl Switch {
    pub fn new(flag: &str, fallback: bool) -> Self {
        Switch {
            note: Note::default(),
            flag: flag.into(),
            fallback,
        }
    }

    /// The answer where there is no decision.
    pub fn fallback(&self) -> bool {
        self.fallback
    }
}

impl Client {
    /// Decides a switch that is plain, by what was noted of it under the session that the client has now. Takes no lock,
    /// allocates nothing, calls nobody. `None`: [`Client::ask_switch`] knows.
    #[inline(always)]
    pub fn try_switch(&self, switch: &Switch, user: &User) -> Option<bool> {
        let words = switch.note.read(self.current.number())?;
        Plain::decide(&words, user)
    }

    /// Decides any switch, and notes for the next time what can be noted.
    pub fn ask_switch(&self, switch: &Switch, user: &User) -> Result<Option<bool>, ErrorCode> {
        // Read before the session is: a note is never taken for one of a later session than it was made under.
        let number = self.current.number();
        if !switch.note.is_of(number) {
            switch.note.write(number, self.plain(&switch.flag));
        }
        self.switch(&Request::of_switch(&switch.flag, user, switch.fallback))
    }

    fn plain(&self, flag: &str) -> Plain {
        // Whoever wants to be told of exposures is told of each.
        if self.events.exposures {
            return Plain::NO;
        }
        let guard = self.current.load();
        super::ready(&guard).map_or(Plain::NO, |(_, ruleset)| ruleset.plain(flag))
    }
}

/// What is known of a switch under one session: a few words that are read without a lock while another thread may be
/// writing them. Whoever sees that this happened has read nothing.
///
/// A fork amid the writing leaves the child with a note that is never finished. It is never read either, so all that is
/// lost there is the short cut.
#[derive(Default)]
#[repr(align(64))]
struct Note {
    /// Odd while somebody writes.
    turn: AtomicU64,
    /// The session's number; 0: nothing has been noted.
    session: AtomicU64,
    words: [AtomicU64; WORDS],
}

impl Note {
    #[inline(always)]
    fn read(&self, session: u64) -> Option<[u64; WORDS]> {
        let turn = self.turn.load(Acquire);
        if turn & 1 != 0 || self.session.load(Relaxed) != session {
            return None;
        }
        let words = std::array::from_fn(|at| self.words[at].load(Relaxed));
        fence(Acquire);
        (self.turn.load(Relaxed) == turn).then_some(words)
    }

    fn is_of(&self, session: u64) -> bool {
        self.session.load(Relaxed) == session
    }

    /// Writes, unless somebody else does just now.
    fn write(&self, session: u64, plain: Plain) {
        let turn = self.turn.load(Relaxed) & !1;
        let taken = self.turn.compare_exchange(turn, turn + 1, Acquire, Relaxed);
        if taken.is_err() {
            return;
        }
        fence(Release);
        self.session.store(session, Relaxed);
        for (place, word) in self.words.iter().zip(plain.words()) {
            place.store(*word, Relaxed);
        }
        self.turn.store(turn + 2, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::ruleset::bucket::Space;
    use std::sync::atomic::AtomicBool;

    fn client(more: &str) -> Client {
        Client::new(Config::from_json(&format!("{{{more}}}")).unwrap(), None).unwrap()
    }

    fn document(percent: u32) -> String {
        format!(
            r#"{{"format": 1, "flags": {{
                "rollout": {{"on": true, "off": "off", "variations": {{"on": true, "off": false}},
                    "default": {{"split": {{"weights": [
                        {{"variation": "on", "percent": {percent}}},
                        {{"variation": "off", "percent": {}}}]}}}}}},
                "text": {{"on": true, "off": "a", "variations": {{"a": "a"}}, "default": "a"}}
            }}}}"#,
            100 - percent
        )
    }

    #[test]
    fn a_plain_switch_is_asked_once_and_then_tried() {
        let client = client("");
        let (switch, user) = (Switch::new("rollout", true), User::new("u"));
        assert_eq!(client.try_switch(&switch, &user), None);
        let not_ready = Err(ErrorCode::ProviderNotReady);
        assert_eq!(client.ask_switch(&switch, &user), not_ready);
        assert_eq!(client.try_switch(&switch, &user), None);
        for percent in [100, 0, 100] {
            client.update(&document(percent)).unwrap();
            assert_eq!(client.try_switch(&switch, &user), None);
            let on = Some(percent == 100);
            assert_eq!(client.ask_switch(&switch, &user), Ok(on));
            assert_eq!(client.try_switch(&switch, &user), on);
        }
        client.close();
        assert_eq!(client.try_switch(&switch, &user), None);
        assert_eq!(client.ask_switch(&switch, &user), not_ready);
    }

    #[test]
    fn what_is_not_plain_is_asked_each_time() {
        let client = client("");
        client.update(&document(50)).unwrap();
        for flag in ["text", "none"] {
            let (switch, user) = (Switch::new(flag, false), User::new("u"));
            let asked = client.ask_switch(&switch, &user);
            assert_eq!(asked, client.switch(&Request::new(flag, &user)));
            assert_eq!(client.try_switch(&switch, &user), None);
        }
    }

    #[test]
    fn exposures_are_queued_for_prepared_switches_too() {
        let client = client(r#""events": {"exposures": true}"#);
        client.update(&document(50)).unwrap();
        let (switch, user) = (Switch::new("rollout", false), User::new("u"));
        for _ in 0..3 {
            client.ask_switch(&switch, &user).unwrap();
            assert_eq!(client.try_switch(&switch, &user), None);
        }
        assert_eq!(client.drain_events(10).len(), 3);
    }

    #[test]
    fn what_an_update_said_holds_for_whatever_is_asked_afterwards() {
        let client = client("");
        client.update(&document(100)).unwrap();
        let switch = Switch::new("rollout", false);
        let done = AtomicBool::new(false);
        let ask = |user: &User| match client.try_switch(&switch, user) {
            Some(on) => on,
            None => client.ask_switch(&switch, user).unwrap().unwrap(),
        };
        std::thread::scope(|scope| {
            // They write the note, too.
            for key in ["a", "b"] {
                let (ask, done) = (&ask, &done);
                scope.spawn(move || {
                    let user = User::new(key);
                    while !done.load(Relaxed) {
                        ask(&user);
                    }
                });
            }
            let user = User::new("c");
            for round in 0..400 {
                let percent = if round % 2 == 0 { 0 } else { 100 };
                client.update(&document(percent)).unwrap();
                for _ in 0..3 {
                    assert_eq!(ask(&user), percent == 100);
                }
            }
            done.store(true, Relaxed);
        });
    }

    #[test]
    fn a_note_is_read_whole_or_not_at_all() {
        const NOTES: u64 = 5000;
        let note = Note::default();
        let of = |session: u64| {
            let space = Space::new(&format!("{session}").repeat(5), session as u32);
            Plain::rollout(&space, session as u32, session & 1 == 0)
        };
        let last = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let writes = || {
                for session in 1..=NOTES {
                    note.write(session, of(session));
                    last.store(session, Relaxed);
                }
            };
            scope.spawn(writes);
            scope.spawn(writes);
            loop {
                match last.load(Relaxed) {
                    0 => {}
                    NOTES => break,
                    session => {
                        if let Some(words) = note.read(session) {
                            assert_eq!(&words, of(session).words());
                        }
                    }
                }
            }
        });
        assert_eq!(note.read(NOTES).as_ref(), Some(of(NOTES).words()));
    }
}
