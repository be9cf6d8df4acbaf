//! From tokens to the operating system and the browser.

use super::tokens::{Seen, Token};

/// A name, and the token whose version goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'t> {
    pub name: &'t str,
    version: Option<Token<'t>>,
}

impl<'t> Verdict<'t> {
    fn bare(name: &'t str) -> Self {
        Verdict {
            name,
            version: None,
        }
    }

    fn with(name: &'t str, version: Option<Token<'t>>) -> Self {
        Verdict { name, version }
    }

    /// The token speaks for itself.
    fn of(token: Token<'t>) -> Self {
        Verdict::with(token.tag, Some(token))
    }

    pub fn version_text(&self) -> String {
        let token = self
            .version
            .and_then(|token| Some((token.tag, token.version?)));
        let Some((tag, version)) = token else {
            return "0.0.0".to_owned();
        };
        match tag {
            "Windows" => windows(version).to_owned(),
            _ => numbers(tag, version),
        }
    }
}

/// Versions of Windows go by their names.
fn windows(version: &str) -> &'static str {
    match version {
        "5.1" | "5.2" => "XP",
        "6.0" => "Vista",
        "6.1" => "7",
        "6.3" => "8.1",
        "10.0" => "10",
        _ => "0.0.0",
    }
}

/// Up to four parts between points. Of the second only the digits at its beginning count.
fn numbers(tag: &str, version: &str) -> String {
    let most = match tag {
        "YaBrowser" | "Opera" | "NetFront NX" => 3,
        _ => 4,
    };
    let mut text = String::with_capacity(version.len());
    let parts = version.split_terminator(['_', ',', '.']).take(most);
    for (at, part) in parts.enumerate() {
        if at > 0 {
            text.push('.');
        }
        let is_other = |c: char| at == 1 && !c.is_ascii_digit();
        let end = part.find(is_other).unwrap_or(part.len());
        text.push_str(&part[..end]);
    }
    text
}

pub fn os<'t>(seen: &Seen<'t>) -> Verdict<'t> {
    if let Some(os) = seen.os {
        return Verdict::of(os);
    }
    for &token in &seen.tokens {
        return match token.tag {
            "ATV OS X" | "Chromecast" | "Red Hat" => Verdict::bare(token.tag),
            "iPhone OS" | "iOS" => Verdict::with("iOS", Some(token)),
            "CPU OS" if seen.ios => Verdict::with("iOS", Some(token)),
            "Version" if seen.ios && seen.macos => Verdict::with("iOS", Some(token)),
            "CFNetwork" => Verdict::bare("iOS"),
            "Android" | "Kindle" | "Ubuntu" => Verdict::of(token),
            tag if tag.starts_with("Android") => Verdict::bare("Android"),
            _ => continue,
        };
    }
    Verdict::bare(match () {
        _ if seen.ios => "iOS",
        _ if seen.macos => "Mac OS X",
        _ if seen.windows => "Windows",
        _ if seen.linux => "Linux",
        _ => "Other",
    })
}

pub fn browser<'t>(seen: &Seen<'t>) -> Verdict<'t> {
    if let Some(browser) = seen.browser {
        return Verdict::of(browser);
    }
    let either = |mobile, other| if seen.mobile { mobile } else { other };
    let (mut android, mut version, mut chrome) = (None, None, None);
    for &token in &seen.tokens {
        let name = match token.tag {
            "Firefox" => either("Firefox Mobile", "Firefox"),
            "Yahoo! Slurp" => return Verdict::bare(token.tag),
            "Silk" if seen.playstation => return Verdict::bare("NetFront NX"),
            "Silk" => "Amazon Silk",
            "YaBrowser" => "Yandex Browser",
            "Edge" => either("Edge Mobile", "Edge"),
            "Opera" => either("Opera Mobile", "Opera"),
            "NetFront NX" | "axios" | "HeadlessChrome" => token.tag,
            tag => {
                match tag {
                    "Android" => android = Some(token),
                    "Version" => version = Some(token),
                    "Chrome" => chrome = Some(token),
                    _ => {}
                }
                continue;
            }
        };
        return Verdict::with(name, Some(token));
    }
    if let Some(chrome) = chrome {
        let name = match chrome.version {
            _ if version.is_some() => "Chrome Mobile WebView",
            Some(_) if seen.mobile && !seen.huawei => "Chrome Mobile",
            None if android.is_some() => return Verdict::with("Android", android),
            _ => "Chrome",
        };
        return Verdict::with(name, Some(chrome));
    }
    if android.is_some() {
        return Verdict::with("Android", android);
    }
    match seen.tokens.first() {
        Some(first) if seen.cfnetwork => return app(*first, seen.tokens.get(1).copied()),
        _ => {}
    }
    match () {
        _ if seen.safari && seen.mobile && !seen.macos => Verdict::with("Mobile Safari", version),
        _ if seen.safari => Verdict::with("Safari", version),
        _ if seen.ios => Verdict::bare("Mobile Safari UI/WKWebView"),
        _ if seen.crawler => Verdict::bare("crawler"),
        _ => Verdict::bare("Other"),
    }
}

/// A program that speaks through Apple's network library introduces itself first.
fn app<'t>(first: Token<'t>, second: Option<Token<'t>>) -> Verdict<'t> {
    if first.tag != "NetworkingExtension" {
        return Verdict::of(first);
    }
    let version = second.and_then(|second| second.version);
    Verdict::of(Token {
        tag: "CFNetwork",
        version,
    })
}
