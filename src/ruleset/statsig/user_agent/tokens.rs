//! From words to tokens: what a user agent says, before anything is concluded from it.

use super::words::{Window, trimmed};

/// A name with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    pub tag: &'t str,
    pub version: Option<&'t str>,
}

/// Everything that was seen in a user agent.
#[derive(Debug, Default)]
pub struct Seen<'t> {
    pub tokens: Vec<Token<'t>>,
    /// The operating system, where a word says it outright.
    pub os: Option<Token<'t>>,
    /// The browser, where a word says it outright.
    pub browser: Option<Token<'t>>,
    has_bot: bool,
    pub ios: bool,
    pub macos: bool,
    pub windows: bool,
    pub linux: bool,
    pub mobile: bool,
    pub playstation: bool,
    pub huawei: bool,
    pub safari: bool,
    pub cfnetwork: bool,
    pub crawler: bool,
}

impl<'t> Seen<'t> {
    fn token(&mut self, tag: &'t str, version: Option<&'t str>) {
        self.tokens.push(Token { tag, version });
    }

    /// An operating system: the first with a version is it.
    fn os(&mut self, tag: &'t str, version: Option<&'t str>) {
        if version.is_some() && self.os.is_none() {
            self.os = Some(Token { tag, version });
        }
        self.token(tag, version);
    }

    /// A browser: the last with a version is it.
    fn browser(&mut self, tag: &'t str, version: Option<&'t str>) {
        if version.is_some() {
            self.browser = Some(Token { tag, version });
        }
        self.token(tag, version);
    }

    /// A bot, which counts once.
    fn bot(&mut self, tag: &'t str, version: Option<&'t str>) {
        if !self.has_bot {
            self.has_bot = true;
            self.browser = Some(Token { tag, version });
        }
    }

    /// A browser of iOS calls itself one of a Mac.
    fn is_no_mac(&mut self) {
        if self.os.is_some_and(|os| os.tag == "Mac OS X") {
            self.os = Some(Token {
                tag: "iOS",
                version: None,
            });
        }
    }
}

pub fn read(user_agent: &str) -> Seen<'_> {
    let mut seen = Seen::default();
    let mut window = Window::new(user_agent);
    while let Some(words) = window.words() {
        step(&mut seen, &mut window, words);
        window.advance(1);
    }
    seen
}

/// One position of the window; the first rule that fits is the only one.
fn step<'t>(seen: &mut Seen<'t>, window: &mut Window<'t>, words: [Option<&'t str>; 4]) {
    let [Some(word), one, two, three] = words else {
        return;
    };
    match (word, one, two) {
        _ if word.starts_with("AppleTV") => {
            seen.token("ATV OS X", None);
            window.advance(1);
        }
        ("like", Some("Mac"), Some("OS")) => window.advance(3),
        ("Mac", Some("OS"), Some("X")) => {
            seen.macos = true;
            seen.os("Mac OS X", window.number(three));
            window.advance(2);
        }
        ("Mac", Some("OS"), _) => {
            seen.macos = true;
            seen.os("Mac OS X", window.number(two));
            window.advance(2);
        }
        ("iOS" | "iPadOS", _, _) => {
            seen.os("iOS", window.number(one));
            seen.ios = true;
            window.advance(1);
        }
        ("iPhone", Some("OS"), _) => {
            seen.os("iOS", window.number(two));
            window.advance(1);
        }
        _ if word.starts_with("iPad") => device(seen, "iPad", word),
        _ if word.starts_with("iPhone") => device(seen, "iPhone", word),
        _ if word.starts_with("Apple-iPhone7C2") => {
            seen.ios = true;
            seen.token("iPhone", None);
        }
        ("CPU", Some("OS"), _) => {
            seen.token("CPU OS", window.number(two));
            window.advance(1);
        }
        ("CrOS", _, _) => {
            let mut version = window.number(one);
            // Between name and version stands the architecture.
            if version.is_none() {
                window.advance(1);
                version = window.number(two);
            }
            seen.os("Chrome OS", version);
        }
        ("CrKey", _, _) => seen.os("Chromecast", None),
        ("PlayStation", _, _) => {
            seen.playstation = true;
            seen.token("PlayStation", None);
        }
        ("Android", _, _) => seen.os("Android", window.number(one)),
        ("Windows", Some("Phone"), _) => {
            seen.os("Windows Phone", window.number(two));
            window.advance(1);
        }
        _ if word.starts_with("Windows") => {
            seen.windows = true;
            let version = windows_version(window, one, two);
            seen.os("Windows", version);
        }
        ("MSIE", _, _) => seen.browser("IE", window.number(one)),
        ("Yahoo!", Some("Slurp"), _) => {
            seen.token("Yahoo! Slurp", None);
            window.advance(1);
        }
        ("Red", Some("Hat"), _) => {
            seen.os("Red Hat", None);
            window.advance(1);
        }
        ("Ubuntu", _, _) => seen.os("Ubuntu", window.number(one)),
        ("Mobile", _, _) => {
            seen.mobile = true;
            seen.token("Mobile", None);
        }
        ("Linux" | "linux", _, _) => {
            seen.linux = true;
            seen.token("Linux", None);
        }
        ("Nintendo", Some("3DS"), _) => {
            seen.token("NetFront NX", None);
            window.advance(1);
        }
        ("like", _, _) => {}
        _ if word.len() < 3 => {}
        ("Better", Some("Uptime"), Some("Bot")) => seen.bot("Better Uptime Bot", None),
        ("Radius", Some("Compilance"), Some("Bot")) => seen.bot("Radius Compilance Bot", None),
        ("Uptime", Some("Monitoring"), Some("Bot")) => seen.bot("Uptime Monitoring Bot", None),
        ("AdsBot-Google-Mobile", _, _) => seen.bot("AdsBot-Google", None),
        _ => product(seen, word),
    }
}

/// `iPad` or `iPhone` with what follows it in the same word, such as the model.
fn device<'t>(seen: &mut Seen<'t>, name: &'static str, word: &'t str) {
    seen.ios = true;
    let model = word.split(name).nth(1).and_then(trimmed);
    seen.token(name, model);
}

fn windows_version<'t>(
    window: &mut Window<'t>,
    one: Option<&'t str>,
    two: Option<&'t str>,
) -> Option<&'t str> {
    match one {
        Some("NT") => {
            let version = window.number(two)?;
            window.advance(1);
            Some(version)
        }
        Some(one) if one.starts_with("XP") => {
            window.advance(1);
            Some("XP")
        }
        _ => window.number(one),
    }
}

/// A word of the form `tag/version`.
fn product<'t>(seen: &mut Seen<'t>, word: &'t str) {
    let split = word.split_once(['/', ';', ':']);
    let split = split.and_then(|(tag, version)| Some((trimmed(tag)?, trimmed(version))));
    let (tag, version) = split.unwrap_or((word, None));
    match tag {
        "Kindle" => {
            let kindle = Token { tag, version };
            seen.os.get_or_insert(kindle);
            seen.browser = Some(kindle);
            seen.token(tag, version);
        }
        "FxiOS" => seen.browser("Firefox iOS", version),
        "EdgiOS" => {
            seen.is_no_mac();
            seen.browser("Edge Mobile", version);
        }
        "CriOS" => {
            seen.ios = true;
            seen.is_no_mac();
            seen.browser("Chrome Mobile iOS", version);
        }
        "GSA" => seen.browser("Google", version),
        "YisouSpider" | "ChatGPT-User" | "OAI-SearchBot" | "Electron" => {
            seen.browser(tag, version);
        }
        "Edg" | "Edge" => seen.token("Edge", version),
        "OPR" => seen.token("Opera", version),
        "SamsungBrowser" => seen.browser("Samsung Internet", version),
        "HuaweiBrowser" => {
            seen.huawei = true;
            seen.token(tag, version);
        }
        "NX" => seen.browser("NetFront NX", version),
        "IEMobile" => seen.browser("IE Mobile", version),
        _ if ["Bot", "bot", "crawler", "Crawler"]
            .iter()
            .any(|bot| tag.contains(bot)) =>
        {
            seen.bot(tag, version);
        }
        "Mobile" => {
            seen.mobile = true;
            seen.token(tag, version);
        }
        "Safari" => {
            seen.safari = true;
            seen.token(tag, version);
        }
        "CFNetwork" => {
            seen.cfnetwork = true;
            seen.ios = true;
        }
        _ if version.is_some_and(|version| version.contains("crawler")) => seen.crawler = true,
        "OculusBrowser" => {
            seen.os = Some(Token {
                tag: "Android",
                version: None,
            });
        }
        _ => seen.token(tag, version),
    }
}
